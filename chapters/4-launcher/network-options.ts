/*
 * # Which network?
 *
 * In the end lguest had one answer. `--tunnet=192.168.19.1` made a *tap*, a network interface of the host whose other
 * end is a file, and you were connected to the computer in front of you. It needed root, and an afternoon with
 * `iptables` if you wanted to get any further. It is still here, for whoever has a tap; but it is the last of three.
 *
 * `--net` needs nothing. Behind the card is [a small internet](#gateway) that consists of this program alone: it
 * hands out an address, answers for a gateway, and when the Guest opens a connection to somewhere, it opens one
 * itself and carries the bytes across. The Guest can reach what *you* can reach, this computer's own services
 * included (at 10.0.2.2), and nobody can reach the Guest but through doors that you name with `--forward`.
 *
 * `--switch=NAME` is a cable into a switch, and other Guests that say the same name hang on the same one. There is
 * nobody else there: no gateway, no DHCP, just them.
 */

import type { LaunchOptions } from './command-line.ts';
import { type Forward, LauncherError, type NetworkOption } from './outside.ts';

/** Reads `--net`, `--forward`, `--switch` and `--tunnet`. @returns false if `name` is none of them */
export function applyNetworkOption(options: LaunchOptions, name: string, value: string | undefined): boolean {
  switch (name) {
    case '--net':
      if (value !== undefined) throw new LauncherError(`--net takes no value, but got '${value}'`);
      userNetwork(options).asked = true;
      return true;
    case '--forward':
      userNetwork(options).forwards.push(parseForward(value ?? ''));
      return true;
    case '--switch':
      plugIn(options, { kind: 'switch', name: parseSwitchName(value ?? '') });
      return true;
    case '--tunnet':
      if (!value)
        throw new LauncherError('--tunnet needs a tap device: --tunnet=TAP, =ADDRESS or =bridge:NAME');
      plugIn(options, { kind: 'tunnet', tap: value });
      return true;
    default:
      return false;
  }
}

function plugIn(options: LaunchOptions, network: NetworkOption): void {
  options.devices.push({ kind: 'net', network });
}

/*
 * ## Doors
 *
 * `--forward` may stand in front of `--net` as well as behind it, and asked for alone it would be a door in no
 * wall. Which of the two came first decides about the slot, as with all options.
 *
 * A door opens on 127.0.0.1 unless you say otherwise: whoever wants the rest of the building to come in has to
 * spell it out, `--forward=0.0.0.0:8080:80`.
 */

function userNetwork(options: LaunchOptions): Extract<NetworkOption, { kind: 'user' }> {
  for (const device of options.devices) {
    if (device.kind === 'net' && device.network.kind === 'user') return device.network;
  }
  const network: NetworkOption = { kind: 'user', forwards: [], asked: false };
  plugIn(options, network);
  return network;
}

/** @throws LauncherError if there are forwards, and no --net for them to lead into */
export function checkNetworks(options: LaunchOptions): void {
  for (const device of options.devices) {
    if (device.kind === 'net' && device.network.kind === 'user' && !device.network.asked)
      throw new LauncherError('--forward leads into a network of --net, which was not asked for');
  }
}

/*
 * ## Numbers and names
 *
 * A port is 1 to 65535; what 0 would mean depends on whom you ask. A switch's name becomes part of the name of a
 * file, so it shall not have ideas of its own about directories.
 */

const FORWARD = /^(?:([0-9a-zA-Z.]+):)?([0-9]{1,5}):([0-9]{1,5})$/;

function parseForward(value: string): Forward {
  const match = FORWARD.exec(value);
  const port = Number(match?.[2]);
  const guestPort = Number(match?.[3]);
  if (!match || !isPort(port) || !isPort(guestPort)) {
    throw new LauncherError(
      `--forward=[ADDRESS:]PORT:GUESTPORT takes ports from 1 to 65535, but got '${value}'`,
    );
  }
  return { address: match[1] ?? '127.0.0.1', port, guestPort };
}

function isPort(number: number): boolean {
  return number >= 1 && number <= 65535;
}

function parseSwitchName(value: string): string {
  if (/^[A-Za-z0-9_-]{1,32}$/.test(value)) return value;
  throw new LauncherError(`--switch=NAME takes up to 32 letters, digits, - and _, but got '${value}'`);
}
