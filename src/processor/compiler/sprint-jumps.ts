/*
 * # Jumps at a run
 *
 * The run loop has put into EIP where the block ends. A jump that is taken writes another number there, and that is all
 * the difference there is between going and staying.
 */
import type { Execute } from '../instruction.ts';
import * as jumps from '../jumps.ts';
import { EIP, ESP, FLAG_CARRIES, FLAG_RESULT } from '../layout.ts';
import { EQZ, IF, LT_S, OR, SHL, XOR } from './emitter.ts';
import { pop, push } from './sprint-moves.ts';
import {
  A,
  fromMemory,
  immediate,
  mustHave,
  READ,
  reachAny,
  setWord,
  type Sprint,
  type Step,
  word,
} from './sprint-operands.ts';

function go(s: Sprint): void {
  setWord(s, EIP, () => immediate(s));
}

/*
 * ## Conditions
 *
 * Seven questions; the eighth would be about parity, which nobody asks at a run. The odd numbers ask the opposite.
 *
 * Overflow and sign are questions about the highest bit of something, so they push that something first, and *less* is
 * both of them in one.
 */
const isZero: Step = ({ code }) => {
  word(code, FLAG_RESULT);
  code.op(EQZ);
};

const isBelow: Step = ({ code }) => {
  word(code, FLAG_CARRIES);
  code.with(0, LT_S);
};

function either(first: Step, second: Step): Step {
  return (s) => {
    first(s);
    second(s);
    s.code.op(OR);
  };
}

const overflow: Step = ({ code }) => {
  word(code, FLAG_CARRIES);
  word(code, FLAG_CARRIES);
  code.with(1, SHL);
  code.op(XOR);
};

const sign: Step = ({ code }) => {
  word(code, FLAG_RESULT);
  word(code, FLAG_CARRIES);
  code.with(31, SHL);
  code.op(XOR);
};

const signAgainstOverflow: Step = (s) => {
  sign(s);
  overflow(s);
  s.code.op(XOR);
};

function isNegative(bits: Step): Step {
  return (s) => {
    bits(s);
    s.code.with(0, LT_S);
  };
}

const isLess = isNegative(signAgainstOverflow);

/** By the upper three bits of a condition's number. */
const CONDITIONS = [
  isNegative(overflow),
  isBelow,
  isZero,
  either(isBelow, isZero),
  isNegative(sign),
  undefined,
  isLess,
  either(isLess, isZero),
];

/*
 * ## There and back
 */
const conditional = jumps.conditionalJumps.flatMap((execute, number): [Execute, Step][] => {
  const condition = CONDITIONS[number >> 1];
  if (condition === undefined) return [];
  const step: Step = (s) => {
    condition(s);
    if (number & 1) s.code.op(EQZ);
    s.code.open(IF);
    go(s);
    s.code.end();
  };
  return [[execute, step]];
});

/** A CALL is the last of its block: where it returns to is in EIP already. */
const call: Step = (s) => {
  push(s, () => word(s.code, EIP));
  go(s);
};

const callIndirect: Step = (s) => {
  mustHave(s, 4);
  reachAny(s, READ, 4);
  fromMemory(s, 4);
  s.code.set(A);
  push(s, () => word(s.code, EIP));
  setWord(s, EIP, () => s.code.get(A));
};

const returnNear: Step = (s) => {
  pop(s, ESP);
  setWord(s, EIP, () => s.code.get(A));
};

export const jumpSteps: [Execute, Step][] = [
  ...conditional,
  [jumps.jump, go],
  [jumps.call, call],
  [jumps.callIndirect, callIndirect],
  [jumps.returnNear, returnNear],
];
