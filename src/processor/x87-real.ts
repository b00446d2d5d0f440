/*
 * # Eighty bits
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

/** What is added to every exponent, and the exponent of infinities and NaNs. */
export const BIAS = 0x3fff;
export const SPECIAL_EXPONENT = 0x7fff;
/** The highest bit of the significand, which is the one before the point. */
export const INTEGER_BIT = -0x8000_0000;
/** The bit behind it, which makes a NaN quiet. */
export const QUIET_BIT = 0x4000_0000;

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
