/*
 * # What is left over
 *
 * The remainder of 2^1000 divided by 3 is exact: 1. There is no rounding in a remainder at all, which makes it the only
 * operation that is never wrong. But the quotient has a thousand bits, and each costs a step. The longest has thirty
 * thousand, and on an 8087 with a 5 MHz clock an interrupt would have waited for some twenty milliseconds. So the
 * instruction is *partial*. It takes off at most 63 bits, sets C2 if there is more to do, and you jump back to it.
 *
 * What it was for are angles. The sine of a large angle is that of the remainder by a right angle, and which
 * quadrant you are in is what the last three bits of the quotient say. So they come out as well, as C0, C3 and
 * C1, in that order. It is an order for the eyes of SAHF only.
 */
import type { Instruction } from './instruction.ts';
import { X87_CONTROL, X87_STATUS } from './layout.ts';
import type { Processor } from './processor.ts';
import { invalid, propagateNaN, stopsAtDenormal } from './x87-nan.ts';
import { missing, takePair } from './x87-operands.ts';
import { C0, C1, C2, C3, deliver, DENORMAL_OPERAND } from './x87-registers.ts';
import {
  compareSignificands,
  copyReal,
  DENORMAL,
  INFINITE,
  NORMAL,
  normalise,
  NOT_A_NUMBER,
  Real,
  setReal,
  setZeroReal,
  ZERO_VALUE,
} from './x87-real.ts';
import { EXTENDED, round } from './x87-rounding.ts';

const a = new Real();
const b = new Real();
const result = new Real();

/** The low bits of the quotient, and whether there is more to do, as condition codes. */
let codes = 0;
/** The low 32 bits of the quotient. */
let quotient = 0;

/*
 * FPREM cuts the quotient off. The standard, when it came, wanted the nearest one instead, and that is FPREM1. It
 * is named like a second attempt, and it is one.
 */
/** FPREM, with `operation` 0, which cuts the quotient off, and FPREM1, with 1, which takes the nearest (IEEE 754). */
export function partialRemainder(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  if (!takePair(cpu, i, 1, a, b)) {
    words[X87_STATUS]! &= ~C2;
    deliver(words, 0, result, missing(result));
    return;
  }
  codes = words[X87_STATUS]! & (C0 | C3);
  const flags = remainder(words[X87_CONTROL]!, i.operation === 1);
  deliver(words, 0, result, flags & ~C1);
  words[X87_STATUS] = (words[X87_STATUS]! & ~(C0 | C1 | C2 | C3)) | codes;
}

/*
 * If the exponents are 64 or more apart, the processors take off somewhere from 32 to 63 bits; the manual leaves
 * the number to them. It is such that the rest of the distance is a multiple of 32, as it turns out.
 */
function remainder(control: number, nearest: boolean): number {
  const kinds = a.kind | b.kind;
  let flags = 0;
  if (kinds !== NORMAL) {
    if (kinds & NOT_A_NUMBER) return propagateNaN(a, b, result);
    if (a.kind === INFINITE || b.kind === ZERO_VALUE) return invalid(result);
    if (kinds & DENORMAL) {
      flags = DENORMAL_OPERAND;
      if (stopsAtDenormal(control, flags)) return flags;
    }
    codes = 0;
    if (a.kind === ZERO_VALUE) {
      setZeroReal(result, a.sign);
      return flags;
    }
    if (b.kind === INFINITE) {
      // Nothing comes off, and not even a denormal is called too small.
      copyReal(a, result);
      if (a.kind === DENORMAL && a.high >= 0) result.exponent = 0;
      return flags;
    }
    if (a.kind === DENORMAL) normalise(a);
    if (b.kind === DENORMAL) normalise(b);
  }
  quotient = 0;
  const distance = a.exponent - b.exponent;
  let exponent = a.exponent;
  if (distance >= 64) {
    // Too far for one go: take off as much as 32 to 63 steps allow, and say that there is more.
    const steps = (distance & 31) | 32;
    reduce(steps);
    exponent -= steps;
    codes = C2;
  } else {
    if (distance >= 0) {
      reduce(distance);
      exponent = b.exponent;
    }
    if (nearest) toNearest(distance);
    codes = (quotient & 4 ? C0 : 0) | (quotient & 2 ? C3 : 0) | (quotient & 1 ? C1 : 0);
  }
  if ((a.high | a.low) === 0) {
    setZeroReal(result, a.sign);
    return flags;
  }
  setReal(result, a.sign, exponent, a.high, a.low);
  normalise(result);
  return flags | round(control, EXTENDED, 0, result);
}

/*
 * ## Step by step
 *
 * It is division with the quotient thrown away but for its end. What is left is below the divisor, so twice that
 * is below twice the divisor, and may have a 65th bit: then it certainly fits.
 */
/** Long division of significands, one bit at a time; what is left stays in `a`, below `b`. */
function reduce(steps: number): void {
  let { high, low } = a;
  const divisorHigh = b.high;
  const divisorLow = b.low;
  let carry = 0;
  for (let step = steps; ; step--) {
    quotient <<= 1;
    const fits =
      carry === 1 || (high === divisorHigh ? low >>> 0 >= divisorLow >>> 0 : high >>> 0 > divisorHigh >>> 0);
    if (fits) {
      const borrow = low >>> 0 < divisorLow >>> 0 ? 1 : 0;
      low = (low - divisorLow) | 0;
      high = (high - divisorHigh - borrow) | 0;
      quotient |= 1;
    }
    if (step === 0) break;
    carry = high >>> 31;
    high = (high << 1) | (low >>> 31);
    low <<= 1;
  }
  a.high = high;
  a.low = low;
}

/** If what is left is more than half of the divisor, go one further; if just half, make the quotient even. */
function toNearest(distance: number): void {
  if (distance < -1) return;
  const { high, low } = a;
  if (distance === -1) {
    // One place below: twice the dividend has the divisor's exponent.
    if (compareSignificands(a, b) <= 0) return;
    quotient = 1;
    a.high = (((b.high << 1) | (b.low >>> 31)) - high - ((b.low << 1) >>> 0 < low >>> 0 ? 1 : 0)) | 0;
    a.low = ((b.low << 1) - low) | 0;
    a.sign ^= 1;
    return;
  }
  const restHigh = (b.high - high - (b.low >>> 0 < low >>> 0 ? 1 : 0)) | 0;
  const restLow = (b.low - low) | 0;
  const order = high === restHigh ? (low >>> 0) - (restLow >>> 0) : (high >>> 0) - (restHigh >>> 0);
  if (order < 0 || (order === 0 && (quotient & 1) === 0)) return;
  quotient++;
  a.high = restHigh;
  a.low = restLow;
  a.sign ^= 1;
}
