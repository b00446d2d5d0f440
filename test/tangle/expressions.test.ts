import fc from 'fast-check';
import { expect, test } from 'vitest';
import { callOn, load, tangleSource } from './harness.ts';
import { expression, SCRIPT_SURROUNDINGS, SURROUNDINGS, type Twin } from './random-expressions.ts';

/** Expressions in one image: tangling is quick, but not as quick as calling. */
const BATCH = 50;

const batch = fc.array(expression, { minLength: BATCH, maxLength: BATCH });
const values = fc.tuple(fc.integer(), fc.nat(0xffffffff), fc.integer({ min: -20, max: 20 }), fc.nat(40));

function program(expressions: readonly Twin[], crowded: boolean): string {
  // A loop around the expression earns its parameters a register; without one they stay in memory.
  const loop = (guest: string): string =>
    `for (let n = 0; n < 1; n++) { a = a; b = b; c = c; } return ${guest};`;
  const functions = expressions.map(
    ({ guest, type }, index) =>
      `function f${index}(a: i32, b: u32, c: i32, d: u32): ${type} { ${crowded ? loop(guest) : `return ${guest};`} }`,
  );
  const cases = expressions.map((_, index) => `case ${index}: return f${index}(a, b, c, d) as u32;`);
  return `${SURROUNDINGS.replace(/^import.*$/gm, '')}
${functions.join('\n')}
export function main(which: u32, a: i32, b: u32, c: i32, d: u32): u32 {
  prepare();
  switch (which) { ${cases.join('\n')} }
  return 0;
}`;
}

function evaluate(twin: Twin, args: readonly number[]): number {
  return new Function('a', 'b', 'c', 'd', `${SCRIPT_SURROUNDINGS} return (${twin.script}) >>> 0;`)(...args);
}

test('an expression has the value that JavaScript gives it, cut to 32 bits', () => {
  fc.assert(
    fc.property(batch, values, fc.boolean(), (expressions, args, crowded) => {
      const image = tangleSource(program(expressions, crowded));
      const machine = load(image);
      for (const [index, twin] of expressions.entries()) {
        expect(callOn(machine, image, index, ...args), twin.guest).toBe(evaluate(twin, args));
      }
    }),
    { numRuns: 12, seed: 20, endOnFailure: true },
  );
});
