/*
 * # Eighty bits
 *
 * Every machine of the nineteen-seventies had its own idea of a fraction, and on some of them `x * 1.0` was not
 * `x`. William Kahan, who taught mathematics at Berkeley and had made a hobby of such idioms, was asked by Intel
 * in 1976 to help with a chip that was to do arithmetic beside the coming 8086, and he asked for the best
 * arithmetic there was. Intel wanted to sell millions, to people who would not know what had gone wrong if
 * something had; so they let him. The chip came in 1980 and was called the 8087. It had some 45,000 transistors,
 * half as many again as the processor it served. The committee that began to meet in 1977, and argued over the
 * draft that grew out of it, finished in 1985: IEEE 754, which is what you have been using all your life when you
 * wrote `0.1 + 0.2`. Kahan got the Turing Award for it in 1989.
 *
 * JavaScript's numbers are that standard's *double*. The 8087 has doubles too, but only in memory. In its
 * registers everything has eighty bits.
 *
 * ```text
 *   79 78                    64 63 62                                            0
 *  +--+------------------------+--+-----------------------------------------------+
 *  | s|  exponent + 16383      | i|  fraction                                     |
 *  +--+------------------------+--+-----------------------------------------------+
 *   1            15             1                       63
 * ```
 *
 * Why eighty? Because somebody is going to write `a * b - c * d` or add up a long column, and the last bits will
 * be wrong at each step. With eleven bits to spare, what is wrong is thrown away when the result goes back into a
 * double. The other reason is more down to earth. To compute x to the power y as precisely as a double deserves,
 * you go by logarithms, and the logarithm needs as many more bits as the exponent has: eleven. The extended
 * format was made so that a library function could be written by somebody in a hurry.
 *
 * Bit i is the one before the point, which the shorter formats leave out since it is nearly always 1. To write it
 * down is a luxury, and a source of trouble: there are now bit patterns in which it is 0 and should not be. The
 * 8087 made use of them. The 387 of 1987 calls them *unsupported* and will not touch them.
 */

/** What kind of number a `Real` is. One bit each, so that two kinds can be asked about at once; NORMAL is none. */
export const NORMAL = 0;
export const ZERO_VALUE = 1;
export const DENORMAL = 2;
export const INFINITE = 4;
export const QUIET = 8;
export const SIGNALING = 16;
export const UNSUPPORTED = 32;
/** What no arithmetic can be done with. */
export const NOT_A_NUMBER = QUIET | SIGNALING | UNSUPPORTED;

/*
 * Some numbers to have by heart. 1 is an exponent of 16383 and a significand of `80000000 00000000`. An exponent
 * of nothing but ones is not a number in the ordinary sense, and we shall come to that.
 */
/** What is added to every exponent, and the exponent of infinities and NaNs. */
export const BIAS = 0x3fff;
export const SPECIAL_EXPONENT = 0x7fff;
/** The highest bit of the significand, which is the one before the point. */
export const INTEGER_BIT = -0x8000_0000;
/** The bit behind it, which makes a NaN quiet. */
export const QUIET_BIT = 0x4000_0000;

/*
 * ## The workbench
 *
 * Computing with registers would be like writing on the shelf. So operands are taken to a workbench first,
 * unpacked: sign, exponent, the two halves of the significand, and what kind of number it is. An exponent there
 * may be as negative as it likes; whether the result still goes into a register is a question for the end.
 *
 * The bench is a handful of `Real` objects, made once, and each of these files keeps its own. Nothing on it
 * outlives an instruction. V8 rewards the habit: no garbage, and fields that have always been small integers.
 */
/** A number on the workbench: (-1)^sign * 2^(exponent - BIAS) * (high.low, with the point behind its first bit). */
export class Real {
  /** 0 or 1. */
  sign = 0;
  /** With the bias. On the workbench it may lie far outside of 0 to 0x7fff. */
  exponent = 0;
  /** The halves of the significand, as signed words. */
  high = 0;
  low = 0;
  kind = ZERO_VALUE;
}

/** Sets all but the kind. */
export function setReal(real: Real, sign: number, exponent: number, high: number, low: number): void {
  real.sign = sign;
  real.exponent = exponent;
  real.high = high;
  real.low = low;
}

/*
 * `decodeReal` has one fast question for the kind that everybody uses. The rest is a decision tree of six kinds,
 * and the famous one among them is the *denormal*. What comes below the smallest number, 2^-16382? On most
 * machines it was zero, so that x and y could be different and `x - y` be 0. The standard lets the leading ones
 * go, one after the other, until nothing is left. *Gradual underflow* was the most bitterly fought paragraph of
 * all; one maker hired an expert to prove that it was a bad idea, and he came back convinced of it.
 */
/** Sets a number as the eighty bits of a register or of memory have it, and finds out what it is. */
export function decodeReal(real: Real, signAndExponent: number, high: number, low: number): void {
  const exponent = signAndExponent & SPECIAL_EXPONENT;
  real.sign = (signAndExponent >>> 15) & 1;
  real.exponent = exponent;
  real.high = high;
  real.low = low;
  if (high < 0 && exponent !== 0 && exponent !== SPECIAL_EXPONENT) real.kind = NORMAL;
  else classify(real);
}

function classify(real: Real): void {
  const { exponent, high, low } = real;
  if (exponent === 0) {
    real.kind = (high | low) === 0 ? ZERO_VALUE : DENORMAL;
    // A denormal has no bit before the point, and the exponent that the smallest normal number has.
    if (real.kind === DENORMAL) real.exponent = 1;
  } else if (high >= 0) real.kind = UNSUPPORTED;
  else if (high === INTEGER_BIT && low === 0) real.kind = INFINITE;
  else real.kind = high & QUIET_BIT ? QUIET : SIGNALING;
}

export function copyReal(from: Real, to: Real): void {
  to.sign = from.sign;
  to.exponent = from.exponent;
  to.high = from.high;
  to.low = from.low;
  to.kind = from.kind;
}

/*
 * On the bench a denormal becomes a number like any other with an exponent that no register could hold.
 */
/** Shifts a denormal to the left until its first bit is before the point; then it is like any other number. */
export function normalise(real: Real): void {
  if (real.high === 0) {
    real.high = real.low;
    real.low = 0;
    real.exponent -= 32;
  }
  const shift = Math.clz32(real.high);
  if (shift > 0) {
    real.high = (real.high << shift) | (real.low >>> (32 - shift));
    real.low <<= shift;
    real.exponent -= shift;
  }
  real.kind = NORMAL;
}

/*
 * Three things are made so often that they have their own words. The last is called *real indefinite*, and it is
 * what you get for asking how much 0 divided by 0 is. It is a NaN, its sign is minus, and nobody knows why minus.
 */
export function setZeroReal(real: Real, sign: number): void {
  setReal(real, sign, 0, 0, 0);
  real.kind = ZERO_VALUE;
}

export function setInfinity(real: Real, sign: number): void {
  setReal(real, sign, SPECIAL_EXPONENT, INTEGER_BIT, 0);
  real.kind = INFINITE;
}

/** The NaN that the unit makes when it is asked what has no answer: *real indefinite*. */
export function setIndefinite(real: Real): void {
  setReal(real, 1, SPECIAL_EXPONENT, INTEGER_BIT | QUIET_BIT, 0);
  real.kind = QUIET;
}

/** -1, 0 or 1, as the significand of a is below, like or above that of b. */
export function compareSignificands(a: Real, b: Real): number {
  if (a.high !== b.high) return a.high >>> 0 < b.high >>> 0 ? -1 : 1;
  if (a.low !== b.low) return a.low >>> 0 < b.low >>> 0 ? -1 : 1;
  return 0;
}
