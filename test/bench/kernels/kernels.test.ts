import { describe, expect, test } from 'vitest';
import { LANTERN_ENGINES, runOnLantern } from './lantern.ts';
import { openNative } from './native.ts';
import { KERNELS } from './programs.ts';

const native = await openNative();

describe('The ten kernels of the bench', () => {
  test.skipIf(typeof native === 'string')('run on the real processor', () => undefined);
  test.each(KERNELS)('$name gives the same checksum everywhere', (kernel) => {
    const sums = LANTERN_ENGINES.map((engine) => runOnLantern(kernel, engine, 1)[0]!.checksum);
    if (typeof native !== 'string') sums.push(native(kernel).checksum);
    expect(new Set(sums).size).toBe(1);
  });
});
