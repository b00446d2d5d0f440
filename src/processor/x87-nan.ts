/*
 * # Not a number
 *
 * Zuse's Z3 of 1941 knew *undefined*, and stopped with a light on. The next forty years forgot it again; 0/0 was
 * a crash, or the largest number, or 0, or 1. A NaN is the light that travels. It goes through every addition and
 * multiplication that follows, and comes out at the end where your answer should be. If you have ever seen `NaN`
 * on a web page, you have seen Kahan's answer to a man who asks how much nothing divided by nothing is, and then
 * goes on to multiply it.
 *
 * There are two kinds. A *quiet* one only travels. A *signaling* one raises the alarm, IE, at the first operation
 * that picks it up, and goes on as a quiet one. Nothing makes signaling ones by itself; you put them there, into
 * variables that nobody has set yet, to be told. Nobody does that either.
 */
import { DENORMAL_OPERAND, INVALID } from './x87-registers.ts';
import {
  compareSignificands,
  copyReal,
  NOT_A_NUMBER,
  QUIET,
  QUIET_BIT,
  type Real,
  setIndefinite,
  SIGNALING,
  UNSUPPORTED,
} from './x87-real.ts';

/** The result when one of two operands is a NaN or worse (Intel SDM vol. 1, table 4-7). */
export function propagateNaN(a: Real, b: Real, result: Real): number {
  const kinds = a.kind | b.kind;
  if (kinds & UNSUPPORTED) return invalid(result);
  copyReal(chooseNaN(a, b), result);
  result.high |= QUIET_BIT;
  result.kind = QUIET;
  return kinds & SIGNALING ? INVALID : 0;
}

/*
 * If both operands are NaNs, one must go. The 62 bits behind the quiet bit were to carry a message, where it had
 * happened, say, and the larger message wins, for no better reason than that the outcome should not depend on
 * which one stood on the left.
 */
/** Of two NaNs the quiet one; of two of a kind the one with the larger significand; of two alike the positive one. */
function chooseNaN(a: Real, b: Real): Real {
  if ((b.kind & NOT_A_NUMBER) === 0) return a;
  if ((a.kind & NOT_A_NUMBER) === 0) return b;
  if (a.kind !== b.kind) return a.kind === QUIET ? a : b;
  const order = compareSignificands(a, b);
  if (order !== 0) return order > 0 ? a : b;
  return a.sign === 0 ? a : b;
}

/*
 * And three small ones that the others share. A denormal operand is an exception too, DE. If a program has unmasked it,
 * it does not want to see what we make of denormals; it wants to do that itself.
 */
/** The same with one operand. */
export function quietNaN(a: Real, result: Real): number {
  return propagateNaN(a, a, result);
}

/** No answer. */
export function invalid(result: Real): number {
  setIndefinite(result);
  return INVALID;
}

/** Whether a denormal operand ends the matter, because the program wants to be told. */
export function stopsAtDenormal(control: number, flags: number): boolean {
  return (flags & ~control & DENORMAL_OPERAND) !== 0;
}
