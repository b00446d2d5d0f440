import { describe, expect, test, vi } from 'vitest';
import { COMPILER, INTERPRETER, SPRINTER } from './engines.ts';
import { FORMS } from './forms.ts';
import { createLanternStage } from './lantern.ts';
import { openLibc } from './libc.ts';
import { openNativeStage } from './native.ts';
import { runTrials, showFailure } from './oracle.ts';
import { createTrial } from './generator.ts';

const TRIALS = 100_000;
const COMPILED = 10_000;
const SEED = 1985;
/** Milliseconds: this is no measurement. */
const HANGS = 600_000;

const native = await openNativeStage();

describe('The silicon and the real processor', () => {
  if (typeof native === 'string') {
    test.skip(`cannot be compared here: ${native}`, () => undefined);
    return;
  }
  const interpreter = createLanternStage(INTERPRETER);
  const sprinter = createLanternStage(SPRINTER);
  const compiler = createLanternStage(COMPILER);

  test(`agree on ${TRIALS} trials`, { timeout: HANGS }, () => {
    const report = runTrials(native, [interpreter, sprinter], { seed: SEED, from: 0, to: TRIALS });
    expect(report.failures.map(showFailure)).toEqual([]);
    expect(report.tried).toBeGreaterThan(TRIALS * 0.9);
  });

  test(`agree on ${COMPILED} trials compiled to WebAssembly`, { timeout: HANGS }, () => {
    const compile = vi.spyOn(WebAssembly, 'Module');
    const report = runTrials(native, [compiler], { seed: SEED + 1, from: 0, to: COMPILED });
    expect(report.failures.map(showFailure)).toEqual([]);
    expect(report.tried).toBeGreaterThan(COMPILED * 0.9);
    // What has no flat segments, or traps at once, is not compiled; all else is. It was not, for a while, and nobody saw.
    expect(compile.mock.calls.length).toBeGreaterThan(COMPILED / 2);
    compile.mockRestore();
  });

  test('meet for others in the same process, too', async () => {
    expect(await openLibc()).toHaveProperty('mmap'); // and not an excuse: the stage has opened it before
  });

  test('are asked about every form the assembler knows', () => {
    const asked = new Set<string>();
    for (let number = 0; number < 20_000; number++) asked.add(createTrial(SEED, number).text);
    const missing = FORMS.map((form) => form.text).filter((text) => !asked.has(text));
    expect(missing).toEqual([]);
  });
});
