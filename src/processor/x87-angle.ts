/*
 * # Angles
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
import { invalid, quietNaN, stopsAtDenormal } from './x87-nan.ts';
import { DENORMAL_OPERAND } from './x87-registers.ts';
import {
  BIAS,
  copyReal,
  INFINITE,
  NORMAL,
  normalise,
  NOT_A_NUMBER,
  type Real,
  setIndefinite,
  ZERO_VALUE,
} from './x87-real.ts';
import { scaleOf, significand } from './x87-series.ts';

/** Pi as the processor knows it: 66 bits, and this is 2^64 times that (SDM vol. 1, 8.3.8). */
const PI_66 = 0x3_243f_6a88_85a3_08d3n;

/*
 * ## Turning back
 *
 * Not whole turns: right angles. Then at most an eighth of a turn is left, where series are short, and the number
 * of right angles modulo four says which series and which sign. 10 is six right angles and 0.575 more. Six is a whole
 * turn and a half, so its sine is that of 0.575 with the sign turned over, -0.544.
 *
 * An angle and this pi are both finite, so the remainder is exact. Nothing is rounded until the very end.
 */
/** An angle within a quarter of pi of zero, magnitude * 2^power, and by how many right angles it was turned. */
export interface Turned {
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
 * ## What is not an angle
 *
 * Beyond 2^63 the unit refuses. It sets C2, leaves the angle where it is, and the program is expected to have read the
 * manual, where it says to take FPREM and bring it down first. Infinity has no sine at all. And the sine of 0 is 0, but
 * its cosine is 1, so that at zero each instruction answers for itself.
 */
/** From here on nothing is computed. */
const TOO_LARGE = BIAS + 63;

/** In place of status bits: the angle was too large. */
export const NOT_DONE = -1;

/**
 * Sorts out what needs no series, and calls `compute` for the rest.
 *
 * @param result what becomes of a NaN, or of infinity; `second` too, if there are two results
 * @returns status bits, or `NOT_DONE`
 */
export function ofAngle(
  control: number,
  a: Real,
  result: Real,
  second: Real,
  atZero: () => void,
  compute: (turned: Turned) => number,
): number {
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
    flags = DENORMAL_OPERAND;
    if (stopsAtDenormal(control, flags)) return flags;
    normalise(a);
  }
  if (a.exponent >= TOO_LARGE) return NOT_DONE;
  return flags | compute(turnBack(a));
}
