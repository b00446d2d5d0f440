import { describe, expect, test } from 'vitest';
import { LANTERN_ENGINES, runOnLantern } from './lantern.ts';
import { openNative } from './native.ts';
import { KERNELS } from './programs.ts';

const native = await openNative();

describe('The ten kernels of the bench', () => {
  if (typeof native === 'string')
    test.skip(`are not compared with the real processor: ${native}`, () => undefined);

  test.each(KERNELS)('$name gives the same checksum everywhere', (kernel) => {
    const sums = LANTERN_ENGINES.map((engine) => runOnLantern(kernel, engine, 1)[0]!.checksum);
    if (typeof native !== 'string') sums.push(native(kernel).checksum);
    expect(new Set(sums).size).toBe(1);
  });

  test.each([
    ['sieve', 78_498],
    ['fib', 514_229],
  ])('%s gives %i, as it is known to', (name, known) => {
    const kernel = KERNELS.find((kernel) => kernel.name === name)!;
    expect(runOnLantern(kernel, 'compiler', 1)[0]!.checksum).toBe(known);
  });
});
