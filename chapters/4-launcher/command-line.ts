/*
 * # What you type
 *
 *     lantern --block=disk.img --rng 64 vmlinux root=/dev/vda quiet
 *
 * lguest's command line was two words long, memory and kernel, and nearly all options were about devices. We keep it,
 * for it has aged well, but for two options by which a launcher that root had started could give that up. The kernel's
 * own arguments simply follow: whatever we do not understand we do not need to understand.
 *
 * The order of the options matters more than it seems. The first device you ask for gets slot 2 on the bus, the
 * next slot 3. A Guest names its disks in the order in which it finds them. Swap two words here, and what was
 * `/dev/vda` wakes up as `/dev/vdb`.
 */

import { applyNetworkOption, checkNetworks } from './network-options.ts';
import { LauncherError, type NetworkOption } from './outside.ts';

/** What one Guest is made of. */
export interface LaunchOptions {
  /** Guest memory in MiB, 1 to `MOST_MEMORY`. */
  memory: number;
  /** Name of the kernel image, for `Outside.readFile`. */
  kernel: string;
  /** The kernel's command line. */
  kernelArguments: string;
  /** Name of a file to leave at the top of memory. */
  initrd?: string;
  /** Devices in the order they were asked for, which is the order of their slots. */
  devices: DeviceOption[];
  /** Name of a file to write a trace of events to. */
  trace?: string;
  verbose: boolean;
}

export type DeviceOption =
  | { kind: 'block'; file: string }
  | { kind: 'rng' }
  | { kind: 'net'; network: NetworkOption };

/*
 * ## Limits
 *
 * The number is not ours but the Guest's. A 32-bit kernel that lives at 0xc0000000 has one gigabyte of addresses to
 * itself and maps as much of its memory there as fits; what does not fit it must map and unmap, page by page, and
 * under a hypervisor every one of those costs a trip to the Host. lguest's author measured it and advised against
 * more than 700 MB. We draw the line only where the machine ends: it can have 2 GiB, and 32 MiB of that are the Host's.
 */

/** Megabytes that all Guests of one machine can have together. */
export const MOST_MEMORY = 2016;
/** The kernel that needs no file. A file of that name is spelled `./pup`. */
export const PUP = 'pup';
export const PUP_MEMORY = 32;

/*
 * The longest string of the chapter, and the only one that people read.
 */

export const USAGE = `usage: lantern [options] MEMORY_MB KERNEL [kernel arguments]
       lantern [options] [MEMORY_MB [pup [kernel arguments]]]
       lantern --guest GUEST --guest GUEST ...      (each GUEST is one of the above)

Boots KERNEL (an ELF vmlinux or a bzImage that knows lguest) in MEMORY_MB megabytes, 1 to ${MOST_MEMORY}.
In front of its arguments it finds lpj=1000000, so that a Linux need not measure it; an lpj= of yours wins.
Without a KERNEL, or with the word pup for it, boots pup, the book's own kernel, in ${PUP_MEMORY} MB or as told.

  --block=FILE    a disk; give it again for a second one
  --rng           a source of entropy
  --net           a network card, with a small internet behind it (DHCP; this computer is 10.0.2.2)
  --forward=[ADDRESS:]PORT:GUESTPORT
                  with --net: connections to PORT here (of 127.0.0.1) go to GUESTPORT of the Guest
  --switch=NAME   a network card on a switch, with all other Guests of yours that name the same one
  --tunnet=TAP    a network card on a tap of this computer's; ADDRESS or bridge:NAME makes one (as root)
  --initrd=FILE   a file for the kernel to find at the top of its memory
  --trace=FILE    write down all that happens, for ui.perfetto.dev
  --guest         begins a Guest; several share the processor, turn by turn. Lines on the screen have the
                  number of who says them; keys go to one of them, ^] moves on to the next
  -v, --verbose   say what goes where
  -h, --help      this

Options may stand anywhere. Behind -- everything is the kernel's. Press ^C three times within a second to leave.`;

/*
 * ## Reading it
 *
 * One pass over the words. Options may stand anywhere, because `getopt_long` lets them, and twenty years of fingers
 * know it. That has one famous consequence: in `lantern 64 vmlinux -v` the `-v` is ours, although it stands where
 * the kernel's arguments stand. A kernel that wants a dash in its arguments gets `--` in front of them.
 */

/**
 * Reads lguest's command line (the first word that is no option is the memory, the second the kernel).
 *
 * @returns 'help' if that is what was asked for
 * @throws LauncherError for anything that does not make sense
 */
export function parseCommandLine(words: readonly string[]): LaunchOptions | 'help' {
  const options: LaunchOptions = {
    memory: PUP_MEMORY,
    kernel: PUP,
    kernelArguments: '',
    devices: [],
    verbose: false,
  };
  const positional: string[] = [];
  for (const [index, word] of words.entries()) {
    if (word === '--') {
      positional.push(...words.slice(index + 1));
      break;
    }
    if (word === '--help' || word === '-h') return 'help';
    if (word.startsWith('-')) applyOption(options, word);
    else positional.push(word);
  }

  checkNetworks(options);
  const [memory, kernel, ...rest] = positional;
  if (memory !== undefined) options.memory = parseMemory(memory);
  if (kernel !== undefined) options.kernel = kernel;
  options.kernelArguments = rest.join(' ');
  return options;
}

/*
 * ## More than one
 *
 * In front of each Guest stands the word `--guest`, and what follows is a command line like any other, up to the next
 * such word. It is taken out first of all, before anybody asks what the rest means, and no kernel can have it as an
 * argument. A trace is of them all, whoever asks for it; so there is one at most.
 */

const NEXT_GUEST = '--guest';

/**
 * Reads the command lines of several Guests, or of the one that there is.
 *
 * @returns 'help' if that is what any of them asks for
 * @throws LauncherError for anything that does not make sense
 */
export function parseGuests(words: readonly string[]): LaunchOptions[] | 'help' {
  const lines: string[][] = [[]];
  for (const word of words) {
    if (word === NEXT_GUEST) lines.push([]);
    else lines[lines.length - 1]!.push(word);
  }
  const [before, ...marked] = lines as [string[], ...string[][]];
  if (marked.length > 0 && before.length > 0)
    throw new LauncherError(`'${before[0]}' stands before the first ${NEXT_GUEST}: whose is it?`);
  const guests: LaunchOptions[] = [];
  let trace: string | undefined;
  for (const line of marked.length > 0 ? marked : [before]) {
    const guest = parseCommandLine(line);
    if (guest === 'help') return guest;
    trace = oneTrace(trace, guest.trace);
    guests.push(guest);
  }
  return guests;
}

/*
 * Each option knows whether it wants a value. `--block disk.img`, with a space, is refused rather than guessed at:
 * lguest took the next word that did not begin with a dash for the memory size, so that line asked it for disk.img
 * megabytes.
 */

function applyOption(options: LaunchOptions, word: string): void {
  const [name, value] = splitOnce(word, '=');
  if (applyNetworkOption(options, name, value)) return;
  switch (name) {
    case '--block':
      options.devices.push({ kind: 'block', file: needsFile(name, value) });
      return;
    case '--initrd':
      options.initrd = needsFile(name, value);
      return;
    case '--trace':
      options.trace = oneTrace(options.trace, needsFile(name, value))!;
      return;
    case '--rng':
    case '--verbose':
    case '-v':
      if (value !== undefined) throw new LauncherError(`${name} takes no value, but got '${value}'`);
      if (name === '--rng') options.devices.push({ kind: 'rng' });
      else options.verbose = true;
      return;
    default:
      throw new LauncherError(`unknown option '${name}' (--help lists them; kernel arguments go behind --)`);
  }
}

function splitOnce(word: string, separator: string): [string, string | undefined] {
  const at = word.indexOf(separator);
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

function oneTrace(before: string | undefined, file: string | undefined): string | undefined {
  if (before !== undefined && file !== undefined)
    throw new LauncherError(`--trace=${before} and --trace=${file}: there is one trace, of all Guests`);
  return before ?? file;
}

function needsFile(name: string, value: string | undefined): string {
  if (!value) throw new LauncherError(`${name} needs a file: ${name}=FILE`);
  return value;
}

/*
 * A number, in the sense of a person and not of JavaScript, to whom `1e3`, `0x40` and the empty string are numbers
 * too.
 */

function parseMemory(word: string): number {
  const megabytes = /^[0-9]{1,9}$/.test(word) ? Number(word) : Number.NaN;
  if (Number.isNaN(megabytes)) {
    throw new LauncherError(
      `expected the memory in MB, a number from 1 to ${MOST_MEMORY}, but found '${word}'`,
    );
  }
  if (megabytes < 1 || megabytes > MOST_MEMORY) {
    throw new LauncherError(`a Guest takes 1 to ${MOST_MEMORY} MB of memory, not ${megabytes}`);
  }
  return megabytes;
}
