/*
 * # A Guest in your terminal
 *
 * Here the pieces meet: a machine is switched on, a Host brought up on it, and the Launcher of chapter 4 is given a
 * World and an `Outside` made of what this computer has.
 */

import { createHost } from '../../chapters/5-host/dev-lguest.ts';
import { InputQueue } from '../../chapters/4-launcher/input-queue.ts';
import { type LaunchOptions, PUP } from '../../chapters/4-launcher/command-line.ts';
import { launch } from '../../chapters/4-launcher/launch.ts';
import { LauncherError, type Outside } from '../../chapters/4-launcher/outside.ts';
import { createMachine, type Machine } from '../processor/index.ts';
import { openDiskImage, readWholeFile } from './files.ts';
import { connectKeyboard } from './keyboard.ts';
import { openNetwork } from './network.ts';
import { createRealWorld } from './real-world.ts';
import { createScreen, type Screen } from './screen.ts';
import { traceInto } from './trace-file.ts';

/*
 * ## Booting here
 *
 * The order is chosen with a view to what can go wrong. pup is tangled first, since a mistake in its sources is the
 * likeliest reason for nothing to happen. The keyboard comes last before the launch, because from then on the
 * terminal is in raw mode, and a message would come out as a staircase.
 */

const PUP_INITRD = 'pup.initrd';
/** Milliseconds from asking to leave to leaving without good-bye. */
const PATIENCE = 500;
/** What the Host wants for itself, beside the Guests' memory. */
const HOST_BYTES = 32 << 20;

/*
 * There is one line here that looks like nonsense: a timer that does nothing every twelve days. Node ends a program
 * when there is nothing left that could happen. A Guest that has halted with no alarm set, its input at an end, is
 * exactly that; but it was not *our* idea to sleep, and a computer does not vanish because nobody is using it.
 */

/** Boots a Guest in this terminal. @returns the exit code of the program */
export async function bootHere(
  wanted: LaunchOptions,
  screen: Screen = createScreen(process.stdout),
): Promise<number> {
  const { options, readFile } = await withPup(wanted);
  const machine = powerOn(options.memory);
  const world = createRealWorld();
  const trace = options.trace === undefined ? undefined : traceInto(options.trace, machine, world);
  const host = createHost(machine, world, trace?.witness);
  const leaving = new AbortController();
  const input = new InputQueue();
  connectKeyboard(process.stdin, input, () => {
    leaving.abort();
    setTimeout(() => process.exit(1), PATIENCE).unref();
  });
  const awake = setInterval(() => {}, 1 << 30); // a Guest may sleep with nothing to wake it, and that is its right

  const outside: Outside = {
    readFile,
    openDisk: openDiskImage,
    openLink: (network, address) => openNetwork(network, address, world),
    input,
    output: screen.output,
    outputDrained: screen.drained,
    warn: (line) => console.error(line),
    onlooker: trace?.onlooker,
  };
  const status = await launch(options, host, world, outside, leaving.signal);
  if (leaving.signal.aborted) process.stdout.write('\n');
  clearInterval(awake);
  return status.code;
}

/*
 * A machine's memory is one `WebAssembly.Memory`, and asking for two gigabytes of it may meet with a refusal.
 */

function powerOn(memory: number): Machine {
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

/** Adds the one kernel that comes from no file, if it is meant. */
async function withPup(
  options: LaunchOptions,
): Promise<{ options: LaunchOptions; readFile: Outside['readFile'] }> {
  if (options.kernel !== PUP) return { options, readFile: readWholeFile };
  const { tanglePup } = await import('./pup.ts'); // brings the TypeScript compiler along, which no other kernel needs
  const { kernel, initrd } = tanglePup();
  const ours = new Map([
    [PUP, kernel],
    [PUP_INITRD, initrd],
  ]);
  return {
    options: { ...options, initrd: options.initrd ?? PUP_INITRD },
    readFile: (name) => ours.get(name) ?? readWholeFile(name),
  };
}
