/*
 * # Adding
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
  setZeroReal,
  ZERO_VALUE,
} from './x87-real.ts';
import { precisionOf, round } from './x87-rounding.ts';

/** The rounding mode in which a difference of nothing is -0. */
const ROUNDING_CONTROL = 0xc00;
const DOWN = 0x400;

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

function addZero(control: number, a: Real, b: Real, signA: number, signB: number, result: Real): number {
  if (a.kind & b.kind & ZERO_VALUE) {
    setZeroReal(result, signA === signB ? signA : signOfNothing(control));
    return 0;
  }
  const other = a.kind === ZERO_VALUE ? b : a;
  const sign = a.kind === ZERO_VALUE ? signB : signA;
  return round(control, precisionOf(control), sign, other.exponent, other.high, other.low, 0, result);
}

function signOfNothing(control: number): number {
  return (control & ROUNDING_CONTROL) === DOWN ? 1 : 0;
}

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
    shifted.extra =
      distance === 64 ? high | (low ? 1 : 0) : distance < 96 ? (high >>> (distance - 64)) | 1 : 1;
  }
}

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
  return round(control, precisionOf(control), sign, exponent, high, low, extra, result);
}

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
  return round(control, precisionOf(control), sign, exponent, high, low, extra, result);
}

function isBelow(a: Real, b: Real): boolean {
  return a.high === b.high ? a.low >>> 0 < b.low >>> 0 : a.high >>> 0 < b.high >>> 0;
}
