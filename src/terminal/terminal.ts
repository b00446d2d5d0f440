/*
 * # A Guest in your terminal
 *
 * Here the pieces meet: a machine is switched on, a Host brought up on it, and the Launcher of chapter 4 is given a
 * World and an `Outside` made of what this computer has.
 */

import { setMaxListeners } from 'node:events';
import { createHost } from '../../chapters/5-host/dev-lguest.ts';
import { HOST_BYTES } from '../../chapters/5-host/frames.ts';
import { type LaunchOptions, MOST_MEMORY, PUP } from '../../chapters/4-launcher/command-line.ts';
import { launch } from '../../chapters/4-launcher/launch.ts';
import { LauncherError, type Outside } from '../../chapters/4-launcher/outside.ts';
import { createMachine, type Machine } from '../processor/index.ts';
import { gunzip, openDiskImage, readWholeFile } from './files.ts';
import { connectKeyboard } from './keyboard.ts';
import { openNetwork } from './network.ts';
import { createRealWorld } from './real-world.ts';
import { createScreen, type Screen } from './screen.ts';
import { layTable } from './seats.ts';
import { traceInto } from './trace-file.ts';
import { watchTerminal } from './watchdog.ts';

/*
 * ## Booting here
 *
 * The order is chosen with a view to what can go wrong. pup is tangled first, since a mistake in its sources is the
 * likeliest reason for nothing to happen. The keyboard comes last before the launch, because from then on the
 * terminal is in raw mode, and what you type belongs to the Guest.
 */

const PUP_INITRD = 'pup.initrd';
/** Milliseconds from asking to leave to leaving without good-bye. */
const PATIENCE = 500;

/*
 * There is one line here that looks like nonsense: a timer that does nothing every twelve days. Node ends a program
 * when there is nothing left that could happen. A Guest that has halted with no alarm set, its input at an end, is
 * exactly that; but it was not *our* idea to sleep, and a computer does not vanish because nobody is using it.
 */

/**
 * Boots Guests in this terminal, all on one machine. @returns the exit code of the program: 0 if all switched
 * themselves off
 */
export async function bootHere(
  wanted: readonly LaunchOptions[],
  screen: Screen = createScreen(process.stdout),
): Promise<number> {
  const guests = await withPup(wanted);
  const machine = powerOn(wanted.reduce((sum, { memory }) => sum + memory, 0));
  const world = createRealWorld();
  const traced = wanted.find(({ trace }) => trace !== undefined)?.trace;
  const trace = traced === undefined ? undefined : traceInto(traced, filesOf(wanted), machine, world);
  const host = createHost(machine, world, trace?.witness);
  const leaving = new AbortController();
  setMaxListeners(0, leaving.signal); // there are as many as there are Guests, and that is no leak
  const { seats, keys } = layTable(guests.length, screen.output);
  connectKeyboard(process.stdin, keys, () => {
    leaving.abort();
    setTimeout(() => process.exit(1), PATIENCE).unref();
  });
  if (process.stdin.isTTY) watchTerminal();
  const awake = setInterval(() => {}, 1 << 30); // a Guest may sleep with nothing to wake it, and that is its right

  const lives = guests.map(async ({ options, readFile }, index) => {
    const { name, input, output, leave } = seats[index]!;
    const warn = (line: string) => {
      screen.flush();
      console.error(`${name}${line}`);
    };
    const outside: Outside = {
      readFile,
      gunzip,
      openDisk: openDiskImage,
      openLink: (network, address) => openNetwork(network, address, world, warn),
      input,
      ...heldUp(output, screen),
      warn,
      onlooker: trace?.onlooker,
    };
    const status = await launch(options, host, world, outside, leaving.signal);
    leave();
    return status.code;
  });
  const codes = await Promise.all(lives);
  screen.flush();
  if (leaving.signal.aborted) process.stdout.write('\n');
  clearInterval(awake);
  return Math.max(...codes);
}

/*
 * A reader who is behind holds up whoever talks. At a table of several that need not be everybody: who has said nothing
 * since the reader was last up to date goes on, whatever its neighbours have to say.
 */

function heldUp(output: Outside['output'], screen: Screen): Pick<Outside, 'output' | 'outputDrained'> {
  let hasSpoken = false;
  return {
    output(bytes) {
      hasSpoken = true;
      output(bytes);
    },
    outputDrained() {
      const drained = screen.drained();
      if (drained === undefined) hasSpoken = false;
      return hasSpoken ? drained : undefined;
    },
  };
}

/** All files that these Guests are made of. */
function filesOf(wanted: readonly LaunchOptions[]): string[] {
  return wanted.flatMap(({ kernel, initrd, devices }) => [
    ...(kernel === PUP ? [] : [kernel]),
    ...(initrd === undefined ? [] : [initrd]),
    ...devices.flatMap((device) => (device.kind === 'block' ? [device.file] : [])),
  ]);
}

/*
 * A machine's memory is one `WebAssembly.Memory`, of which there is at most so much, and asking for two gigabytes of it
 * may meet with a refusal.
 */

function powerOn(memory: number): Machine {
  if (memory > MOST_MEMORY)
    throw new LauncherError(`the Guests want ${memory} MB together, and a machine has ${MOST_MEMORY}`);
  try {
    return createMachine({ ramBytes: memory * (1 << 20) + HOST_BYTES });
  } catch (error) {
    if (error instanceof RangeError)
      throw new LauncherError(`this computer has no ${memory} MB to give to a Guest`);
    throw error;
  }
}

/*
 * ## The kernel that comes from no file
 *
 * Without a kernel on the command line you get pup. Its image has never been in a file: it is made now, out of the
 * chapters as they are on your disk. Change a word in chapter 2, boot again, and the Guest says the other word.
 *
 * The tangler is fetched only here, at the last moment. It brings the TypeScript compiler with it, nine megabytes
 * of it, and a person who boots a `vmlinux` should not have to wait for that.
 */

/** A Guest that is going to be, with all its files. */
interface Expected {
  options: LaunchOptions;
  readFile: Outside['readFile'];
}

/** Adds the one kernel that comes from no file to those who want it. */
async function withPup(wanted: readonly LaunchOptions[]): Promise<Expected[]> {
  if (wanted.every(({ kernel }) => kernel !== PUP)) {
    return wanted.map((options) => ({ options, readFile: readWholeFile }));
  }
  const { tanglePup } = await import('./pup.ts'); // brings the TypeScript compiler along, which no other kernel needs
  const { kernel, initrd } = tanglePup();
  const ours = new Map([
    [PUP, kernel],
    [PUP_INITRD, initrd],
  ]);
  return wanted.map((options) => {
    if (options.kernel !== PUP) return { options, readFile: readWholeFile };
    const readFile = (name: string) => ours.get(name) ?? readWholeFile(name);
    return { options: { ...options, initrd: options.initrd ?? PUP_INITRD }, readFile };
  });
}
