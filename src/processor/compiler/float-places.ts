/*
 * # Where the numbers are
 *
 * For the calculator, a *place* is one of the eight registers by its physical number, or the ninth, which no program
 * can name: an operand from memory is unpacked there, and from then on it is like any other. So there is one addition,
 * from two places to a third, and not one for each kind of operand.
 */
import { X87_CONTROL, X87_EXPONENT, X87_LOW, X87_SCRATCH, X87_STATUS, X87_TAGS, X87_TOP } from '../layout.ts';
import { C1 } from '../x87-registers.ts';
import { BIAS, SPECIAL_EXPONENT } from '../x87-real.ts';
import {
  add,
  and,
  type Formula,
  give,
  isZero64,
  type Local,
  load,
  load64,
  lt64,
  ltU,
  not,
  type Operand,
  or,
  set,
  setWord,
  shl,
  shr,
  store,
  store64,
  sub,
  when,
  word,
  xor,
} from './formula.ts';

/** What every function of the calculator gives: it is done, or it is nothing for us and nothing has been changed. */
export const DONE = 0;
export const REFUSED = 1;

export const SCRATCH = X87_SCRATCH;
export const SIGN = 0x8000;
export const EXPONENT = SPECIAL_EXPONENT;
export { BIAS };
/** The bit before the point. */
export const TOP_BIT = 1n << 63n;

/*
 * ## Registers
 *
 * Compiled code knows at what height of the stack an instruction was written, but not at what height the program came
 * in. So ST(n) is worked out each time: the top, plus n, and around.
 */
/** The place of ST(n). */
export function stackPlace(n: Operand): Formula {
  return and(add(word(X87_TOP), n), 7);
}

/** Sign and exponent, and significand, of what is in a place. */
export function exponentAt(place: Operand): Formula {
  return load(shl(place, 2), X87_EXPONENT * 4);
}

export function significandAt(place: Operand): Formula {
  return load64(shl(place, 3), X87_LOW * 4);
}

export function setPlace(place: Operand, exponent: Operand, significand: Operand): Formula[] {
  return [store(shl(place, 2), exponent, X87_EXPONENT * 4), store64(shl(place, 3), significand, X87_LOW * 4)];
}

export function isUsed(place: Operand): Formula {
  return and(shr(word(X87_TAGS), place), 1);
}

export function setUsed(place: Operand): Formula {
  return setWord(X87_TAGS, or(word(X87_TAGS), shl(1, place)));
}

/*
 * ## Is anybody at home
 *
 * Nearly every operation begins with the question for one register or for two, and is refused if one of them is empty.
 */
/** Finds ST(0), which must be in use. */
export function findTop(top: Local): Formula[] {
  return [set(top, stackPlace(0)), when(not(isUsed(top)), give(REFUSED))];
}

/** Finds the register that the opcode of a task names, which must be in use. */
export function findNamed(task: Operand, other: Local): Formula[] {
  return [set(other, stackPlace(and(task, 7))), when(not(isUsed(other)), give(REFUSED))];
}

/** In a task: the last bit of the opcode's digit. Where the operand is in memory it says whether to pop. */
export const POPS = 8;

export function pop(): Formula[] {
  return [
    setWord(X87_TAGS, and(word(X87_TAGS), xor(shl(1, word(X87_TOP)), -1))),
    setWord(X87_TOP, stackPlace(1)),
  ];
}

/*
 * ## Status and control
 *
 * Of the status word arithmetic changes only two things. Something was cut off, and it was rounded up: INEXACT stays
 * until somebody clears it, and C1 is about the last operation.
 */
export const control = word(X87_CONTROL);
export const status = word(X87_STATUS);

/** Takes note of what was raised, which nobody wants to hear of; C1 becomes what `flags` says. */
export function settle(flags: Operand): Formula {
  return setWord(X87_STATUS, or(and(status, ~C1), flags));
}

/*
 * ## Ordinary numbers
 *
 * Two kinds of number are ours: those with a one before the point and an exponent that is neither the lowest nor the
 * highest, and zero. All else goes back to those who knew it before we came.
 */
export function isNormal(exponent: Operand, significand: Operand): Formula {
  return and(ltU(sub(and(exponent, EXPONENT), 1), EXPONENT - 1), lt64(significand, 0n));
}

export function isZero(exponent: Operand, significand: Operand): Formula {
  return and(not(and(exponent, EXPONENT)), isZero64(significand));
}

/** Puts a zero into a place, and ends. */
export function giveZero(place: Operand, sign: Operand): Formula[] {
  return [...setPlace(place, sign, 0n), settle(0), give(DONE)];
}

/** Takes a number from its place. */
export function take(place: Operand, exponent: Local, significand: Local): Formula[] {
  return [set(exponent, exponentAt(place)), set(significand, significandAt(place))];
}
