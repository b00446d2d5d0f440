/*
 * # Logarithms
 *
 * A register has eleven bits more than a double, and it has them for what is done in this file. x^y is 2 to the power
 * of y log2(x). If that product is 1000, ten of its bits stand before the point, where they only count powers of two,
 * and the digits of the answer must all come out of the bits that are left.
 *
 * How near do we come to a real processor? It computes with a few more bits than it shows, we with some hundred
 * more, so ours is the better rounded. Of a hundred random logarithms seven differ, by one in the last place, and
 * nearly always theirs is the smaller.
 */
import type { Instruction } from './instruction.ts';
import { X87_CONTROL } from './layout.ts';
import type { Processor } from './processor.ts';
import { invalid, propagateNaN, stopsAtDenormal } from './x87-nan.ts';
import { deliverBelow, missing, takePair } from './x87-operands.ts';
import { DENORMAL_OPERAND, INEXACT, UNDERFLOWN, ZERO_DIVIDE } from './x87-registers.ts';
import {
  BIAS,
  copyReal,
  DENORMAL,
  INFINITE,
  INTEGER_BIT,
  NORMAL,
  normalise,
  NOT_A_NUMBER,
  Real,
  setInfinity,
  setZeroReal,
  ZERO_VALUE,
} from './x87-real.ts';
import {
  bitLength,
  LN2,
  ONE,
  PLACES,
  roundMagnitude,
  scaleOf,
  shifted,
  significand,
  times,
} from './x87-series.ts';

const x = new Real();
const y = new Real();
const result = new Real();

/** FYL2X: ST(1) = ST(1) * log2(ST(0)), and pop. */
export function logarithm(cpu: Processor, i: Instruction): void {
  const there = takePair(cpu, i, 1, x, y);
  deliverBelow(cpu.words, result, there ? scaledLogarithm(cpu.words[X87_CONTROL]!) : missing(result));
}

/** FYL2XP1: ST(1) = ST(1) * log2(ST(0) + 1), and pop; for ST(0) so near to 0 that adding 1 would lose it. */
export function logarithmPlusOne(cpu: Processor, i: Instruction): void {
  const there = takePair(cpu, i, 1, x, y);
  deliverBelow(cpu.words, result, there ? scaledLogarithmPlusOne(cpu.words[X87_CONTROL]!) : missing(result));
}

/*
 * ## How not to have one
 *
 * A negative number has no logarithm. Zero has: minus infinity. That is called a division by zero, for want of a better
 * word, and has its exception. Then there are the three products that could be anything, nothing times the logarithm of
 * nothing, nothing times that of infinity, and infinity times that of 1, which is nothing again.
 */
function isOne(real: Real): boolean {
  return real.kind === NORMAL && real.exponent === BIAS && real.high === INTEGER_BIT && real.low === 0;
}

function scaledLogarithm(control: number): number {
  const kinds = x.kind | y.kind;
  let flags = 0;
  if (kinds & NOT_A_NUMBER) return propagateNaN(x, y, result);
  if (x.sign === 1 && x.kind !== ZERO_VALUE) return invalid(result);
  if (x.kind === ZERO_VALUE) {
    if (y.kind === ZERO_VALUE) return invalid(result);
    setInfinity(result, y.sign ^ 1);
    if (y.kind === INFINITE) return 0;
    return ZERO_DIVIDE;
  }
  if (y.kind === ZERO_VALUE && x.kind === INFINITE) return invalid(result);
  if (y.kind === INFINITE && isOne(x)) return invalid(result);
  if (kinds & DENORMAL) {
    flags = DENORMAL_OPERAND;
    if (stopsAtDenormal(control, flags)) return flags;
  }
  const below = x.kind !== INFINITE && x.exponent < BIAS ? 1 : 0;
  if (kinds & INFINITE) {
    setInfinity(result, y.sign ^ below);
    return flags;
  }
  if (y.kind === ZERO_VALUE || isOne(x)) {
    setZeroReal(result, y.sign ^ below);
    return flags;
  }
  if (x.kind === DENORMAL) normalise(x);
  if (y.kind === DENORMAL) normalise(y);
  const { magnitude, power, negative, exact } = logarithmOf(significand(x), scaleOf(x));
  // Even where the logarithm is a whole number, processors call the result inexact, and a tiny one an underflow.
  const rounded = timesY(control, magnitude, power, negative, exact);
  return flags | INEXACT | rounded | (result.exponent <= 0 ? UNDERFLOWN : 0);
}

/*
 * ## The exponent is nearly all
 *
 * log2 of m 2^n is n + log2(m), and n stands there in the number. Only for an m near 1 there is something to
 * compute, and if n is 0 that is all there is, and it must be right in every digit relative to itself. Hence the
 * trick with the square root: a number just below 1 should not be 2^-1 times something just below 2.
 */
interface Logarithm {
  magnitude: bigint;
  power: number;
  negative: boolean;
  exact: boolean;
}

/** The logarithm to base 2 of n * 2^power: the exponent, and the logarithm of a number from 0.7 to 1.4. */
function logarithmOf(n: bigint, power: number): Logarithm {
  const length = bitLength(n);
  // A number above the square root of 2 is nearer to the next power of two than to its own.
  const bits = shifted(n, 64 - length) > ROOT_OF_TWO ? length : length - 1;
  const whole = bits + power;
  const one = 1n << BigInt(bits);
  if (n === one) {
    // A whole number. Processors come out a little below it if it is negative.
    const magnitude = BigInt(Math.abs(whole)) << 256n;
    return {
      magnitude: whole < 0 ? magnitude - 1n : magnitude,
      power: -256,
      negative: whole < 0,
      exact: whole > 0,
    };
  }
  // ln m = 2 atanh((m - 1)/(m + 1)), and what is left of m - 1 is exact.
  const sum = (BigInt(whole) << 256n) + logarithmOfRatio(n - one, n + one);
  return { magnitude: sum < 0n ? -sum : sum, power: -256, negative: sum < 0n, exact: false };
}

/** 2^63 times the square root of 2; it need not be exact. */
const ROOT_OF_TWO = 0xb504_f333_f9de_6484n;

/*
 * The series for ln(1 + x) crawls. That for atanh has only odd powers, of a number that is at most 0.172, and
 * gains five bits a term.
 */
/** 2 atanh(upper/lower)/ln 2 with 256 places: 64 of them are for a quotient that may be as small as 2^-64. */
function logarithmOfRatio(upper: bigint, lower: bigint): bigint {
  const quotient = (upper << 320n) / lower;
  const factor = areaFactor(quotient >> 128n);
  return ((2n * quotient * factor) / LN2) >> 64n;
}

/** atanh(z)/z = 1 + z^2/3 + z^4/5 + ... */
function areaFactor(z: bigint): bigint {
  const square = times(z, z);
  let power = ONE;
  let total = ONE;
  for (let odd = 3n; power !== 0n; odd += 2n) {
    power = times(power, square);
    total += power / odd;
  }
  return total;
}

function timesY(
  control: number,
  magnitude: bigint,
  power: number,
  negative: boolean,
  exact: boolean,
): number {
  const sign = y.sign ^ (negative ? 1 : 0);
  return roundMagnitude(control, sign, magnitude * significand(y), power + scaleOf(y), exact, result);
}

/*
 * ## Near 1
 *
 * If x is so small that 1 + x would be 1, then z = x/(2 + x) is about x/2, with an exponent of its own, and
 * nothing is lost. If x is not small, the manual promises nothing, but processors give the right answer; so do
 * we, by the other way.
 */
function scaledLogarithmPlusOne(control: number): number {
  const kinds = x.kind | y.kind;
  let flags = 0;
  if (kinds & NOT_A_NUMBER) return propagateNaN(x, y, result);
  if (kinds & INFINITE && kinds & ZERO_VALUE) return invalid(result);
  if (x.kind === INFINITE && x.sign === 1) return invalid(result);
  if (kinds & DENORMAL) {
    flags = DENORMAL_OPERAND;
    if (stopsAtDenormal(control, flags)) return flags;
  }
  if (kinds & INFINITE) {
    setInfinity(result, x.sign ^ y.sign);
    return flags;
  }
  if (kinds & ZERO_VALUE) {
    setZeroReal(result, x.sign ^ y.sign);
    return flags;
  }
  if (x.kind === DENORMAL) normalise(x);
  if (y.kind === DENORMAL) normalise(y);
  return flags | nearOne(control);
}

/** With z = x/(2 + x). Where x is tiny, so is z, and keeps an exponent of its own. */
function nearOne(control: number): number {
  if (x.sign === 1 && x.exponent >= BIAS) {
    // There is no such logarithm. The manual promises nothing; processors hand back what they were given.
    copyReal(x, result);
    return INEXACT;
  }
  if (x.exponent >= BIAS - 2) {
    const { magnitude, power, negative, exact } = logarithmOf(...onePlusX());
    return INEXACT | timesY(control, magnitude, power, negative, exact);
  }
  const shift = -scaleOf(x);
  const two = 1n << BigInt(shift + 1);
  const units = significand(x);
  const lower = x.sign === 1 ? two - units : two + units;
  const places = 256 + shift;
  const quotient = (units << BigInt(places)) / lower;
  const factor = areaFactor(shifted(quotient, PLACES - places));
  return timesY(control, (2n * quotient * factor) / LN2, -places, x.sign === 1, false);
}

/** 1 + x, for an x that is not small: an integer and a power of two. Far out the 1 makes no difference any more. */
function onePlusX(): [n: bigint, power: number] {
  const n = significand(x);
  const power = scaleOf(x);
  if (power > 256) return [n, power];
  if (power >= 0) return [(n << BigInt(power)) + 1n, 0];
  const one = 1n << BigInt(-power);
  return [x.sign === 1 ? one - n : one + n, power];
}
