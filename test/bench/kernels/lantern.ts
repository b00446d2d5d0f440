import { createMachine, type Engine } from '../../../src/processor/index.ts';
import { buildImage, IMAGE_AT, MEMORY_MEGABYTES, SERIAL_PORT, Stopwatch } from './image.ts';
import type { Kernel } from './programs.ts';

/** The engines of our own silicon. */
export const LANTERN_ENGINES: readonly Engine[] = ['interpreter', 'compiler'];

/** Instructions between two looks at the clock of whoever calls; long enough to be of no consequence. */
const SLICE = 2_000_000;

/** Runs a kernel `rounds` times on a new machine. */
export function runOnLantern(kernel: Kernel, engine: Engine, rounds: number): Stopwatch['rounds'] {
  const watch = new Stopwatch();
  const bus = {
    in: () => 0xffff_ffff,
    out(port: number, _size: number, value: number) {
      if (port === SERIAL_PORT) watch.hear(value);
    },
  };
  const machine = createMachine({ ramBytes: MEMORY_MEGABYTES << 20, bus, engine });
  const { bytes, entry } = buildImage(kernel, rounds);
  machine.ram.write(IMAGE_AT, bytes);
  machine.registers.eip = entry;
  for (;;) {
    const stop = machine.run(SLICE);
    if (stop === 'halted') return watch.rounds;
    if (stop === 'shutdown') throw new Error(`${kernel.name} ended in a triple fault`);
  }
}
