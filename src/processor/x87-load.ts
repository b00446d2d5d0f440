/*
 * # Onto the stack
 *
 * FLD is the most frequent instruction of the unit. It converts, and it pushes, and each can go wrong.
 *
 * A full stack is found before anything else. You get the indefinite pushed on top of whoever lived there, and C1
 * tells that there was no room rather than nothing there. If you wanted to hear of it, nothing is pushed at all.
 */
import type { Instruction } from './instruction.ts';
import { X87_CONTROL, X87_EXPONENT, X87_HIGH, X87_LOW, X87_STATUS, X87_TAGS } from './layout.ts';
import { condition } from './eflags.ts';
import type { Processor } from './processor.ts';
import { loadDouble, loadExtended, loadInteger, loadSingle } from './x87-memory.ts';
import { quietNaN } from './x87-nan.ts';
import { missing } from './x87-operands.ts';
import {
  beginX87,
  C1,
  deliver,
  DENORMAL_OPERAND,
  INVALID,
  isEmpty,
  physical,
  popStack,
  pushStack,
  readStack,
  rememberInstruction,
  settle,
  STACK_OVERFLOW,
  STACK_UNDERFLOW,
  writeStack,
} from './x87-registers.ts';
import { DENORMAL, normalise, Real, setIndefinite, setReal, SIGNALING } from './x87-real.ts';
import { NEAREST, ROUNDING_CONTROL, UP } from './x87-rounding.ts';

const value = new Real();

/** Pushes the number on the workbench, unless an exception forbids it. Onto a full stack goes the indefinite. */
function pushValue(words: Int32Array, flags: number): void {
  if (!isEmpty(words, 7)) {
    setIndefinite(value);
    flags = STACK_OVERFLOW;
  }
  // A denormal is pushed even if the program wants to hear of it. The manual says otherwise; processors do not.
  if (settle(words, flags) & INVALID) return;
  pushStack(words);
  writeStack(words, 0, value);
}

/*
 * A signaling NaN in memory wakes up when it is converted. So does the exception for denormals, and here is
 * something that only a real processor tells you: the manual says that an unmasked exception of that kind stops
 * the load. It does not. We compared some millions of answers with those of a processor of today, and wherever it
 * disagreed with its manual, we believed the processor.
 */
/** A number out of one of the shorter formats: the only loads that can complain. */
function pushConverted(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  rememberInstruction(cpu, i);
  let flags = 0;
  if (value.kind === SIGNALING) {
    flags = quietNaN(value, value);
  } else if (value.kind === DENORMAL) {
    flags = DENORMAL_OPERAND;
    normalise(value);
  }
  pushValue(words, flags);
}

export function pushSingle(cpu: Processor, i: Instruction): void {
  beginX87(cpu);
  loadSingle(cpu, i, value);
  pushConverted(cpu, i);
}

export function pushDouble(cpu: Processor, i: Instruction): void {
  beginX87(cpu);
  loadDouble(cpu, i, value);
  pushConverted(cpu, i);
}

/*
 * Eighty bits are not converted, only moved. What never was a number stays what it was, and complaints wait until
 * somebody computes with it.
 */
/** FLD m80: eighty bits as they are, whatever they are. */
export function pushExtended(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  beginX87(cpu);
  loadExtended(cpu, i, value);
  rememberInstruction(cpu, i);
  if (value.kind === DENORMAL) value.exponent = 0;
  pushValue(words, 0);
}

/** FILD: every integer of 64 bits is exact in a register. */
export function pushInteger(cpu: Processor, i: Instruction): void {
  beginX87(cpu);
  loadInteger(cpu, i, value);
  rememberInstruction(cpu, i);
  pushValue(cpu.words, 0);
}

/** FLD ST(i). */
export function pushStackRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  beginX87(cpu);
  rememberInstruction(cpu, i);
  if (isEmpty(words, i.rm)) {
    setIndefinite(value);
    if (settle(words, STACK_UNDERFLOW) & INVALID) return;
    pushStack(words);
    writeStack(words, 0, value);
    return;
  }
  readStack(words, i.rm, value);
  if (value.kind === DENORMAL) value.exponent = 0;
  pushValue(words, 0);
}

/*
 * ## Constants
 *
 * There are seven numbers in the chip, and they obey the rounding mode: the bits behind the sixty-fourth are known, so
 * down and up give different neighbours. The column at the end says on which side of the truth the rounded one lies.
 * Four of the seven are there for logarithms, of which the unit knows only those to the base of 2.
 */
/** FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ: exponent, high, low, and how the bits go on: 1 up, 0 down. */
export const CONSTANTS: readonly (readonly [number, number, number, number])[] = [
  [0x3fff, 0x8000_0000, 0x0000_0000, -1],
  [0x4000, 0xd49a_784b, 0xcd1b_8afe, 0],
  [0x3fff, 0xb8aa_3b29, 0x5c17_f0bc, 1],
  [0x4000, 0xc90f_daa2, 0x2168_c235, 1],
  [0x3ffd, 0x9a20_9a84, 0xfbcf_f799, 1],
  [0x3ffe, 0xb172_17f7, 0xd1cf_79ac, 1],
  [0, 0, 0, -1],
];

/**
 * Constant number `i.operation`. Each is kept as the nearest one, with a note on which side of the truth it lies, and
 * rounded as the control word says.
 */
export function pushMathConstant(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  beginX87(cpu);
  rememberInstruction(cpu, i);
  const [exponent, high, low, roundedUp] = CONSTANTS[i.operation]!;
  const mode = words[X87_CONTROL]! & ROUNDING_CONTROL;
  let step = 0;
  if (mode === UP && roundedUp === 0) step = 1;
  else if (mode !== UP && mode !== NEAREST && roundedUp === 1) step = -1;
  setReal(value, 0, exponent, high | 0, (low + step) | 0);
  pushValue(words, 0);
}

/*
 * ## Changing places
 *
 * With one operand always on top, code spends its time bringing things to the top. By 1993 this was so frequent
 * that the Pentium executed FXCH beside the next instruction for nothing: it only changed the names of two
 * registers.
 */
/** FXCH: ST(0) and ST(i) change places; whatever is missing becomes the indefinite. */
export function exchange(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  beginX87(cpu);
  rememberInstruction(cpu, i);
  if (isEmpty(words, 0) || isEmpty(words, i.rm)) {
    if (settle(words, STACK_UNDERFLOW) & INVALID) return;
    fillIfEmpty(words, 0);
    fillIfEmpty(words, i.rm);
  } else {
    settle(words, 0);
  }
  const one = physical(words, 0);
  const other = physical(words, i.rm);
  swap(words, X87_EXPONENT + one, X87_EXPONENT + other);
  swap(words, X87_HIGH + 2 * one, X87_HIGH + 2 * other);
  swap(words, X87_LOW + 2 * one, X87_LOW + 2 * other);
}

function swap(words: Int32Array, one: number, other: number): void {
  const kept = words[one]!;
  words[one] = words[other]!;
  words[other] = kept;
}

function fillIfEmpty(words: Int32Array, n: number): void {
  if (!isEmpty(words, n)) return;
  setIndefinite(value);
  writeStack(words, n, value);
}

/*
 * FCMOVcc came with the Pentium Pro in 1995, to save branches. It tests the flags of the *integer* unit, which
 * the old comparisons do not set, so FCOMI had to come with it.
 */
/** FCMOVcc: ST(0) = ST(i) if a condition of the integer unit holds. */
export function conditionalMove(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  beginX87(cpu);
  rememberInstruction(cpu, i);
  if (isEmpty(words, 0) || isEmpty(words, i.rm)) deliver(words, 0, value, missing(value));
  else if (condition(words, i.operation)) copyRegister(words, i.rm, 0);
}

/*
 * FST to a register is such a copy, too. `storeQuietly` is one of a dozen encodings that exist because nobody
 * forbade them when the decoder was drawn. A processor executes them; so do we.
 */
/** Copies eighty bits as they are. */
function copyRegister(words: Int32Array, from: number, to: number): void {
  const source = physical(words, from);
  const target = physical(words, to);
  words[X87_EXPONENT + target] = words[X87_EXPONENT + source]!;
  words[X87_HIGH + 2 * target] = words[X87_HIGH + 2 * source]!;
  words[X87_LOW + 2 * target] = words[X87_LOW + 2 * source]!;
  words[X87_TAGS]! |= 1 << target;
}

/** FST ST(i) and FSTP ST(i); `operation` is the number of pops. */
export function storeToRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  beginX87(cpu);
  rememberInstruction(cpu, i);
  if (isEmpty(words, 0)) {
    if (!deliver(words, i.rm, value, missing(value))) return;
  } else {
    settle(words, 0);
    copyRegister(words, 0, i.rm);
  }
  if (i.operation > 0) popStack(words);
}

/** FFREE ST(i), and FFREEP, which pops: the register is empty, its contents stay where they are. */
export function freeRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  beginX87(cpu);
  rememberInstruction(cpu, i);
  words[X87_STATUS]! &= ~C1;
  words[X87_TAGS]! &= ~(1 << physical(words, i.rm));
  if (i.operation > 0) popStack(words);
}

/** D9 D8, which no manual has: FSTP ST(i) that does not complain of an empty ST(0), and then only pops. */
export function storeQuietly(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  beginX87(cpu);
  rememberInstruction(cpu, i);
  words[X87_STATUS]! &= ~C1;
  if (!isEmpty(words, 0)) copyRegister(words, 0, i.rm);
  popStack(words);
}
