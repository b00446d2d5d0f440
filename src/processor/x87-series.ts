/*
 * # More digits than anyone needs
 *
 * A sine cannot be computed as if there were room for everything and then rounded. There is never room; it has no
 * last digit. What you can do is compute a few more than you want, and hope that they are not `1000000` or
 * `0111111`, when the next ones would decide. With 64 digits in the result you need about 64 more to be all but
 * sure. We take 192 behind the point, and `BigInt` to hold them.
 *
 * That is slow, some microseconds each. An 8087 took some hundred, at 5 MHz, and people were glad.
 *
 * A *fixed-point* number here is an integer that means itself divided by 2^192. Adding them is adding. A product
 * has twice the places, and half of them are cut off.
 */
import { INEXACT, UNDERFLOWN } from './x87-registers.ts';
import { BIAS, copyReal, type Real, setReal } from './x87-real.ts';
import { EXTENDED, round } from './x87-rounding.ts';

/** Bits behind the point of all fixed-point numbers here. */
export const PLACES = 192;
export const ONE = 1n << 192n;

/** a * b of two fixed-point numbers, rounded down. */
export function times(a: bigint, b: bigint): bigint {
  return (a * b) >> 192n;
}

/*
 * All the functions that follow are power series, made term by term, each out of the last. You stop when a term
 * is nothing. JavaScript hardly ever looks as much like what is on the blackboard.
 */
/** ONE + term(1) + term(2) + ...: each made of the one before, until nothing is left of them. */
export function series(next: (term: bigint, n: bigint) => bigint): bigint {
  let total = ONE;
  for (let n = 1n, term = next(ONE, n); term !== 0n; n++, term = next(term, n)) total += term;
  return total;
}

/*
 * ## Two constants
 *
 * Nobody should have to trust sixty digits copied from a book. John Machin found in 1706 that pi is 16 atan(1/5)
 * - 4 atan(1/239), and computed a hundred digits with it by hand. It takes us less than a millisecond, at every
 * start.
 */
/** atan(1/n), or atanh(1/n) if `sign` is 1: 1/n -+ 1/3n^3 + 1/5n^5 ... */
function inverse(n: bigint, sign: bigint): bigint {
  let power = ONE / n;
  let total = power;
  for (let odd = 3n; power !== 0n; odd += 2n) {
    power = (sign * power) / (n * n);
    total += power / odd;
  }
  return total;
}

/** Machin's formula of 1706, and one for the logarithm in the same spirit. */
export const PI = 16n * inverse(5n, -1n) - 4n * inverse(239n, -1n);
export const LN2 = 18n * inverse(26n, 1n) - 2n * inverse(4801n, 1n) + 8n * inverse(8749n, 1n);

/*
 * ## To and from registers
 *
 * Between the bench and the blackboard. A result comes as an integer and a power of two; its 96 first bits are
 * what `round` wants, and all behind them is sticky. Even if nothing is behind them: a sine other than 0 is never
 * a short number, so the bit is set by decree.
 */
/** The number of bits of a positive number. */
export function bitLength(n: bigint): number {
  const digits = n.toString(16);
  return digits.length * 4 - Math.clz32(Number.parseInt(digits[0]!, 16)) + 28;
}

/** The significand of a normal number as an integer; the number is that times 2^`scaleOf`. */
export function significand(a: Real): bigint {
  return (BigInt(a.high >>> 0) << 32n) | BigInt(a.low >>> 0);
}

export function scaleOf(a: Real): number {
  return a.exponent - BIAS - 63;
}

/** n * 2^by, rounded down. */
export function shifted(n: bigint, by: number): bigint {
  return by >= 0 ? n << BigInt(by) : n >> BigInt(-by);
}

/**
 * Rounds magnitude * 2^power to a register.
 *
 * @param exact whether that is the whole truth; else a little is missing that no precision would ever bring in
 */
export function roundMagnitude(
  control: number,
  sign: number,
  magnitude: bigint,
  power: number,
  exact: boolean,
  result: Real,
): number {
  const bits = bitLength(magnitude);
  const top = shifted(magnitude, 96 - bits);
  const lost = bits > 96 && shifted(top, bits - 96) !== magnitude;
  const word = (at: bigint) => Number(BigInt.asIntN(32, top >> at));
  const extra = word(0n) | (lost || !exact ? 1 : 0);
  setReal(result, sign, BIAS + power + bits - 1, word(64n), word(32n));
  return round(control, EXTENDED, extra, result);
}

/**
 * Puts a number where its function would be but for a difference no processor looks for: sin(x) is x, if x is small
 * enough. It counts as inexact all the same, and never as rounded up.
 */
export function roundUnchanged(control: number, a: Real, result: Real): number {
  copyReal(a, result);
  const flags = round(control, EXTENDED, 0, result);
  return flags | INEXACT | (a.exponent <= 0 ? UNDERFLOWN : 0);
}
