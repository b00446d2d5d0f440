/*
 * # Off the stack
 *
 * A double is a short extended number: eleven bits fewer behind, and an exponent with four bits fewer. What does
 * not fit must be rounded, denormalised, or called infinite. All of it is done by `roundTo`, with another limit.
 *
 * Here lies the famous trap of the x87. A sum is rounded to 64 bits in the register, and when it is stored it is
 * rounded to 53. Two roundings are not one: what lies just above the middle can be rounded *to* the middle first,
 * and then to even, downward. It is rare, one case in some four thousand. But a compiler that keeps a variable in
 * a register today and in memory tomorrow has a program that answers differently when you add a print statement
 * to find out why.
 */
import type { Instruction } from './instruction.ts';
import { X87_CONTROL, X87_EXPONENT, X87_HIGH, X87_LOW } from './layout.ts';
import type { Processor } from './processor.ts';
import { toInteger, WHOLE } from './x87-integer.ts';
import {
  DOUBLE_BIAS,
  DOUBLE_LIMIT,
  encodeDoubleHigh,
  encodeDoubleLow,
  encodeSingle,
  SINGLE_BIAS,
  SINGLE_LIMIT,
  storeDouble,
  storeExtended,
  storeSmall,
} from './x87-memory.ts';
import { quietNaN } from './x87-nan.ts';
import {
  beginX87,
  EXCEPTIONS,
  INEXACT,
  INVALID,
  isEmpty,
  OVERFLOWN,
  physical,
  popStack,
  readStack,
  rememberInstruction,
  settle,
  STACK_UNDERFLOW,
  UNDERFLOWN,
  unmasked,
} from './x87-registers.ts';
import {
  BIAS,
  INFINITE,
  NORMAL,
  normalise,
  NOT_A_NUMBER,
  Real,
  setIndefinite,
  setReal,
  setZeroReal,
  ZERO_VALUE,
} from './x87-real.ts';
import { DOUBLE, roundTo, SINGLE } from './x87-rounding.ts';

const value = new Real();
const result = new Real();

/** Whatever is raised here and not masked, but for INEXACT, keeps the number from being stored. */
const FORBIDDING = EXCEPTIONS & ~INEXACT;

/*
 * A store that cannot keep its promise stores nothing, and the number stays on the stack. That holds for too large and
 * too small as well, where a register would have received the scaled result: in memory there are not exponents enough
 * to scale with.
 */
/** ST(0) in another format, in `result`. */
function convert(words: Int32Array, precision: number, bias: number, limit: number): number {
  if (isEmpty(words, 0)) {
    setIndefinite(result);
    result.exponent = limit;
    return STACK_UNDERFLOW;
  }
  readStack(words, 0, value);
  if (value.kind !== NORMAL) {
    if (value.kind & NOT_A_NUMBER) {
      const flags = quietNaN(value, result);
      result.exponent = limit;
      return flags;
    }
    if (value.kind === ZERO_VALUE) {
      setZeroReal(result, value.sign);
      return 0;
    }
    if (value.kind === INFINITE) {
      setReal(result, value.sign, limit, value.high, 0);
      return 0;
    }
    normalise(value);
  }
  const control = words[X87_CONTROL]!;
  setReal(result, value.sign, value.exponent - BIAS + bias, value.high, value.low);
  const flags = roundTo(control, precision, limit, 0, result);
  const range = flags & ~control & (OVERFLOWN | UNDERFLOWN);
  return range === 0 ? flags : range;
}

/** Ends a store: what was raised is noted, and if it was stored, `i.operation` says whether to pop. */
function conclude(cpu: Processor, i: Instruction, flags: number): void {
  rememberInstruction(cpu, i);
  if ((settle(cpu.words, flags) & FORBIDDING) === 0 && i.operation > 0) popStack(cpu.words);
}

/*
 * ## Three sizes
 *
 * Memory first, the status word and the pop after. If memory refuses, it is as if nothing had happened.
 */
/** FST m32 and FSTP m32. */
export function storeAsSingle(cpu: Processor, i: Instruction): void {
  beginX87(cpu);
  const flags = convert(cpu.words, SINGLE, SINGLE_BIAS, SINGLE_LIMIT);
  if ((unmasked(cpu.words, flags) & FORBIDDING) === 0) storeSmall(cpu, i, 4, encodeSingle(result));
  conclude(cpu, i, flags);
}

/** FST m64 and FSTP m64. */
export function storeAsDouble(cpu: Processor, i: Instruction): void {
  beginX87(cpu);
  const flags = convert(cpu.words, DOUBLE, DOUBLE_BIAS, DOUBLE_LIMIT);
  if ((unmasked(cpu.words, flags) & FORBIDDING) === 0) {
    storeDouble(cpu, i, encodeDoubleLow(result), encodeDoubleHigh(result));
  }
  conclude(cpu, i, flags);
}

/** FSTP m80: as it is. Only an empty register is worth a word. */
export function storeAsExtended(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  beginX87(cpu);
  if (isEmpty(words, 0)) {
    if (unmasked(words, STACK_UNDERFLOW) === 0) storeExtended(cpu, i, 0, 0xc000_0000 | 0, 0xffff);
    conclude(cpu, i, STACK_UNDERFLOW);
    return;
  }
  const at = physical(words, 0);
  storeExtended(cpu, i, words[X87_LOW + 2 * at]!, words[X87_HIGH + 2 * at]!, words[X87_EXPONENT + at]!);
  conclude(cpu, i, 0);
}

/*
 * ## Integers
 *
 * An integer that does not fit becomes the most negative one. There is no NaN among integers, so one of them had
 * to be sacrificed, and it is the one whose opposite does not exist.
 */
/** FIST and FISTP, of `i.size` bytes. What does not fit is the smallest integer there is. */
export function storeAsInteger(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  beginX87(cpu);
  let flags = isEmpty(words, 0) ? STACK_UNDERFLOW : roundTop(words, words[X87_CONTROL]!);
  if ((flags & INVALID) === 0 && !fits(i.size)) flags = INVALID;
  if ((unmasked(words, flags) & FORBIDDING) === 0) storeInteger(cpu, i, flags);
  conclude(cpu, i, flags);
}

/*
 * There is one more positive number missing than negative: -32768 fits into two bytes and 32768 does not.
 */
/** FISTTP, which came with SSE3, is not here; so the control word always has its say. */
function roundTop(words: Int32Array, control: number): number {
  readStack(words, 0, value);
  if (value.kind === ZERO_VALUE) {
    setZeroReal(result, 0);
    return 0;
  }
  if (value.kind & (NOT_A_NUMBER | INFINITE)) return INVALID;
  if (value.kind !== NORMAL) normalise(value);
  return value.exponent > WHOLE ? INVALID : toInteger(control, value, result);
}

/** Whether the integer on the workbench goes into so many bytes, with its sign. */
function fits(size: number): boolean {
  const { sign, high, low } = result;
  if (size === 8) return high >= 0 || (sign === 1 && high === -0x8000_0000 && low === 0);
  const limit = size === 4 ? 0x8000_0000 : 0x8000;
  return high === 0 && low >>> 0 < limit + sign;
}

function storeInteger(cpu: Processor, i: Instruction, flags: number): void {
  const { sign, high, low } = result;
  const wrong = (flags & INVALID) !== 0;
  if (i.size === 8) {
    const negated = sign === 1 ? (~high + (low === 0 ? 1 : 0)) | 0 : high;
    storeDouble(cpu, i, wrong ? 0 : sign === 1 ? -low | 0 : low, wrong ? -0x8000_0000 : negated);
  } else {
    const indefinite = i.size === 4 ? -0x8000_0000 : 0x8000;
    storeSmall(cpu, i, i.size, wrong ? indefinite : sign === 1 ? -low | 0 : low);
  }
}

/** The integer nearest to ST(0) as FBSTP wants it: its flags, and the magnitude in `into`. */
export function roundTopInto(words: Int32Array, into: Real): number {
  const flags = isEmpty(words, 0) ? STACK_UNDERFLOW : roundTop(words, words[X87_CONTROL]!);
  into.sign = value.sign;
  into.high = result.high;
  into.low = result.low;
  return flags;
}
