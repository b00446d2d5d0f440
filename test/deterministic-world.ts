import type { World } from '../chapters/1-preparation/world.ts';

/** Nanoseconds that one instruction takes in a deterministic World. */
const NANOSECONDS_PER_INSTRUCTION = 20;

/** A World in which time is what the processor did, and sleep takes none. The same run is the same run. */
export function createDeterministicWorld(machine: { readonly retired: number }, seed = 1): World {
  let slept = 0;
  const sleepers: { until: number; wake: () => void }[] = [];
  let state = seed >>> 0;
  const now = () => machine.retired * NANOSECONDS_PER_INSTRUCTION + slept;
  const wakeFirst = () => {
    const { until, wake } = sleepers.shift()!;
    slept += Math.max(0, until - now());
    wake();
  };
  return {
    now,
    wallClock() {
      const seconds = Math.floor(now() / 1e9);
      return { seconds: EPOCH + seconds, nanoseconds: Math.floor(now() - seconds * 1e9) };
    },
    entropy(into) {
      for (let i = 0; i < into.length; i++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        into[i] = state >>> 24;
      }
    },
    sleep(nanoseconds) {
      return new Promise((wake) => {
        sleepers.push({ until: now() + nanoseconds, wake });
        sleepers.sort((a, b) => a.until - b.until);
        setImmediate(wakeFirst);
      });
    },
  };
}

/** When every deterministic World begins: the day Linux 2.6.23 came out. */
const EPOCH = Date.UTC(2007, 9, 9) / 1000;
