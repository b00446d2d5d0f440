/*
 * # Not a number
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

/** Of two NaNs the quiet one; of two of a kind the one with the larger significand; of two alike the positive one. */
function chooseNaN(a: Real, b: Real): Real {
  if ((b.kind & NOT_A_NUMBER) === 0) return a;
  if ((a.kind & NOT_A_NUMBER) === 0) return b;
  if (a.kind !== b.kind) return a.kind === QUIET ? a : b;
  const order = compareSignificands(a, b);
  if (order !== 0) return order > 0 ? a : b;
  return a.sign === 0 ? a : b;
}

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
