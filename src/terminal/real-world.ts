import { randomFillSync } from 'node:crypto';
import type { World } from '../../chapters/1-preparation/world.ts';

const LONGEST_TIMER = 0x7fffffff; // what setTimeout takes, in milliseconds

/** The World as this computer has it: its clock, its calendar, its dice. */
export function createRealWorld(): World {
  const began = performance.now();
  return {
    now: () => Math.floor((performance.now() - began) * 1e6),

    wallClock() {
      const milliseconds = performance.timeOrigin + performance.now();
      const seconds = Math.floor(milliseconds / 1000);
      return { seconds, nanoseconds: Math.floor((milliseconds - seconds * 1000) * 1e6) };
    },

    entropy(into) {
      randomFillSync(into);
    },

    sleep(nanoseconds) {
      return new Promise((resolve) => {
        if (nanoseconds <= 0) setImmediate(resolve);
        else setTimeout(resolve, Math.min(Math.ceil(nanoseconds / 1e6), LONGEST_TIMER));
      });
    },
  };
}
