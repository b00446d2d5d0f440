/*
 * # Adding
 *
 * Multiplication is easier. To add two numbers you must first put the points one below the other, which may throw
 * one of them out of sight, and when they are nearly equal and of opposite sign, the leading bits cancel and you
 * have to find the first one that is left. All the trouble of floating point is in this file.
 *
 * One thing makes it bearable. If the smaller one must be shifted far, then at most one bit can cancel, and the
 * sticky bit never comes into the part we keep. If many bits cancel, then it was hardly shifted, and nothing was
 * lost. Both cannot happen at once.
 */
import { invalid, propagateNaN, stopsAtDenormal } from './x87-nan.ts';
import { DENORMAL_OPERAND } from './x87-registers.ts';
import {
  DENORMAL,
  INFINITE,
  INTEGER_BIT,
  NORMAL,
  normalise,
  NOT_A_NUMBER,
  type Real,
  setInfinity,
  setReal,
  setZeroReal,
  ZERO_VALUE,
} from './x87-real.ts';
import { DOWN, precisionOf, round, ROUNDING_CONTROL } from './x87-rounding.ts';

/*
 * ## The unusual first
 *
 * Nearly always both operands are plain, and one comparison says so. Otherwise the order of questions matters,
 * for each has an exception of its own, and only the first one counts: NaNs before infinities, infinities before
 * denormals. Infinity less infinity is the one sum without an answer.
 */
/**
 * result = a + b, or a - b if `flip` is 1. The operands are used up.
 *
 * @returns the status bits: exceptions and C1
 */
export function add(control: number, a: Real, b: Real, flip: number, result: Real): number {
  const signA = a.sign;
  const signB = b.sign ^ flip;
  let flags = 0;
  if ((a.kind | b.kind) !== NORMAL) {
    const kinds = a.kind | b.kind;
    if (kinds & NOT_A_NUMBER) return propagateNaN(a, b, result);
    if (a.kind & b.kind & INFINITE && signA !== signB) return invalid(result);
    if (kinds & DENORMAL) {
      flags = DENORMAL_OPERAND;
      if (stopsAtDenormal(control, flags)) return flags;
    }
    if (kinds & INFINITE) {
      setInfinity(result, a.kind === INFINITE ? signA : signB);
      return flags;
    }
    if (a.kind === DENORMAL) normalise(a);
    if (b.kind === DENORMAL) normalise(b);
    if (kinds & ZERO_VALUE) return flags | addZero(control, a, b, signA, signB, result);
  }
  return (
    flags | (signA === signB ? sum(control, signA, a, b, result) : difference(control, signA, a, b, result))
  );
}

/*
 * Adding zero is not nothing: the other number still gets rounded to the precision in force. And zero has a sign.
 * It says from which side you came, and if both came from different sides, it is plus; unless you round down,
 * when it is minus. Somebody, somewhere, needs that.
 */
function addZero(control: number, a: Real, b: Real, signA: number, signB: number, result: Real): number {
  if (a.kind & b.kind & ZERO_VALUE) {
    setZeroReal(result, signA === signB ? signA : signOfNothing(control));
    return 0;
  }
  const other = a.kind === ZERO_VALUE ? b : a;
  const sign = a.kind === ZERO_VALUE ? signB : signA;
  setReal(result, sign, other.exponent, other.high, other.low);
  return round(control, precisionOf(control), 0, result);
}

/** Nothing is -0 only when rounding down. */
function signOfNothing(control: number): number {
  return (control & ROUNDING_CONTROL) === DOWN ? 1 : 0;
}

/*
 * ## Point below point
 *
 * A shift by any distance over three words. JavaScript takes shift counts modulo 32, so that `x >>> 32` is `x`,
 * and every multiple of 32 must be a case by itself. You only forget it once.
 */
/** The smaller one, shifted to the right until the points are one below the other: 96 bits, the last one sticky. */
const shifted = { high: 0, low: 0, extra: 0 };

function alignTo(distance: number, real: Real): void {
  const { high, low } = real;
  if (distance === 0) {
    shifted.high = high;
    shifted.low = low;
    shifted.extra = 0;
  } else if (distance < 32) {
    shifted.high = high >>> distance;
    shifted.low = (low >>> distance) | (high << (32 - distance));
    shifted.extra = low << (32 - distance);
  } else if (distance === 32) {
    shifted.high = 0;
    shifted.low = high;
    shifted.extra = low;
  } else if (distance < 64) {
    shifted.high = 0;
    shifted.low = high >>> (distance - 32);
    shifted.extra = (high << (64 - distance)) | (low >>> (distance - 32)) | (low << (64 - distance) ? 1 : 0);
  } else {
    shifted.high = 0;
    shifted.low = 0;
    shifted.extra = remnant(distance - 64, high, low);
  }
}

/** What is left of a number that has gone from sight, `distance` places into the last word and perhaps beyond it. */
function remnant(distance: number, high: number, low: number): number {
  if (distance === 0) return high | (low === 0 ? 0 : 1);
  if (distance >= 32) return 1;
  const lost = (high << (32 - distance)) | low;
  return (high >>> distance) | (lost === 0 ? 0 : 1);
}

/*
 * ## The sum
 *
 * Words carry as digits do. There is no carry flag in JavaScript, but if an unsigned sum is less than what was
 * added, it has gone around. One bit too many at the top means a shift to the right, in which the sticky bit
 * stays where it is.
 */
function sum(control: number, sign: number, a: Real, b: Real, result: Real): number {
  const larger = a.exponent >= b.exponent ? a : b;
  const smaller = larger === a ? b : a;
  alignTo((larger.exponent - smaller.exponent) | 0, smaller);
  let exponent = larger.exponent;
  let extra = shifted.extra;
  let low = (larger.low + shifted.low) | 0;
  const carry = low >>> 0 < shifted.low >>> 0 ? 1 : 0;
  const half = (larger.high + shifted.high) | 0;
  let high = (half + carry) | 0;
  if (half >>> 0 < shifted.high >>> 0 || (carry === 1 && high === 0)) {
    extra = (low << 31) | (extra >>> 1) | (extra & 1);
    low = (high << 31) | (low >>> 1);
    high = INTEGER_BIT | (high >>> 1);
    exponent++;
  }
  setReal(result, sign, exponent, high, low);
  return round(control, precisionOf(control), extra, result);
}

/*
 * ## The difference
 *
 * The larger less the smaller, and the sign follows the larger. Then come the zeros. 1.000001 less 1 keeps one
 * bit of twenty, and that bit is worth what the operands were worth, which may be little. It is called
 * *cancellation*, and is blamed for much. The subtraction is exact. It only shows what you had.
 */
function difference(control: number, sign: number, a: Real, b: Real, result: Real): number {
  let larger = a;
  let smaller = b;
  if (a.exponent < b.exponent || (a.exponent === b.exponent && isBelow(a, b))) {
    larger = b;
    smaller = a;
    sign ^= 1;
  }
  alignTo((larger.exponent - smaller.exponent) | 0, smaller);
  let exponent = larger.exponent;
  let extra = -shifted.extra | 0;
  const borrow = extra === 0 ? 0 : 1;
  const half = (larger.low - shifted.low) | 0;
  let low = (half - borrow) | 0;
  const carry = larger.low >>> 0 < shifted.low >>> 0 || (half === 0 && borrow === 1) ? 1 : 0;
  let high = (larger.high - shifted.high - carry) | 0;
  if (high >= 0) {
    if ((high | low | extra) === 0) {
      setZeroReal(result, signOfNothing(control));
      return 0;
    }
    while (high === 0) {
      high = low;
      low = extra;
      extra = 0;
      exponent -= 32;
    }
    const shift = Math.clz32(high);
    if (shift > 0) {
      high = (high << shift) | (low >>> (32 - shift));
      low = (low << shift) | (extra >>> (32 - shift));
      extra <<= shift;
      exponent -= shift;
    }
  }
  setReal(result, sign, exponent, high, low);
  return round(control, precisionOf(control), extra, result);
}

function isBelow(a: Real, b: Real): boolean {
  return a.high === b.high ? a.low >>> 0 < b.low >>> 0 : a.high >>> 0 < b.high >>> 0;
}
