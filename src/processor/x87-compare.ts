/*
 * # Which is larger
 *
 * Four answers: above, below, equal, and *that is not a question*. A NaN is not larger than 3, nor smaller, nor
 * equal, not even to itself. Three-way comparisons have been wrong about that ever since.
 *
 * The answer goes into C3, C2 and C0, and they lie in the status word just so that `fnstsw ax` and `sahf` bring
 * them to ZF, PF and CF. Hence a comparison of floating-point numbers is followed by the *unsigned* jumps, JA and
 * JB, and JP asks whether it was one of those questions.
 */
import { writeArithmeticFlags } from './eflags.ts';
import { ARITHMETIC, CARRY, PARITY, ZERO_FLAG } from './flags.ts';
import type { Instruction } from './instruction.ts';
import { X87_EXPONENT, X87_STATUS } from './layout.ts';
import type { Processor } from './processor.ts';
import { loadDouble, loadInteger, loadSingle } from './x87-memory.ts';
import { takePair } from './x87-operands.ts';
import {
  beginX87,
  C0,
  C1,
  C2,
  C3,
  DENORMAL_OPERAND,
  EARLY,
  INVALID,
  isEmpty,
  physical,
  popStack,
  readStack,
  rememberInstruction,
  settle,
  STACK_UNDERFLOW,
} from './x87-registers.ts';
import {
  compareSignificands,
  DENORMAL,
  INFINITE,
  NORMAL,
  normalise,
  NOT_A_NUMBER,
  QUIET,
  Real,
  setZeroReal,
  SIGNALING,
  UNSUPPORTED,
  ZERO_VALUE,
} from './x87-real.ts';

const a = new Real();
const b = new Real();

/** The four answers, as condition codes; as flags they are CF, PF and ZF in the same order. */
const ABOVE = 0;
const BELOW = C0;
const EQUAL = C3;
const UNORDERED = C0 | C2 | C3;

/** The last answer. */
let answer = ABOVE;

/*
 * FCOM takes offence at every NaN, FUCOM, the *unordered* one from the 387, only at signaling ones: for languages
 * in which `x == x` is how you find out.
 */
/** Compares a with b. `quiet` lets quiet NaNs pass without a complaint. */
function compare(quiet: boolean): number {
  const kinds = a.kind | b.kind;
  if (kinds & NOT_A_NUMBER) {
    answer = UNORDERED;
    return kinds & (SIGNALING | UNSUPPORTED) || !quiet ? INVALID : 0;
  }
  if (a.kind === DENORMAL) normalise(a);
  if (b.kind === DENORMAL) normalise(b);
  if (a.kind & b.kind & ZERO_VALUE) answer = EQUAL;
  else if (b.kind === ZERO_VALUE) answer = a.sign === 1 ? BELOW : ABOVE;
  else if (a.kind === ZERO_VALUE) answer = b.sign === 1 ? ABOVE : BELOW;
  else if (a.sign !== b.sign) answer = a.sign === 1 ? BELOW : ABOVE;
  else answer = order(a.sign === 1);
  return kinds & DENORMAL ? DENORMAL_OPERAND : 0;
}

function order(negative: boolean): number {
  const by = a.exponent === b.exponent ? compareSignificands(a, b) : a.exponent - b.exponent;
  if (by === 0) return EQUAL;
  return by < 0 === negative ? ABOVE : BELOW;
}

/*
 * The condition codes are set even where an exception is not masked; only the pops are left undone. The manual
 * has it the other way around.
 */
/** The answer into the condition codes, and then, unless an exception forbids it, the pops. */
function conclude(words: Int32Array, flags: number, pops: number): void {
  const wanted = settle(words, flags);
  words[X87_STATUS] = (words[X87_STATUS]! & ~(C0 | C2 | C3)) | answer;
  if (wanted & EARLY) return;
  for (let left = pops; left > 0; left--) popStack(words);
}

/*
 * ## Nine instructions
 *
 * With a register, with a number from memory, with an integer, with zero; popping nothing, or the top, or both (FCOMPP,
 * so that a comparison in the middle of a formula leaves nothing behind). An empty register is one more way of not
 * being a question.
 */
/** Bits of `operation`: how many pops, and whether quiet NaNs are let pass. */
export const POP_MASK = 3;
export const QUIETLY = 4;

/** FCOM, FCOMP, FCOMPP, FUCOM, FUCOMP, FUCOMPP with ST(i). */
export function compareWithRegister(cpu: Processor, i: Instruction): void {
  conclude(cpu.words, compareRegisters(cpu, i), i.operation & POP_MASK);
}

function compareRegisters(cpu: Processor, i: Instruction): number {
  return takePair(cpu, i, i.rm, a, b) ? compare((i.operation & QUIETLY) !== 0) : unanswered();
}

/** An operand is missing. That is no question either. */
function unanswered(): number {
  answer = UNORDERED;
  return STACK_UNDERFLOW;
}

/*
 * With memory it is as in arithmetic: first the number is fetched, since that may fault, and then whatever is to be
 * remembered is remembered. FTST is the case in which nothing is fetched, and so nothing can fault.
 */
/** With an operand that is on the workbench already. */
function withMemory(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  rememberInstruction(cpu, i);
  let flags: number;
  if (isEmpty(words, 0)) {
    flags = unanswered();
  } else {
    readStack(words, 0, a);
    flags = compare(false);
  }
  conclude(words, flags, i.operation & POP_MASK);
}

export function compareWithSingle(cpu: Processor, i: Instruction): void {
  beginX87(cpu);
  loadSingle(cpu, i, b);
  withMemory(cpu, i);
}

export function compareWithDouble(cpu: Processor, i: Instruction): void {
  beginX87(cpu);
  loadDouble(cpu, i, b);
  withMemory(cpu, i);
}

export function compareWithInteger(cpu: Processor, i: Instruction): void {
  beginX87(cpu);
  loadInteger(cpu, i, b);
  withMemory(cpu, i);
}

/** FTST: with zero. */
export function compareWithZero(cpu: Processor, i: Instruction): void {
  beginX87(cpu);
  setZeroReal(b, 0);
  withMemory(cpu, i);
}

/*
 * ## Into EFLAGS
 *
 * For years a comparison and a jump were four instructions: FCOM, FNSTSW AX, SAHF, JB. The Pentium Pro of 1995 put the
 * answer where jumps look for it. *That is not a question* sets all three flags there, so that JB and JE jump as well:
 * ask JP first.
 */
/** FCOMI, FCOMIP, FUCOMI, FUCOMIP: the answer goes to CF, PF and ZF; OF, SF and AF become 0. */
export function compareIntoFlags(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const flags = compareRegisters(cpu, i);
  // Unlike the older comparisons this one leaves C1 alone, unless a register was empty.
  const wanted = settle(words, flags === STACK_UNDERFLOW ? flags : flags | (words[X87_STATUS]! & C1));
  const carry = answer & C0 ? CARRY : 0;
  const parity = answer & C2 ? PARITY : 0;
  writeArithmeticFlags(words, (carry | parity | (answer & C3 ? ZERO_FLAG : 0)) & ARITHMETIC);
  if (i.operation & POP_MASK && (wanted & EARLY) === 0) popStack(words);
}

/*
 * ## What is this
 *
 * FXAM asks for the kind of a number and takes offence at nothing, not even at an empty register. The answer is in the
 * three condition codes, and the sign comes in C1. A C library uses it to say `isnan` of a value that cannot be
 * compared with anything.
 *
 * | C3 C2 C0 | |
 * | --- | --- |
 * | 000 | unsupported |
 * | 001 | NaN |
 * | 010 | a number like any other |
 * | 011 | infinity |
 * | 100 | zero |
 * | 101 | nobody lives here |
 * | 110 | denormal |
 */
/** FXAM: the kind of ST(0) in C3, C2, C0, its sign in C1; an empty register is a kind, too. */
export function examine(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  beginX87(cpu);
  rememberInstruction(cpu, i);
  const sign = words[X87_EXPONENT + physical(words, 0)]! & 0x8000 ? C1 : 0;
  readStack(words, 0, a);
  const kind = isEmpty(words, 0) ? C3 | C0 : (CLASSES.get(a.kind) ?? 0);
  words[X87_STATUS] = (words[X87_STATUS]! & ~(C0 | C1 | C2 | C3)) | kind | sign;
}

const CLASSES = new Map([
  [UNSUPPORTED, 0],
  [QUIET, C0],
  [SIGNALING, C0],
  [NORMAL, C2],
  [INFINITE, C2 | C0],
  [ZERO_VALUE, C3],
  [DENORMAL, C3 | C2],
]);
