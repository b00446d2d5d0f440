import { expect, test } from 'vitest';
import { assemble } from '../../src/assembler/index.ts';
import { createMachine } from '../../src/processor/index.ts';

const BIAS = 0x3fff;
const [CODE, CONTROL, ANGLE, TANGENT] = [0x1000, 0x2000, 0x2010, 0x2020];
const MASKED = 0x37f;
const C1 = 0x200;
const INEXACT = 0x20;

const program = `
  fninit
  fldcw [${CONTROL}]
  fld tword [${ANGLE}]
  fptan
  fnstsw ax
  fstp st0
  fstp tword [${TANGENT}]
  hlt`;

/** FPTAN of 2^exponent, or minus that: the tangent as it lies in memory, and the status word. */
function tangentOf(exponent: number, negative: boolean, rounding: number) {
  const machine = createMachine({ ramBytes: 0x1_0000 });
  machine.ram.write(CODE, assemble(program, { origin: CODE }).bytes);
  machine.ram.write16(CONTROL, MASKED | (rounding << 10));
  machine.ram.write32(ANGLE + 4, 0x8000_0000);
  machine.ram.write16(ANGLE + 8, (BIAS + exponent) | (negative ? 0x8000 : 0));
  machine.registers.eip = CODE;
  expect(machine.run(100)).toBe('halted');
  return {
    angle: machine.ram.read(ANGLE, 10),
    tangent: machine.ram.read(TANGENT, 10),
    status: machine.registers.eax & (C1 | INEXACT),
  };
}

/* A real processor was asked all of these: 35 exponents, both signs, the four ways to round. */
test('The tangent of a small power of two is that number, however it is rounded', () => {
  for (let exponent = -67; exponent <= -33; exponent++) {
    for (const negative of [false, true]) {
      for (const rounding of [0, 1, 2, 3]) {
        const { angle, tangent, status } = tangentOf(exponent, negative, rounding);
        expect(tangent).toEqual(angle);
        expect(status).toBe(INEXACT);
      }
    }
  }
});
