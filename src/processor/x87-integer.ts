/*
 * # To the whole number
 *
 * The nearest integer, by the rounding mode in force. C disagrees: in C, (int)2.7 is 2, whatever the mode. So for
 * twenty-five years every cast in every C program was compiled to five instructions: save the control word, load
 * one that says *cut off*, convert, load the old one again. Changing the mode empties the pipeline. SSE3 got an
 * instruction of its own for it in 2004, and by then casts went by other registers anyway.
 */
import { stopsAtDenormal } from './x87-nan.ts';
import { C1, DENORMAL_OPERAND, INEXACT } from './x87-registers.ts';
import { BIAS, copyReal, DENORMAL, type Real, setReal } from './x87-real.ts';
import { normalise, NORMAL, NOT_A_NUMBER, setZeroReal } from './x87-real.ts';
import { quietNaN } from './x87-nan.ts';
import { roundsUp } from './x87-rounding.ts';

/** The exponent of 2^63: from here on every number is whole. */
export const WHOLE = BIAS + 63;

/*
 * The point of a significand lies behind its first bit. Shift to the right until it lies behind the last, and
 * what falls out is the fraction. It is the same question as in every rounding: more than half, less, or just
 * half.
 */
/**
 * The magnitude of a number that is below 2^64, rounded to an integer of 64 bits in `into`.
 *
 * @returns INEXACT if it was not one already, and C1 if it went up
 */
export function toInteger(control: number, a: Real, into: Real): number {
  const shift = WHOLE - a.exponent;
  const { sign, high, low } = a;
  into.sign = sign;
  if (shift === 0) {
    into.high = high;
    into.low = low;
    return 0;
  }
  let guard: number;
  if (shift < 32) {
    into.high = high >>> shift;
    into.low = (low >>> shift) | (high << (32 - shift));
    guard = low << (32 - shift);
  } else if (shift < 64) {
    into.high = 0;
    into.low = shift === 32 ? high : high >>> (shift - 32);
    guard =
      shift === 32 ? low : (high << (64 - shift)) | (low >>> (shift - 32)) | (low << (64 - shift) ? 1 : 0);
  } else {
    into.high = 0;
    into.low = 0;
    guard = shift === 64 ? high | (low ? 1 : 0) : 1;
  }
  into.high |= 0;
  into.low |= 0;
  if (guard === 0) return 0;
  if (!roundsUp(control, sign, guard, into.low & 1)) return INEXACT;
  into.low = (into.low + 1) | 0;
  if (into.low === 0) into.high = (into.high + 1) | 0;
  return INEXACT | C1;
}

/*
 * FRNDINT goes back again: an integer, but still a floating-point number, with its sign even if it is zero. -0.3
 * rounds to -0.
 */
/** FRNDINT. */
export function roundToInteger(control: number, a: Real, result: Real): number {
  let flags = 0;
  if (a.kind !== NORMAL) {
    if (a.kind & NOT_A_NUMBER) return quietNaN(a, result);
    if (a.kind !== DENORMAL) {
      copyReal(a, result);
      return 0;
    }
    flags = DENORMAL_OPERAND;
    if (stopsAtDenormal(control, flags)) return flags;
    normalise(a);
  }
  if (a.exponent >= WHOLE) {
    copyReal(a, result);
    return flags;
  }
  flags |= toInteger(control, a, result);
  if ((result.high | result.low) === 0) {
    setZeroReal(result, a.sign);
  } else {
    setReal(result, a.sign, WHOLE, result.high, result.low);
    normalise(result);
  }
  return flags;
}
