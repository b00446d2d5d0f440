import fc from 'fast-check';
import { test } from 'vitest';
import { prepareBoth, runAlike } from './both.ts';
import { NEVER } from '../../src/processor/compiler/making.ts';
import { program } from './programs.ts';

/** Pages at DATA: two good ones in disorder, then one that is read-only, and nothing behind. */
const PAGES = { 40960: 0x4_0007, 45056: 0x3_f007, 49152: 0xc007, 53248: 0x4_1005, 57344: 0 };

/** Runs random programs in slices and compares whenever a slice ends. */
function compare(slices: readonly number[], turns: number, runs: number, hot?: number): void {
  fc.assert(
    fc.property(program, (code) => {
      runAlike(prepareBoth({ ring: 3, code, pages: PAGES, hot }), slices, turns);
    }),
    { seed: 386, numRuns: runs },
  );
}

test('Random programs end alike on both engines, and are alike whenever one looks', () => {
  compare([1, 4000, 37, 20_000, 1013, 100_000, 5], 12, 120);
});

test('They are alike in the smallest slices, and if nearly everything is compiled', () => {
  compare([1, 2, 3, 5, 7, 11, 13, 17, 19, 23, 64, 100, 33, 3000], 300, 40, 2);
});

test('They are alike if nothing is compiled, and the sprinter does what it can', () => {
  compare([1, 4000, 37, 20_000, 1013, 100_000, 5], 12, 120, NEVER);
  compare([1, 2, 3, 5, 7, 11, 13, 17, 19, 23, 64, 100, 33, 3000], 300, 20, NEVER);
});
