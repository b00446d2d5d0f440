/*
 * # Four products
 *
 * WebAssembly multiplies 64 bits by 64 and throws the upper half away, as if it had been made in a country with a
 * shortage of paper. The upper half is the one we want. So both numbers are cut in two, and we are back in school, with
 * digits up to 4,294,967,295. At least there are only four products, and `x87-multiply.ts` needs twenty.
 */
import {
  add,
  add64,
  and,
  and64,
  call,
  define,
  give,
  type Local,
  lt64,
  mul64,
  not,
  or,
  or64,
  set,
  shl64,
  shr64,
  sub,
  when,
  xor,
} from './formula.ts';
import { BIAS, EXPONENT, giveZero, isNormal, isZero, REFUSED, SIGN, take } from './float-places.ts';
import { round } from './float-round.ts';

const LOW = 0xffff_ffffn;
const low = (value: Local) => and64(value, LOW);
const high = (value: Local) => shr64(value, 32n);

/** multiplyPlaces(a, b, place): place = a * b. */
export const multiplyPlaces = define(
  'iii',
  'iilllll',
  (a, b, place, expA, expB, sigA, sigB, cross, middle, bottom) => [
    ...take(a, expA, sigA),
    ...take(b, expB, sigB),
    when(
      not(and(isNormal(expA, sigA), isNormal(expB, sigB))),
      when(
        not(and(or(isNormal(expA, sigA), isZero(expA, sigA)), or(isNormal(expB, sigB), isZero(expB, sigB)))),
        give(REFUSED),
      ),
      ...giveZero(place, and(xor(expA, expB), SIGN)),
    ),
    // Four products of halves; sigA becomes the upper 64 bits, sigB the lower.
    set(bottom, mul64(low(sigA), low(sigB))),
    set(cross, mul64(high(sigA), low(sigB))),
    set(middle, mul64(low(sigA), high(sigB))),
    set(sigA, add64(mul64(high(sigA), high(sigB)), add64(high(cross), high(middle)))),
    set(middle, add64(add64(low(cross), low(middle)), high(bottom))),
    set(sigA, add64(sigA, high(middle))),
    set(sigB, or64(shl64(middle, 32n), low(bottom))),
    set(a, add(sub(add(and(expA, EXPONENT), and(expB, EXPONENT)), BIAS), 1)),
    when(
      not(lt64(sigA, 0n)),
      set(sigA, or64(shl64(sigA, 1n), shr64(sigB, 63n))),
      set(sigB, shl64(sigB, 1n)),
      set(a, sub(a, 1)),
    ),
    give(call(round, and(xor(expA, expB), SIGN), a, sigA, sigB, place)),
  ],
);
