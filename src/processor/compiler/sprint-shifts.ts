/*
 * # Shifts at a run
 *
 * Three shifts: to the left, to the right, and to the right with the sign. To shift takes one opcode. But bits fall off
 * the edge, and an i386 asks after the last of them (CF), and whether the sign has survived (OF). So most of this page
 * is about what is no longer there.
 */
import type { Execute } from '../instruction.ts';
import { ECX } from '../layout.ts';
import * as shifts from '../shifts.ts';
import { AND, ELSE, EQ, IF, SHL, SHR_S, SHR_U, SUB, XOR } from './emitter.ts';
import { combined, intoRegister, of } from './sprint-arithmetic.ts';
import { flagsOfShift } from './sprint-flags.ts';
import {
  A,
  addressOfRm,
  B,
  immediate,
  mustBeRegister,
  mustHave,
  operation,
  R,
  rm,
  type Step,
  word,
} from './sprint-operands.ts';

/** Pushes A with the bit lowest that goes out last when it is shifted to the right; or to the left. */
const outRight: Step = ({ code }) => {
  code.get(A);
  code.get(B);
  code.with(1, SUB);
  code.op(SHR_S);
};
const outLeft: Step = ({ code }) => {
  code.get(A);
  code.const(0);
  code.get(B);
  code.op(SUB); // 32 less the count, to a machine that takes it modulo 32
  code.op(SHR_U);
};

/*
 * OF after a shift: to the left, whether the sign and what went out differ. To the right, the sign that was there. And
 * an arithmetic shift keeps the sign, so that it never overflows.
 */
const signChanged: Step = ({ code }) => {
  code.get(B);
  code.get(R);
  code.with(31, SHR_U);
  code.op(XOR);
};
const signBefore: Step = ({ code }) => {
  code.get(A);
  code.with(31, SHR_U);
};
const never: Step = ({ code }) => code.const(0);

/** Shifts a register by what `count` pushes, 1 to 31. */
type Shift = (count: Step) => Step;

function shift(opcode: number, out: Step, overflow: Step): Shift {
  const shifted = combined(opcode, (s) => flagsOfShift(s, out, overflow));
  return (count) =>
    intoRegister(
      addressOfRm,
      of((s) => rm(s, 4), count, shifted),
    );
}

const left = shift(SHL, outLeft, signChanged);
const right = shift(SHR_U, outRight, signBefore);
const arithmetic = shift(SHR_S, outRight, never);

/*
 * ## By CL
 *
 * Whoever unpacks a file shifts by CL, a hundred thousand times while a Linux boots. A count that is not known before
 * may be 0, and then nothing happens, not even to the flags. And there is one function in the gallery for all eight
 * operations of the row, so he has to look which it is. The rotates are left to the other one.
 */
const countInCl: Step = ({ code }) => {
  word(code, ECX);
  code.with(31, AND);
};

const byCl: Step = (s) => {
  const { code, giveUp } = s;
  mustHave(s, 4);
  mustBeRegister(s);
  const choices = [
    [shifts.SHL, left],
    [shifts.SHR, right],
    [shifts.SAR, arithmetic],
  ] as const;
  for (const [number, step] of choices) {
    operation(s);
    code.with(number, EQ);
    code.open(IF);
    countInCl(s);
    code.open(IF);
    step(countInCl)(s);
    code.end();
    code.op(ELSE);
  }
  code.branch(giveUp);
  for (const _ of choices) code.end();
};

export const shiftSteps: [Execute, Step][] = [
  [shifts.shiftLeftRegister, left(immediate)],
  [shifts.shiftRightRegister, right(immediate)],
  [shifts.shiftArithmeticRegister, arithmetic(immediate)],
  [shifts.shiftByCl, byCl],
];
