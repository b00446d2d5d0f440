/*
 * # Three answers
 *
 * The fourth, *that is not a question*, belongs to the interpreter. What is left is above, below and equal; and two
 * numbers of the same sign are in the order of their bits, exponent first, or below zero just the other way round. That
 * is no accident. It is why the exponent has a bias instead of a sign: so that a machine without floating point could
 * sort.
 */
import { FLAG_CARRIES, FLAG_RESULT, X87_STATUS } from '../layout.ts';
import { C0, C1, C2, C3 } from '../x87-registers.ts';
import { writeArithmeticFlags } from '../eflags.ts';
import { CARRY, ZERO_FLAG } from '../flags.ts';
import { isBelow } from './float-add.ts';
import { fromDouble, fromDoubleword, fromSingle, fromWord, type Unpack } from './float-load.ts';
import {
  and,
  call,
  define,
  type Definition,
  either,
  eq,
  eq64,
  type Formula,
  give,
  type Local,
  not,
  or,
  set,
  setWord,
  shl,
  shr,
  when,
  xor,
} from './formula.ts';
import {
  DONE,
  findNamed,
  findTop,
  isNormal,
  isZero,
  pop,
  POPS,
  REFUSED,
  SCRATCH,
  setPlace,
  SIGN,
  status,
  take,
} from './float-places.ts';

/** comparePlaces(a, b): the condition codes, or REFUSED, which is none. */
export const comparePlaces = define('ii', 'iill', (a, b, expA, expB, sigA, sigB) => [
  ...take(a, expA, sigA),
  ...take(b, expB, sigB),
  when(not(or(isNormal(expA, sigA), isZero(expA, sigA))), give(REFUSED)),
  when(not(or(isNormal(expB, sigB), isZero(expB, sigB))), give(REFUSED)),
  when(and(eq64(sigA, sigB), eq(expA, expB)), give(C3)),
  when(and(isZero(expA, sigA), isZero(expB, sigB)), give(C3)),
  // Of two with different signs the negative one is below.
  when(and(xor(expA, expB), SIGN), give(codeIf(shr(expA, 15)))),
  give(codeIf(xor(isBelow(expA, sigA, expB, sigB), shr(expA, 15)))),
]);

/** C0, which says *below*, or nothing. */
function codeIf(below: Formula): Formula {
  return shl(below, 8);
}

/*
 * ## Told to the unit
 *
 * The answer goes into the condition codes, where FNSTSW will look for it, and then there may be pops: none, one, or
 * two for FCOMPP and FUCOMPP.
 */
function tell(code: Local): Formula {
  return setWord(X87_STATUS, or(and(status, ~(C0 | C1 | C2 | C3)), code));
}

/** The code of comparing ST(0) with ST(i). */
function compareRegisters(task: Local, top: Local, code: Local): Formula[] {
  return [
    ...findTop(top),
    ...findNamed(task, code),
    set(code, call(comparePlaces, top, code)),
    when(eq(code, REFUSED), give(REFUSED)),
  ];
}

/** FCOM, FUCOM and their kin with ST(i); `pops` is how many. */
export const compareRegister = define('ii', 'ii', (task, pops, top, code) => [
  ...compareRegisters(task, top, code),
  tell(code),
  when(pops, ...pop()),
  when(eq(pops, 2), ...pop()),
  give(DONE),
]);

/** With an operand from memory, or with zero, which is FTST. */
function comparing(unpack: Unpack | undefined): Definition {
  return define('ii', 'ii', (task, pointer, top, code) => [
    ...findTop(top),
    ...(unpack ? [when(unpack(pointer, SCRATCH), give(REFUSED))] : setPlace(SCRATCH, 0, 0n)),
    set(code, call(comparePlaces, top, SCRATCH)),
    when(eq(code, REFUSED), give(REFUSED)),
    tell(code),
    ...(unpack ? [when(and(task, POPS), ...pop())] : []),
    give(DONE),
  ]);
}

export const compareSingle = comparing(fromSingle);
export const compareDouble = comparing(fromDouble);
export const compareWord = comparing(fromWord);
export const compareDoubleword = comparing(fromDoubleword);
export const compareWithZero = comparing(undefined);

/*
 * ## Told to the processor
 *
 * What the flag words must be, nobody has to work out: the interpreter's own function is asked, once, when the
 * calculator is made.
 */
/** The two flag words of an image of EFLAGS. */
function setFlags(image: number): Formula[] {
  const words = new Int32Array(FLAG_CARRIES + 1);
  writeArithmeticFlags(words, image);
  return [setWord(FLAG_RESULT, words[FLAG_RESULT]!), setWord(FLAG_CARRIES, words[FLAG_CARRIES]!)];
}

/** FCOMI and its kin; `pops` is whether. */
export const compareIntoFlags = define('ii', 'ii', (task, pops, top, code) => [
  ...compareRegisters(task, top, code),
  either(code, [either(eq(code, C3), setFlags(ZERO_FLAG), setFlags(CARRY))], setFlags(0)),
  when(pops, ...pop()),
  give(DONE),
]);
