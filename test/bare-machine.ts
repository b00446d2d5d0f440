import { loadKernel } from '../chapters/4-launcher/kernel.ts';
import { loadInitrd, writeZeroPage } from '../chapters/4-launcher/zero-page.ts';
import type { GuestWindow } from '../chapters/5-host/dev-lguest.ts';
import { createMachine, type Engine, type Machine, type Ram } from '../src/processor/index.ts';
import type { Pup } from '../tools/tangle/pup.ts';

/** How a kernel fared with nobody underneath. */
export interface BareRun {
  /** What it printed. */
  said: string;
  /** What it wrote to its exit port: 0 after a power-off, 1 after a panic; `undefined` if it never did. */
  exit: number | undefined;
  /** Instructions retired from power-on to the end. */
  retired: number;
}

const CONSOLE_PORT = 0xe9;
const EXIT_PORT = 0xf4;
const CLOCK_VECTOR = 0x20;
const NOTHING = 0xffff_ffff;

/** Instructions between two ticks of the clock: 10 milliseconds of a processor that does 40 million a second. */
const TICK = 400_000;

const TICK_MILLISECONDS = 10;

export interface BareOptions {
  megabytes?: number;
  /** After so many it is left alone. */
  ticks?: number;
  engine?: Engine;
  onTick?: (machine: Machine) => void;
  /** Milliseconds that go by by themselves: then its clock ticks a hundred times in a second of these, or when it has nothing to do. */
  clock?: () => number;
}

/** Boots pup's bare build in ring 0, with a clock and a port to print on, until it switches itself off. */
export function runBare(pup: Pup, kernelArguments: string, options: BareOptions = {}): BareRun {
  const { megabytes = 32, ticks = 10_000, engine, onTick, clock } = options;
  const said: number[] = [];
  let exit: number | undefined;
  const bus = {
    in: (_port: number, size: 1 | 2 | 4) => NOTHING >>> (32 - size * 8),
    out(port: number, _size: 1 | 2 | 4, value: number) {
      if (port === CONSOLE_PORT) said.push(value);
      if (port === EXIT_PORT) exit = value;
    },
  };
  const machine = createMachine({ ramBytes: megabytes << 20, bus, engine });
  const memory = allOf(machine.ram);
  const kernel = loadKernel(memory, 'pup', pup.kernel);
  writeZeroPage(memory, kernel, kernelArguments);
  loadInitrd(memory, kernel, 'initrd', pup.initrd);
  machine.registers.eip = kernel.entry;

  let due = clock ? clock() : 0;
  for (let tick = 0; tick < ticks && exit === undefined; tick++) {
    const stop = machine.run(TICK);
    if (stop === 'shutdown') break;
    if (clock && stop === 'limit' && clock() < due) continue;
    due += TICK_MILLISECONDS;
    onTick?.(machine);
    machine.interrupt.raise(CLOCK_VECTOR);
  }
  return { said: String.fromCharCode(...said), exit, retired: machine.retired };
}

/** A machine's whole memory, for loaders that are used to a window. */
function allOf(ram: Ram): GuestWindow {
  return { ...ram, base: 0, bytes: ram.view(0, ram.size) };
}
