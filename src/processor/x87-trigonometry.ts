/*
 * # Sines and tangents
 *
 * A table of sines, as sailors used to carry, has an entry for each minute of an eighth of a turn, 2,700 numbers, and
 * mirrors for all the rest. We have the mirrors already, in `turnBack`, and for the numbers a series.
 */
import type { Instruction } from './instruction.ts';
import { X87_CONTROL, X87_STATUS } from './layout.ts';
import type { Processor } from './processor.ts';
import { NOT_DONE, ofAngle, type Turned } from './x87-angle.ts';
import { deliverTwo, missing, takeTop, takeTopWithRoom } from './x87-operands.ts';
import { C1, C2, deliver, INEXACT, settle } from './x87-registers.ts';
import { BIAS, INTEGER_BIT, NORMAL, Real, setReal, setZeroReal } from './x87-real.ts';
import { PLACES, roundMagnitude, roundUnchanged, series, shifted, times } from './x87-series.ts';

const a = new Real();
const result = new Real();
const second = new Real();

/*
 * ## The series
 *
 * x - x^3/3! + x^5/5! - ... Divided by x it begins with 1 and stays near, and so a small angle keeps all its
 * digits: the factor has 192 places, the angle is exact.
 */
/** sin(x)/x and cos(x), from Taylor's series in x^2. */
function sineFactor(square: bigint): bigint {
  return series((term, n) => -times(term, square) / (2n * n * (2n * n + 1n)));
}

function cosineOf(square: bigint): bigint {
  return series((term, n) => -times(term, square) / (2n * n * (2n * n - 1n)));
}

function squareOf({ magnitude, power }: Turned): bigint {
  const fixed = shifted(magnitude, power + PLACES);
  return times(fixed, fixed);
}

/*
 * ## Two functions in one
 *
 * A cosine is a sine one right angle further on. In an odd quadrant the sine is the cosine of what is left, in the
 * third and fourth it is negative.
 *
 * For an angle below 2^-68 the sine is the angle, and now directed rounding ought to go one down, for the sine is a
 * little smaller. Processors do not bother, and we follow them in that, too.
 */
/** Below this exponent an angle is its own sine and tangent, and its cosine is 1. */
const TINY = BIAS - 68;

/** The sine of a turned angle `ahead` right angles further on: with 1 it is the cosine. */
function roundSine(control: number, turned: Turned, ahead: number, into: Real): number {
  if (a.exponent < TINY) {
    if (ahead === 0) return roundUnchanged(control, a, into);
    setOne(into);
    return INEXACT;
  }
  const square = squareOf(turned);
  const quadrant = (turned.quadrant + ahead) & 3;
  const below = quadrant >= 2;
  if (quadrant & 1) return roundMagnitude(control, below ? 1 : 0, cosineOf(square), -PLACES, false, into);
  const magnitude = turned.magnitude * sineFactor(square);
  const sign = below !== turned.negative ? 1 : 0;
  return roundMagnitude(control, sign, magnitude, turned.power - PLACES, false, into);
}

/*
 * The tangent is the quotient of the two, upside down in the odd quadrants, where it may be as large as 2^64. In both
 * cases the dividend is first moved up by more places than rounding will ever look at.
 *
 * Of a small angle processors have the tangent a little too small. Where they lose it nobody has told us, but it must
 * be in a product with the significand: of an angle that is a power of two, and has nothing but a 1 in it, nothing is
 * lost, and it comes back as it went in, whichever way one rounds.
 */
/** Below this exponent the tangent comes out a little too small instead of a little too large. */
const SMALL = BIAS - 33;

function isPowerOfTwo({ high, low }: Real): boolean {
  return high === INTEGER_BIT && low === 0;
}

function roundTangent(control: number, turned: Turned, into: Real): number {
  if (a.exponent < TINY) return roundUnchanged(control, a, into);
  if (a.exponent <= SMALL && isPowerOfTwo(a)) return roundUnchanged(control, a, into);
  if (a.exponent < SMALL) {
    const less = (turned.magnitude << 64n) - 1n;
    return roundMagnitude(control, a.sign, less, turned.power - 64, false, into);
  }
  const square = squareOf(turned);
  const upper = turned.magnitude * sineFactor(square);
  const lower = cosineOf(square);
  const odd = turned.quadrant & 1;
  const sign = turned.negative !== (odd === 1) ? 1 : 0;
  if (!odd) return roundMagnitude(control, sign, (upper << 128n) / lower, turned.power - 128, false, into);
  const places = 448;
  const quotient = (lower << BigInt(places)) / upper;
  return roundMagnitude(control, sign, quotient, -places - turned.power, false, into);
}

function setOne(real: Real): void {
  setReal(real, 0, BIAS, INTEGER_BIT, 0);
  real.kind = NORMAL;
}

/*
 * ## FSIN and FCOS
 *
 * The 8087 had neither. It had FPTAN only, for angles up to an eighth of a turn, and everything else was left to the
 * program as an exercise. These two and FSINCOS came with the 387 in 1987.
 */
/** FSIN, with `operation` 0, and FCOS, with 1. */
export function sine(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const there = takeTop(cpu, i, a);
  words[X87_STATUS]! &= ~C2;
  if (!there) {
    deliver(words, 0, result, missing(result));
    return;
  }
  const control = words[X87_CONTROL]!;
  const ahead = i.operation;
  const atZero = () => (ahead === 1 ? setOne(result) : setZeroReal(result, a.sign));
  const flags = ofAngle(control, a, result, second, atZero, (turned) =>
    roundSine(control, turned, ahead, result),
  );
  if (flags === NOT_DONE) leaveForLater(words);
  else deliver(words, 0, result, flags);
}

/** The angle stays where it is, and C2 says so. */
function leaveForLater(words: Int32Array): void {
  settle(words, 0);
  words[X87_STATUS]! |= C2;
}

/*
 * ## Two results
 *
 * Who wants the sine usually wants the cosine as well, to turn something. On a 387 FSIN took up to 771 cycles and
 * FSINCOS up to 809, since most of it is getting the angle down. FPTAN pushes a 1, which is of no use to anybody. From
 * the 8087 the tangent came as two numbers that the program had to divide by itself; the 387 divides, and leaves a
 * divisor for programs that still do.
 */
/** FSINCOS: the sine replaces ST(0), and the cosine is pushed. */
export function sineAndCosine(cpu: Processor, i: Instruction): void {
  const control = cpu.words[X87_CONTROL]!;
  twoResults(cpu, i, (turned) => {
    // C1 tells of the cosine only.
    const flags = roundSine(control, turned, 0, result) & ~C1;
    return flags | roundSine(control, turned, 1, second);
  });
}

/** FPTAN: the tangent replaces ST(0), and a 1 is pushed. */
export function tangent(cpu: Processor, i: Instruction): void {
  const control = cpu.words[X87_CONTROL]!;
  twoResults(cpu, i, (turned) => {
    setOne(second);
    return roundTangent(control, turned, result);
  });
}

/** What both have in common: at zero the results are 0 and 1, and if the angle is too large nothing is pushed. */
function twoResults(cpu: Processor, i: Instruction, compute: (turned: Turned) => number): void {
  const words = cpu.words;
  let flags = takeTopWithRoom(cpu, i, a);
  words[X87_STATUS]! &= ~C2;
  if (flags === 0) {
    const atZero = () => {
      setZeroReal(result, a.sign);
      setOne(second);
    };
    flags = ofAngle(words[X87_CONTROL]!, a, result, second, atZero, compute);
  }
  if (flags === NOT_DONE) leaveForLater(words);
  else deliverTwo(words, result, second, flags);
}
