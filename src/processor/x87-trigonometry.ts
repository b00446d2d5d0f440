/*
 * # Sines
 *
 * To compute the sine of 10^15, you take away whole turns until an angle is left. Take away how much? The turn is
 * 2 pi, and pi you know to so many digits. For each digit before the point of the angle you lose one behind it.
 *
 * Intel's processors know 66 bits of it:
 *
 * ```text
 *    11.0010010000111111011010101000100010000101101000110000100011010011 | 000100110001...
 *    |-------------------------- 66 bits ----------------------------| and so it would go on
 * ```
 *
 * By luck the next three bits are zeros. Even so the sine of the double next to pi comes out right in only its
 * first fifteen bits. The manual claimed for twenty years that the error is at most one in the last place. In
 * 2014 Bruce Dawson computed it, and found the claim off by a factor of 1.3 quintillion; then the manual was
 * changed, and now says that the 66 bits are the definition. We do as the processors do. The sine is the sine of
 * *this* pi, and exactly that: whoever wants the other one must take the turns away by himself, as C libraries
 * do.
 */
import type { Instruction } from './instruction.ts';
import { X87_CONTROL, X87_STATUS } from './layout.ts';
import type { Processor } from './processor.ts';
import { invalid, quietNaN, stopsAtDenormal } from './x87-nan.ts';
import {
  beginX87,
  C1,
  C2,
  deliver,
  deliverUnderflow,
  DENORMAL_OPERAND,
  EARLY,
  INEXACT,
  isEmpty,
  pushStack,
  readStack,
  rememberInstruction,
  settle,
  STACK_OVERFLOW,
  STACK_UNDERFLOW,
  writeStack,
} from './x87-registers.ts';
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
  setIndefinite,
  setReal,
  setZeroReal,
  ZERO_VALUE,
} from './x87-real.ts';
import {
  PLACES,
  roundMagnitude,
  roundUnchanged,
  scaleOf,
  series,
  shifted,
  significand,
  times,
} from './x87-series.ts';

const a = new Real();
const result = new Real();
const second = new Real();

/** From 2^63 on nothing is computed: C2 says that the program should bring the angle down first. */
const TOO_LARGE = BIAS + 63;

/** Pi as the processor knows it: 66 bits, and this is 2^64 times that (SDM vol. 1, 8.3.8). */
const PI_66 = 0x3_243f_6a88_85a3_08d3n;

/*
 * ## Turning back
 *
 * Not whole turns: right angles. Then at most an eighth of a turn is left, where series are short, and the number
 * of right angles modulo four says which series and which sign. An angle and this pi are both finite, so the
 * remainder is exact. Nothing is rounded until the very end.
 */
/** An angle within a quarter of pi of zero, magnitude * 2^power, and by how many right angles it was turned. */
interface Turned {
  negative: boolean;
  magnitude: bigint;
  power: number;
  quadrant: number;
}

/** Turns an angle back by right angles until it is next to zero. Below 1/2 it stays as it is. */
function turnBack(angle: Real): Turned {
  const negative = angle.sign === 1;
  const power = scaleOf(angle);
  const magnitude = significand(angle);
  if (angle.exponent < BIAS - 1) return { negative, magnitude, power, quadrant: 0 };
  // In units of 2^-128 everything is whole: the angle ends at 2^-64, half of pi at 2^-65.
  const whole = magnitude << BigInt(128 + power);
  const right = PI_66 << 63n;
  const turns = (2n * whole + right) / (2n * right);
  const rest = whole - turns * right;
  const quadrant = Number(turns & 3n);
  return {
    negative: negative !== rest < 0n,
    magnitude: rest < 0n ? -rest : rest,
    power: -128,
    quadrant: negative ? -quadrant & 3 : quadrant,
  };
}

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
 * A cosine is a sine one right angle further on. For an angle below 2^-68 the sine is the angle, and now directed
 * rounding ought to go one down, for the sine is a little smaller. Processors do not bother, and we follow them
 * in that, too.
 */
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

function roundTangent(control: number, turned: Turned, into: Real): number {
  if (a.exponent < TINY) return roundUnchanged(control, a, into);
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

/*
 * ## What is not an angle
 *
 * Beyond 2^63 the unit refuses: C2 is set, nothing else happens, and the program is expected to have read the
 * manual. Infinity has no sine at all.
 */
/** What an operation on one angle gave: status bits, and whether it was too large to be done. */
const NOT_DONE = -1;

/** Sorts out what needs no series, and calls `compute` for the rest. */
function ofAngle(control: number, atZero: () => void, compute: (turned: Turned) => number): number {
  let flags = 0;
  if (a.kind !== NORMAL) {
    if (a.kind & NOT_A_NUMBER) {
      flags = quietNaN(a, result);
      copyReal(result, second);
      return flags;
    }
    if (a.kind === INFINITE) {
      setIndefinite(second);
      return invalid(result);
    }
    if (a.kind === ZERO_VALUE) {
      atZero();
      return 0;
    }
    if (a.kind === DENORMAL) {
      flags = DENORMAL_OPERAND;
      if (stopsAtDenormal(control, flags)) return flags;
      normalise(a);
    }
  }
  if (a.exponent >= TOO_LARGE) return NOT_DONE;
  return flags | compute(turnBack(a));
}

/** Below this exponent an angle is its own sine and tangent, and its cosine is 1. */
const TINY = BIAS - 68;
/** And below this one processors have its tangent a little too small instead of a little too large. */
const SMALL = BIAS - 33;

function setOne(real: Real): void {
  setReal(real, 0, BIAS, INTEGER_BIT, 0);
  real.kind = NORMAL;
}

/** FSIN, with `operation` 0, and FCOS, with 1. */
export function sine(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  beginX87(cpu);
  rememberInstruction(cpu, i);
  words[X87_STATUS]! &= ~C2;
  if (isEmpty(words, 0)) {
    deliverUnderflow(words, 0, result);
    return;
  }
  readStack(words, 0, a);
  const control = words[X87_CONTROL]!;
  const ahead = i.operation;
  const flags = ofAngle(
    control,
    () => (ahead === 1 ? setOne(result) : setZeroReal(result, a.sign)),
    (turned) => roundSine(control, turned, ahead, result),
  );
  if (flags === NOT_DONE) leaveForLater(words);
  else deliver(words, 0, result, flags);
}

/** FSINCOS: the sine replaces ST(0), the cosine is pushed. FPTAN: the tangent, and a 1. `operation` says which. */
export function sineAndCosine(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const control = words[X87_CONTROL]!;
  twoResults(cpu, i, (turned) => {
    // C1 tells of the cosine only.
    const flags = roundSine(control, turned, 0, result) & ~C1;
    return flags | roundSine(control, turned, 1, second);
  });
}

/** FPTAN: the tangent, and then a 1, for an 8087 had only their quotient to offer. */
export function tangent(cpu: Processor, i: Instruction): void {
  const control = cpu.words[X87_CONTROL]!;
  twoResults(cpu, i, (turned) => {
    setOne(second);
    return roundTangent(control, turned, result);
  });
}

function twoResults(cpu: Processor, i: Instruction, compute: (turned: Turned) => number): void {
  const words = cpu.words;
  beginX87(cpu);
  rememberInstruction(cpu, i);
  words[X87_STATUS]! &= ~C2;
  let flags: number;
  if (isEmpty(words, 0) || !isEmpty(words, 7)) {
    flags = isEmpty(words, 0) ? STACK_UNDERFLOW : STACK_OVERFLOW;
    setIndefinite(result);
    setIndefinite(second);
  } else {
    readStack(words, 0, a);
    const atZero = () => {
      setZeroReal(result, a.sign);
      setOne(second);
    };
    flags = ofAngle(words[X87_CONTROL]!, atZero, compute);
  }
  if (flags === NOT_DONE) {
    leaveForLater(words);
    return;
  }
  if (settle(words, flags) & EARLY) return;
  writeStack(words, 0, result);
  pushStack(words);
  writeStack(words, 0, second);
}

/** The angle stays where it is, and C2 says so. */
function leaveForLater(words: Int32Array): void {
  settle(words, 0);
  words[X87_STATUS]! |= C2;
}
