/*
 * # Adding, in one piece
 *
 * Compare this with `x87-add.ts`. There, each significand is two words, and half of the code is about what goes from
 * one to the other. Here it is one number, and a carry is `sum < b`. It is the same addition. Most of what makes
 * programs long is numbers that do not fit.
 */
import {
  add,
  add64,
  and,
  call,
  define,
  either,
  type Formula,
  give,
  gt,
  isZero64,
  type Local,
  lt,
  ltU64,
  narrow,
  ne64,
  not,
  or,
  or64,
  set,
  shl64,
  shr64,
  sub,
  sub64,
  swap,
  when,
  widen,
  xor,
  zeros64,
} from './formula.ts';
import { EXPONENT, giveZero, isNormal, isZero, REFUSED, SIGN, take, TOP_BIT } from './float-places.ts';
import { round, rounding } from './float-round.ts';

/** addPlaces(a, b, place, flip): place = a + b, or a - b if `flip` is SIGN. */
export const addPlaces = define(
  'iiii',
  'ililil',
  (a, b, place, flip, expA, sigA, expB, sigB, distance, extra) => [
    ...take(a, expA, sigA),
    ...take(b, expB, sigB),
    set(expB, xor(expB, flip)),
    when(not(and(isNormal(expA, sigA), isNormal(expB, sigB))), ...withZero(expA, sigA, expB, sigB, place)),
    when(isBelow(expA, sigA, expB, sigB), swap(expA, expB), swap(sigA, sigB)),
    set(distance, sub(and(expA, EXPONENT), and(expB, EXPONENT))),
    ...align(sigB, distance, extra),
    set(distance, and(expA, EXPONENT)),
    either(
      and(xor(expA, expB), SIGN),
      difference(place, sigA, sigB, extra, distance),
      sum(sigA, sigB, extra, distance),
    ),
    give(call(round, and(expA, SIGN), distance, sigA, extra, place)),
  ],
);

/*
 * ## Nothing plus something
 *
 * Zero turns up all day, since that is where sums begin. It has no 1 before the point, so it cannot take the common
 * way. Of two zeros the sum is minus nothing only if both are. (Or if the program rounds down, but then it is refused.)
 */
/** One of the two is nothing, or not for us. */
function withZero(expA: Local, sigA: Local, expB: Local, sigB: Local, place: Local): Formula[] {
  return [
    when(
      isZero(expA, sigA),
      when(isNormal(expB, sigB), give(call(round, and(expB, SIGN), and(expB, EXPONENT), sigB, 0n, place))),
      when(or(not(isZero(expB, sigB)), rounding), give(REFUSED)),
      // -0 only if both are
      ...giveZero(place, and(expA, expB)),
    ),
    when(
      and(isNormal(expA, sigA), isZero(expB, sigB)),
      give(call(round, and(expA, SIGN), and(expA, EXPONENT), sigA, 0n, place)),
    ),
    give(REFUSED),
  ];
}

/** Whether the magnitude of a is below that of b. */
export function isBelow(expA: Local, sigA: Local, expB: Local, sigB: Local): Formula {
  const difference = sub(and(expA, EXPONENT), and(expB, EXPONENT));
  return or(lt(difference, 0), and(not(difference), ltU64(sigA, sigB)));
}

/*
 * ## Point below point, once more
 *
 * The smaller one goes to the right, and what falls out of it must be kept: it decides the rounding. The count of a
 * shift is taken modulo 64 here, as the 386 took it modulo 32, so that 64 needs a word and 0 another. From 128 on all
 * that is left of the number is that it was there.
 *
 * Add 2^-64 to 1, and what falls out is `80000000 00000000`: just half. As 1 is even, it stays 1. Add half as much
 * again, and it is the next number.
 */
/** Shifts a significand to the right; what falls out goes to `extra`, and the last bit of that is sticky. */
function align(significand: Local, distance: Local, extra: Local): Formula[] {
  const wide = widen(distance);
  return [
    set(extra, 0n),
    either(
      lt(distance, 64),
      [
        when(distance, set(extra, shl64(significand, sub64(64n, wide)))),
        set(significand, shr64(significand, wide)),
      ],
      [
        set(extra, significand),
        when(
          gt(distance, 64),
          set(extra, or64(shr64(significand, wide), widen(ne64(shl64(significand, sub64(0n, wide)), 0n)))),
        ),
        when(gt(distance, 127), set(extra, 1n)),
        set(significand, 0n),
      ],
    ),
  ];
}

/*
 * ## Together, and apart
 *
 * A sum has at most one bit too many. A difference may have lost any number of them: so the zeros in front are counted,
 * for which WebAssembly has an instruction, and the rest moves up.
 */
function sum(a: Local, b: Local, extra: Local, exponent: Local): Formula[] {
  return [
    set(a, add64(a, b)),
    when(
      ltU64(a, b),
      set(extra, or64(shl64(a, 63n), shr64(extra, 1n))),
      set(a, or64(shr64(a, 1n), TOP_BIT)),
      set(exponent, add(exponent, 1)),
    ),
  ];
}

function difference(place: Local, a: Local, b: Local, extra: Local, exponent: Local): Formula[] {
  // b is not needed any more when it has been subtracted, and counts zeros
  const zeros = b;
  return [
    set(a, sub64(sub64(a, b), widen(ne64(extra, 0n)))),
    set(extra, sub64(0n, extra)),
    when(
      isZero64(a),
      when(isZero64(extra), when(rounding, give(REFUSED)), ...giveZero(place, 0)),
      set(a, extra),
      set(extra, 0n),
      set(exponent, sub(exponent, 64)),
    ),
    set(zeros, zeros64(a)),
    when(
      ne64(zeros, 0n),
      set(a, or64(shl64(a, zeros), shr64(extra, sub64(0n, zeros)))),
      set(extra, shl64(extra, zeros)),
      set(exponent, sub(exponent, narrow(zeros))),
    ),
  ];
}
