/*
 * # And back again
 *
 * Given a point, which way is it? A quotient cannot tell: (1, 1) and (-1, -1) have the same. So FPATAN takes both
 * coordinates and gives you the angle in the whole plane. Fortran called the function ATAN2, since ATAN was
 * taken, and the 8087 has no other.
 *
 * It is the one function here that is defined for everything. There is even an answer for the point (infinity,
 * infinity): an eighth of a turn, in the spirit of fairness.
 */
import type { Instruction } from './instruction.ts';
import { X87_CONTROL } from './layout.ts';
import type { Processor } from './processor.ts';
import { propagateNaN, stopsAtDenormal } from './x87-nan.ts';
import { deliverBelow, missing, takePair } from './x87-operands.ts';
import { DENORMAL_OPERAND, INEXACT, UNDERFLOWN } from './x87-registers.ts';
import {
  DENORMAL,
  INFINITE,
  NORMAL,
  normalise,
  NOT_A_NUMBER,
  Real,
  setZeroReal,
  ZERO_VALUE,
} from './x87-real.ts';
import {
  ONE,
  PI,
  PLACES,
  roundMagnitude,
  scaleOf,
  series,
  shifted,
  significand,
  times,
} from './x87-series.ts';

const x = new Real();
const y = new Real();
const result = new Real();

/** FPATAN: the angle of the point (ST(0), ST(1)), anywhere in the plane. */
export function arctangent(cpu: Processor, i: Instruction): void {
  const there = takePair(cpu, i, 1, x, y);
  deliverBelow(cpu.words, result, there ? angle(cpu.words[X87_CONTROL]!) : missing(result));
}

/*
 * Three roads lead from here: no answer, an answer that can be looked up, and an answer that must be computed.
 */
function angle(control: number): number {
  const kinds = x.kind | y.kind;
  let flags = 0;
  if (kinds !== NORMAL) {
    if (kinds & NOT_A_NUMBER) return propagateNaN(x, y, result);
    if (kinds & DENORMAL) {
      flags = DENORMAL_OPERAND;
      if (stopsAtDenormal(control, flags)) return flags;
    }
    if (kinds & (ZERO_VALUE | INFINITE)) return flags | onAxis(control);
    if (x.kind === DENORMAL) normalise(x);
    if (y.kind === DENORMAL) normalise(y);
  }
  return flags | inPlane(control);
}

/*
 * ## The edges of the world
 *
 * Along the axes and at infinity the angle is a number of eighths of a turn, and the sign of zero comes into its
 * own: just above the negative axis is pi, just below is -pi.
 */
/** Eighths of a full turn, for points on an axis or infinitely far away (SDM vol. 2, FPATAN). */
function onAxis(control: number): number {
  let eighths: number;
  if (y.kind === INFINITE) eighths = x.kind === INFINITE ? (x.sign === 1 ? 3 : 1) : 2;
  else if (y.kind === ZERO_VALUE || x.kind === INFINITE) eighths = x.sign === 1 ? 4 : 0;
  else eighths = 2;
  if (eighths === 0) {
    setZeroReal(result, y.sign);
    return 0;
  }
  return roundMagnitude(control, y.sign, PI * BigInt(eighths), -PLACES - 2, false, result);
}

/*
 * ## In the plane
 *
 * The smaller coordinate over the larger one is at most 1. Everything else is mirrors: a steep angle is a right
 * angle less a flat one, and one to the left is half a turn less one to the right.
 */
/** Below this difference of exponents a quotient is its own arctangent. */
const TINY = -33;

function inPlane(control: number): number {
  // The smaller one over the larger one, with its own exponent: the quotient may be as small as 2^-32000.
  const steep = x.exponent < y.exponent || (x.exponent === y.exponent && significand(x) < significand(y));
  const lower = steep ? y : x;
  const upper = steep ? x : y;
  const quotient = (significand(upper) << 320n) / significand(lower);
  const power = scaleOf(upper) - scaleOf(lower) - 320;
  if (!steep && x.sign === 0 && upper.exponent - lower.exponent < TINY) {
    const flags = roundMagnitude(control, y.sign, quotient, power, true, result);
    return flags | INEXACT | (result.high >= 0 ? UNDERFLOWN : 0);
  }
  if (!steep && x.sign === 0) {
    return roundMagnitude(control, y.sign, arctangentOf(quotient, power), power - PLACES, false, result);
  }
  // Otherwise it is a quarter of a turn, or half a turn, less or more something.
  const small = shifted(arctangentOf(quotient, power), power);
  const magnitude = steep ? PI / 2n + (x.sign === 1 ? small : -small) : PI - small;
  return roundMagnitude(control, y.sign, magnitude, -PLACES, false, result);
}

/*
 * Between 0.4 and 1 one more mirror, at an eighth of a turn, brings the quotient below 0.43. And then a series of
 * Euler's, which for these converges by at least a factor of six each term; some seventy terms are 192 places.
 */
/** The arctangent of t = quotient * 2^power, up to 1, over 2^power. */
function arctangentOf(quotient: bigint, power: number): bigint {
  const t = shifted(quotient, power + PLACES);
  if (5n * t > 2n * ONE) {
    // Above tan(pi/8) or nearly: pi/4 less the arctangent of (1 - t)/(1 + t), which is small.
    const other = ((ONE - t) << 192n) / (ONE + t);
    return shifted(PI / 4n - times(other, euler(other)), -power);
  }
  return quotient * euler(t);
}

/** atan(t)/t, from Euler's series in t^2/(1 + t^2). */
function euler(t: bigint): bigint {
  const square = times(t, t);
  const ratio = (square << 192n) / (ONE + square);
  const sum = series((term, n) => (times(term, ratio) * 2n * n) / (2n * n + 1n));
  return (sum << 192n) / (ONE + square);
}
