/*
 * # Multiplying
 *
 * Exponents are added, significands multiplied: sixty-four bits by sixty-four, a hundred and twenty-eight of a
 * product. JavaScript has `Math.imul`, which keeps the lower 32 bits of a product of two words, and has nothing
 * for the upper. `BigInt` would do it in one line and some three hundred nanoseconds. We do as you did at school,
 * with digits up to 65,535, and are done in a few.
 */
import { highProduct } from './multiply.ts';
import { invalid, propagateNaN, stopsAtDenormal } from './x87-nan.ts';
import { DENORMAL_OPERAND } from './x87-registers.ts';
import {
  BIAS,
  DENORMAL,
  INFINITE,
  NORMAL,
  normalise,
  NOT_A_NUMBER,
  type Real,
  setInfinity,
  setReal,
  setZeroReal,
  ZERO_VALUE,
} from './x87-real.ts';
import { precisionOf, round } from './x87-rounding.ts';

/*
 * Zero times infinity is the multiplication without an answer. Both are limits of something, and it depends on
 * what.
 */
/** result = a * b. The operands are used up. */
export function multiply(control: number, a: Real, b: Real, result: Real): number {
  const sign = a.sign ^ b.sign;
  let flags = 0;
  if ((a.kind | b.kind) !== NORMAL) {
    const kinds = a.kind | b.kind;
    if (kinds & NOT_A_NUMBER) return propagateNaN(a, b, result);
    if (kinds & INFINITE && kinds & ZERO_VALUE) return invalid(result);
    if (kinds & DENORMAL) {
      flags = DENORMAL_OPERAND;
      if (stopsAtDenormal(control, flags)) return flags;
    }
    if (kinds & INFINITE) {
      setInfinity(result, sign);
      return flags;
    }
    if (kinds & ZERO_VALUE) {
      setZeroReal(result, sign);
      return flags;
    }
    if (a.kind === DENORMAL) normalise(a);
    if (b.kind === DENORMAL) normalise(b);
  }
  return flags | product(control, sign, a, b, result);
}

/*
 * ## Four words
 *
 * ```text
 *                      a1  a0
 *                  x   b1  b0
 *         -------------------
 *                      a0*b0          bottom
 *                  a1*b0              cross
 *                  a0*b1              other
 *              a1*b1                  middle
 *         -------------------
 *           high  low  extra  sticky
 * ```
 *
 * The lowest word of the product will never be seen. It only says whether it was zero. As each significand is at
 * least 1 and less than 2, the product is at least 1 and less than 4: there is at most one bit to shift.
 */
function product(control: number, sign: number, a: Real, b: Real, result: Real): number {
  const { high: a1, low: a0 } = a;
  const { high: b1, low: b0 } = b;
  const bottom = Math.imul(a0, b0);
  const cross = Math.imul(a1, b0);
  const other = Math.imul(a0, b1);
  const middle = Math.imul(a1, b1);
  // The second word from below, and what it carries.
  let extra = (highProduct(a0, b0) + cross) | 0;
  let carry = extra >>> 0 < cross >>> 0 ? 1 : 0;
  extra = (extra + other) | 0;
  carry += extra >>> 0 < other >>> 0 ? 1 : 0;
  // The third.
  let low = (middle + carry) | 0;
  carry = low >>> 0 < carry ? 1 : 0;
  const crossHigh = highProduct(a1, b0);
  low = (low + crossHigh) | 0;
  carry += low >>> 0 < crossHigh >>> 0 ? 1 : 0;
  const otherHigh = highProduct(a0, b1);
  low = (low + otherHigh) | 0;
  carry += low >>> 0 < otherHigh >>> 0 ? 1 : 0;
  let high = (highProduct(a1, b1) + carry) | 0;

  let exponent = (a.exponent + b.exponent - BIAS + 1) | 0;
  let sticky = bottom;
  if (high >= 0) {
    high = (high << 1) | (low >>> 31);
    low = (low << 1) | (extra >>> 31);
    extra = (extra << 1) | (bottom >>> 31);
    sticky = bottom << 1;
    exponent--;
  }
  if (sticky !== 0) extra |= 1;
  setReal(result, sign, exponent, high, low);
  return round(control, precisionOf(control), extra, result);
}
