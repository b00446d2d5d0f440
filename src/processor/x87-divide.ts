/*
 * # Dividing, and the square root
 *
 * In 1994 Thomas Nicely, who counted twin primes in Lynchburg, Virginia, found that his Pentium divided 1 by
 * 824,633,702,441 and was wrong from the ninth digit on. The Pentium got two bits of quotient at each step, out
 * of a table of 1,066 entries, five of which had been lost on the way into the chip. It cost Intel 475 million
 * dollars, and the world learned the word *FDIV*.
 *
 * Ours takes 21 bits at each step, and has no table. It has a double.
 */
import { invalid, propagateNaN, quietNaN, stopsAtDenormal } from './x87-nan.ts';
import { DENORMAL_OPERAND, ZERO_DIVIDE } from './x87-registers.ts';
import {
  BIAS,
  compareSignificands,
  copyReal,
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
import { highProduct } from './multiply.ts';
import { precisionOf, round } from './x87-rounding.ts';

/*
 * Three questions have no answer: 0/0, infinity by infinity, and x/0 would have one but for the sign. So the last
 * has its own exception, ZE, found before anything else about the operands; even a denormal divided by zero is
 * first of all divided by zero.
 */
/** result = a / b. The operands are used up. */
export function divide(control: number, a: Real, b: Real, result: Real): number {
  const sign = a.sign ^ b.sign;
  let flags = 0;
  if ((a.kind | b.kind) !== NORMAL) {
    const kinds = a.kind | b.kind;
    if (kinds & NOT_A_NUMBER) return propagateNaN(a, b, result);
    if (a.kind & b.kind & (INFINITE | ZERO_VALUE)) return invalid(result);
    if (b.kind === ZERO_VALUE && a.kind !== INFINITE) {
      setInfinity(result, sign);
      return ZERO_DIVIDE;
    }
    if (kinds & DENORMAL) {
      flags = DENORMAL_OPERAND;
      if (stopsAtDenormal(control, flags)) return flags;
    }
    if (a.kind === INFINITE) {
      setInfinity(result, sign);
      return flags;
    }
    if (b.kind === INFINITE || a.kind === ZERO_VALUE) {
      setZeroReal(result, sign);
      return flags;
    }
    if (a.kind === DENORMAL) normalise(a);
    if (b.kind === DENORMAL) normalise(b);
  }
  return flags | quotient(control, sign, a, b, result);
}

/*
 * ## Long division
 *
 * The first bit is 1 by choice of exponent, and comes off by subtraction. The other 63 are three digits of 21
 * bits, and a fourth such digit gives more than rounding needs. If anything is left after that, it goes into the
 * sticky bit.
 */
/** What is left of the dividend, below the divisor. */
const rest = { high: 0, low: 0 };

function quotient(control: number, sign: number, a: Real, b: Real, result: Real): number {
  let exponent = (a.exponent - b.exponent + BIAS) | 0;
  rest.high = a.high;
  rest.low = a.low;
  if (compareSignificands(a, b) >= 0) {
    // The first bit of the quotient is 1; take the divisor off once.
    rest.low = (a.low - b.low) | 0;
    rest.high = (a.high - b.high - (a.low >>> 0 < b.low >>> 0 ? 1 : 0)) | 0;
  } else {
    // The first bit is one place further down. Twice the dividend has it, and loses the divisor at once.
    const high = (a.high << 1) | (a.low >>> 31);
    const low = a.low << 1;
    rest.low = (low - b.low) | 0;
    rest.high = (high - b.high - (low >>> 0 < b.low >>> 0 ? 1 : 0)) | 0;
    exponent--;
  }
  // The other 63 bits, 21 at a time, and 21 more of which the last becomes sticky.
  const first = digit(b);
  const second = digit(b);
  const third = digit(b);
  const fourth = digit(b);
  const high = 0x8000_0000 | (first << 10) | (second >>> 11);
  const low = (second << 21) | third;
  const extra = (fourth << 11) | ((rest.high | rest.low) === 0 ? 0 : 1);
  setReal(result, sign, exponent, high, low);
  return round(control, precisionOf(control), extra, result);
}

/*
 * A digit is guessed by doubles. A 64-bit remainder loses eleven bits on the way into one, the divisor too, and
 * the quotient gets rounded; all in all the guess is right to about 50 bits, and a digit has 21. So it can be off
 * by one at the edge, and no more. The product of guess and divisor is then made exactly, in words, and taken
 * off; if that was too much, or too little, the remainder shows it, and the digit is mended. Nobody needs to
 * trust anybody. That is the difference to a table.
 */
const TWO_21 = 0x20_0000;
const TWO_32 = 0x1_0000_0000;

/** The next 21 bits of the quotient: rest = rest * 2^21 - digit * divisor. */
function digit(b: Real): number {
  const divisor = (b.high >>> 0) * TWO_32 + (b.low >>> 0);
  const dividend = (rest.high >>> 0) * TWO_32 + (rest.low >>> 0);
  let guess = Math.floor((dividend * TWO_21) / divisor);
  // The difference is small enough for 96 bits, in which it may be negative.
  const lowProduct = Math.imul(guess, b.low);
  const crossProduct = Math.imul(guess, b.high);
  let low = ((rest.low << 21) - lowProduct) | 0;
  let borrow = (rest.low << 21) >>> 0 < lowProduct >>> 0 ? 1 : 0;
  const middleDividend = (rest.high << 21) | (rest.low >>> 11);
  const middleProduct = (crossProduct + highProduct(guess, b.low)) | 0;
  const carry = middleProduct >>> 0 < crossProduct >>> 0 ? 1 : 0;
  let high = (middleDividend - middleProduct - borrow) | 0;
  borrow = (middleDividend >>> 0) - (middleProduct >>> 0) - borrow < 0 ? 1 : 0;
  let top = ((rest.high >>> 11) - highProduct(guess, b.high) - carry - borrow) | 0;
  while (top < 0) {
    guess--;
    const before = low >>> 0;
    low = (low + b.low) | 0;
    const up = low >>> 0 < before ? 1 : 0;
    const sum = (high >>> 0) + (b.high >>> 0) + up;
    high = sum | 0;
    if (sum >= TWO_32) top++;
  }
  while (top > 0 || high >>> 0 > b.high >>> 0 || (high === b.high && low >>> 0 >= b.low >>> 0)) {
    guess++;
    const under = low >>> 0 < b.low >>> 0 ? 1 : 0;
    low = (low - b.low) | 0;
    const left = (high >>> 0) - (b.high >>> 0) - under;
    high = left | 0;
    if (left < 0) top--;
  }
  rest.high = high;
  rest.low = low;
  return guess;
}

/*
 * ## The root
 *
 * The root of -0 is -0. It is in the standard, and Kahan had a reason, which has to do with which side of a cut
 * in the complex plane one stands on.
 */
/** result = the square root of a. The operand is used up. */
export function squareRoot(control: number, a: Real, result: Real): number {
  let flags = 0;
  if (a.kind !== NORMAL) {
    if (a.kind & NOT_A_NUMBER) return quietNaN(a, result);
    if (a.kind === ZERO_VALUE || (a.kind === INFINITE && a.sign === 0)) {
      copyReal(a, result);
      return 0;
    }
  }
  if (a.sign === 1) return invalid(result);
  if (a.kind === DENORMAL) {
    flags = DENORMAL_OPERAND;
    if (stopsAtDenormal(control, flags)) return flags;
    normalise(a);
  }
  return flags | root(control, a, result);
}

/*
 * A root is long division in which the divisor grows as the quotient does. To append a bit b to a root r of what
 * has been read, (2r + b)^2 must still fit, which is to say that 4r + 1 must fit into the rest. You can do it on
 * paper, two digits at a time; your grandmother may have. Here are 66 steps of it, and it is the slowest of the
 * basic operations by far. An 8087 was a little
 * quicker at it than at a division, with 180 cycles: it had no better way to divide either.
 */
/** One bit of the root after the other, as it was once done on paper: 66 of them, and what is left is sticky. */
function root(control: number, a: Real, result: Real): number {
  const power = a.exponent - BIAS;
  const odd = power & 1;
  const exponent = BIAS + ((power - odd) >> 1);
  // The number as a fraction of 4: its first two bits are above the point.
  let high = odd ? a.high : a.high >>> 1;
  let low = odd ? a.low : (a.high << 31) | (a.low >>> 1);
  let tail = odd ? 0 : a.low << 31;
  let rest2 = 0;
  let rest1 = 0;
  let rest0 = 0;
  let root2 = 0;
  let root1 = 0;
  let root0 = 0;
  for (let bit = 0; bit < 66; bit++) {
    rest2 = (rest2 << 2) | (rest1 >>> 30);
    rest1 = (rest1 << 2) | (rest0 >>> 30);
    rest0 = (rest0 << 2) | (high >>> 30);
    high = (high << 2) | (low >>> 30);
    low = (low << 2) | (tail >>> 30);
    tail <<= 2;
    // Try to take off 4 * root + 1.
    const try2 = (root2 << 2) | (root1 >>> 30);
    const try1 = (root1 << 2) | (root0 >>> 30);
    const try0 = (root0 << 2) | 1;
    const fits =
      rest2 === try2 ? (rest1 === try1 ? rest0 >>> 0 >= try0 >>> 0 : rest1 >>> 0 > try1 >>> 0) : rest2 > try2;
    root2 = (root2 << 1) | (root1 >>> 31);
    root1 = (root1 << 1) | (root0 >>> 31);
    root0 <<= 1;
    if (!fits) continue;
    root0 |= 1;
    const borrow0 = rest0 >>> 0 < try0 >>> 0 ? 1 : 0;
    rest0 = (rest0 - try0) | 0;
    const left = (rest1 >>> 0) - (try1 >>> 0) - borrow0;
    rest1 = left | 0;
    rest2 = (rest2 - try2 - (left < 0 ? 1 : 0)) | 0;
  }
  const sticky = (rest2 | rest1 | rest0) === 0 ? 0 : 1;
  const rootHigh = (root2 << 30) | (root1 >>> 2);
  const rootLow = (root1 << 30) | (root0 >>> 2);
  setReal(result, 0, exponent, rootHigh, rootLow);
  return round(control, precisionOf(control), (root0 << 30) | sticky, result);
}
