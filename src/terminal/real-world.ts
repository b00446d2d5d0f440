/*
 * # The real World
 *
 * Four functions, and behind them everything that a program can learn from the universe without asking for input:
 * how long, when, by what chance, and *later*.
 */

import type { World } from '../../chapters/1-preparation/world.ts';

/*
 * `setTimeout` counts in whole milliseconds and a Guest in nanoseconds, so it oversleeps, by half a millisecond on
 * average. `sleep(0)` goes by `setImmediate`, which costs a thousandth of that: it is called at the end of every
 * slice, some two hundred and fifty times a second.
 */

const LONGEST_TIMER = 0x7fffffff; // what setTimeout takes, in milliseconds

/** The World as this computer has it: its clock, its calendar, its dice. */
export function createRealWorld(): World {
  const { performance } = globalThis; // asking for it is slower than asking it
  const began = performance.now();
  return {
    now: () => Math.floor((performance.now() - began) * 1e6),

    wallClock() {
      const milliseconds = performance.timeOrigin + performance.now();
      const seconds = Math.floor(milliseconds / 1000);
      return { seconds, nanoseconds: Math.floor((milliseconds - seconds * 1000) * 1e6) };
    },

    entropy(into) {
      process.getBuiltinModule('node:crypto').randomFillSync(into); // loaded when somebody first wants dice
    },

    sleep(nanoseconds) {
      return new Promise((resolve) => {
        if (nanoseconds <= 0) setImmediate(resolve);
        else setTimeout(resolve, Math.min(Math.ceil(nanoseconds / 1e6), LONGEST_TIMER));
      });
    },
  };
}
