import { expect, test } from 'vitest';
import type { Machine } from '../../src/processor/index.ts';
import { firstDifference, stateOf } from './both.ts';
import { chaos } from './chaos.ts';
import { Dice } from './snippets.ts';

const TIMER = 32;
const SEEDS = Array.from({ length: 16 }, (_, n) => n + 1);
const LOOKS = 40;
/** Instructions that may take a turn without one of them being retired. */
const MOST_TURNS = 5000;

/** Both engines, each in slices as long as they get and in small ones. */
const PLAYERS = [
  { engine: 'interpreter', hot: 1, slice: (left: number) => left },
  { engine: 'interpreter', hot: 1, slice: () => 1 },
  { engine: 'compiler', hot: 1, slice: (left: number) => left },
  {
    engine: 'compiler',
    hot: 2,
    slice: (left: number, retired: number) => Math.min(left, 1 + ((retired * 7) % 23)),
  },
] as const;

/** Goes on up to a number of retired instructions; whoever sleeps is woken. */
function goOn(machine: Machine, until: number, slice: (left: number, retired: number) => number): string {
  for (let turn = 0; turn < MOST_TURNS && machine.retired < until; turn++) {
    const stop = machine.run(slice(until - machine.retired, machine.retired));
    if (stop === 'shutdown') return stop;
    if (stop === 'halted') machine.interrupt.raise(TIMER);
  }
  return 'limit';
}

test.each(
  SEEDS,
)('Chaos %i is the same on both engines, wherever it is cut, to the last bit of memory', (seed) => {
  const machines = PLAYERS.map(({ engine, hot }) => chaos(seed, engine, hot));
  const [first] = machines;
  const dice = new Dice(seed);
  let until = first!.retired;
  for (let look = 0; look < LOOKS; look++) {
    until += 1 + dice.below(dice.pick([5, 100, 2000]));
    const interrupted = dice.below(3) === 0;
    const stops = machines.map((machine, player) => {
      if (interrupted) machine.interrupt.raise(TIMER);
      return goOn(machine, until, PLAYERS[player]!.slice);
    });
    for (const [player, machine] of machines.entries()) {
      expect([stops[player], stateOf(machine), firstDifference(machine, first!)]).toEqual([
        stops[0],
        stateOf(first!),
        -1,
      ]);
    }
    if (stops[0] === 'shutdown') break;
  }
});
