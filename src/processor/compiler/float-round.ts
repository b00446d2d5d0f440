/*
 * # To nearest, and nothing else
 *
 * In `x87-rounding.ts` there are four directions, three lengths, and two cliffs, and each of them costs a question.
 * Here is the same with most of the questions unasked. Round to nearest, to 64 bits or to 53, between the cliffs.
 * Anything else is refused.
 *
 * What comes in is 128 bits: a significand, and 64 more that are to be cut off, of which the last is sticky. *Half or
 * more* is a number whose first bit is set, which for a computer is one that is less than nothing.
 */
import { C1, INEXACT } from '../x87-registers.ts';
import { DOUBLE, EXTENDED, PRECISION_CONTROL, ROUNDING_CONTROL } from '../x87-rounding.ts';
import {
  add,
  add64,
  and,
  and64,
  define,
  type Formula,
  give,
  gt,
  isZero64,
  type Local,
  lt,
  lt64,
  ne,
  ne64,
  not,
  or,
  or64,
  set,
  shl64,
  sub,
  when,
  widen,
} from './formula.ts';
import { control, DONE, EXPONENT, REFUSED, setPlace, settle, TOP_BIT } from './float-places.ts';

/** Bits 10 and 11 of the control word: 0 is to nearest. */
export const rounding = and(control, ROUNDING_CONTROL);

/** Refuses if something is cut off, and the program wants to hear of it. */
export function refuseIfHeard(extra: Local): Formula {
  return when(and(ne64(extra, 0n), not(and(control, INEXACT))), give(REFUSED));
}

/** Whether what is cut off is more than half, or half of something odd. */
export function goesUp(extra: Local, odd: Formula): Formula {
  return and(lt64(extra, 0n), or(ne64(extra, TOP_BIT), odd));
}

/** Takes note of what became of a number that was rounded. */
export function settleRounded(extra: Local, up: Local): Formula {
  return settle(or(and(sub(0, ne64(extra, 0n)), INEXACT), and(sub(0, up), C1)));
}

/*
 * ## Everything comes through here
 *
 * Nothing is stored before the last question has been asked. A refusal must leave no trace, or the interpreter would
 * round what has been rounded.
 */
/**
 * round(sign, exponent, significand, extra, place): rounds to nearest, and puts the result into a place. The sign is 0
 * or SIGN, `extra` what follows the significand; its last bit is sticky.
 */
export const round = define('iilli', 'ili', (sign, exponent, significand, extra, place, up, unit, length) => [
  when(or(lt(exponent, 1), rounding), give(REFUSED)),
  set(unit, 1n),
  set(length, and(control, PRECISION_CONTROL)),
  when(
    ne(length, EXTENDED),
    when(ne(length, DOUBLE), give(REFUSED)),
    set(extra, or64(shl64(significand, 53n), widen(ne64(extra, 0n)))),
    set(significand, and64(significand, ~0x7ffn)),
    set(unit, 0x800n),
  ),
  refuseIfHeard(extra),
  set(up, goesUp(extra, ne64(and64(significand, unit), 0n))),
  when(
    up,
    set(significand, add64(significand, unit)),
    when(isZero64(significand), set(significand, TOP_BIT), set(exponent, add(exponent, 1))),
  ),
  when(gt(exponent, EXPONENT - 1), give(REFUSED)),
  ...setPlace(place, or(sign, exponent), significand),
  settleRounded(extra, up),
  give(DONE),
]);
