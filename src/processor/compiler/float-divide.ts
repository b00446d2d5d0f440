/*
 * # Two digits
 *
 * Long division with a pencil goes: guess a digit, multiply, subtract; if it was too much, guess one less. With digits
 * of 32 bits there are two of them. Donald Knuth, who worked out in 1969 how to guess, proved that a guess from the
 * upper half of the divisor is never too small, and too large by two at the most. It is why the divisor's first bit
 * must be set; and that it is, since the 387 will have no others.
 *
 * One by three: both digits are `aaaaaaaa`, and two thirds of a unit are left. So it is rounded up, and the last digit
 * of a third is a `b`.
 *
 * What is left in the end says how to round. It cannot be just half a divisor: the quotient would have 65 bits then,
 * and no number of 64 is a multiple of it.
 */
import {
  add,
  add64,
  and,
  and64,
  call,
  define,
  div64,
  during,
  type Formula,
  give,
  gtU64,
  type Local,
  ltU64,
  mul64,
  ne64,
  not,
  type Operand,
  or,
  or64,
  set,
  shl64,
  shr64,
  sub,
  sub64,
  when,
  widen,
  xor,
} from './formula.ts';
import { BIAS, EXPONENT, giveZero, isNormal, isZero, REFUSED, SIGN, take } from './float-places.ts';
import { round } from './float-round.ts';

/*
 * ## A quotient with its first bit set
 *
 * If the dividend is not below the divisor, the quotient has a digit before the point. Then the dividend goes one to
 * the right, and the bit that falls out of it is the first of the next digit.
 */
/** dividePlaces(a, b, place): place = a / b. */
export const dividePlaces = define(
  'iii',
  'iilllllll',
  (a, b, place, expA, expB, rest, divisor, next, first, second, partial) => [
    ...take(a, expA, rest),
    ...take(b, expB, divisor),
    when(
      not(and(isNormal(expA, rest), isNormal(expB, divisor))),
      when(not(and(isZero(expA, rest), isNormal(expB, divisor))), give(REFUSED)),
      ...giveZero(place, and(xor(expA, expB), SIGN)),
    ),
    set(a, sub(add(and(expA, EXPONENT), BIAS - 1), and(expB, EXPONENT))),
    when(
      not(ltU64(rest, divisor)),
      set(next, shl64(and64(rest, 1n), 31n)),
      set(rest, shr64(rest, 1n)),
      set(a, add(a, 1)),
    ),
    ...divideDigit(first, rest, next, divisor, partial),
    ...divideDigit(second, rest, 0n, divisor, partial),
    set(partial, sub64(divisor, rest)),
    set(next, widen(not(ltU64(rest, partial)))),
    set(partial, widen(ne64(rest, 0n))),
    give(
      call(
        round,
        and(xor(expA, expB), SIGN),
        a,
        or64(shl64(first, 32n), second),
        or64(shl64(next, 63n), partial),
        place,
      ),
    ),
  ],
);

/*
 * ## Guess, and look
 *
 * The remainder of the guess, `partial`, is what makes looking cheap: with the next digit behind it, it must not be
 * less than what the lower half of the divisor takes. As soon as it has grown out of 32 bits, it cannot be.
 */
/** One digit of 32 bits: digit = (rest, next) / divisor, and rest is what is left. */
function divideDigit(digit: Local, rest: Local, next: Operand, divisor: Local, partial: Local): Formula[] {
  const upper = shr64(divisor, 32n);
  const lower = and64(divisor, 0xffff_ffffn);
  return [
    set(digit, div64(rest, upper)),
    set(partial, sub64(rest, mul64(digit, upper))),
    during(
      and(
        ltU64(partial, 1n << 32n),
        or(gtU64(digit, 0xffff_ffffn), gtU64(mul64(digit, lower), or64(shl64(partial, 32n), next))),
      ),
      set(digit, sub64(digit, 1n)),
      set(partial, add64(partial, upper)),
    ),
    set(rest, sub64(or64(shl64(rest, 32n), next), mul64(digit, divisor))),
  ];
}
