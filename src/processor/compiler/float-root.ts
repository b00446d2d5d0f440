/*
 * # A root in two halves
 *
 * Nobody remembers how to take a square root with a pencil, and everybody has seen it done. It is a division in which
 * the divisor is the answer. Paul Zimmermann found in 1999 how to do it as one does everything else: take the root of
 * the upper half, divide what is left by twice that, subtract the square of the new half; and if that was too much, it
 * was too much by one.
 *
 * The root of 2 begins with `b504f333`, and its lower half is `f9de6484`.
 *
 * For the upper half there is help. WebAssembly has a square root of its own, in doubles. It is not good enough for us
 * in general, by eleven bits; but of 32 it gets all right, or one too many. This is the only place in the calculator
 * where a floating-point unit lends a hand.
 */
import {
  add,
  add64,
  and,
  and64,
  call,
  define,
  div64,
  either,
  eq64,
  type Formula,
  give,
  gtU64,
  isZero64,
  type Local,
  lt64,
  ltU64,
  mul64,
  not,
  or,
  or64,
  root64,
  set,
  shl64,
  shr,
  shr64,
  sub64,
  when,
  widen,
} from './formula.ts';
import { BIAS, DONE, findTop, isNormal, isZero, REFUSED, settle, SIGN, take } from './float-places.ts';
import { round } from './float-round.ts';

const HALF = 1n << 32n;

/*
 * ## The whole of it
 *
 * A root halves the exponent, so that must be even: if it is not, one bit of it goes to the significand. What has been
 * taken away too much is given back as `(r + 1)^2 - r^2`, which is twice r and one. A root is never just half way
 * between two numbers, since the square of such a number has more bits than any radicand.
 */
/** FSQRT. */
export const squareRoot = define(
  'ii',
  'illlll',
  (_task, top, exponent, radicand, low, upper, lower, rest) => [
    ...findTop(top),
    ...take(top, exponent, radicand),
    when(isZero(exponent, radicand), settle(0), give(DONE)),
    when(or(not(isNormal(exponent, radicand)), and(exponent, SIGN)), give(REFUSED)),
    // An odd exponent has an even power of two: the radicand has 128 bits, or 127.
    when(and(exponent, 1), set(low, shl64(radicand, 63n)), set(radicand, shr64(radicand, 1n))),
    ...upperHalf(upper, radicand),
    set(rest, sub64(radicand, mul64(upper, upper))),
    // The lower half is what is left, divided by twice the upper.
    set(rest, or64(shl64(rest, 31n), shr64(low, 33n))),
    set(lower, div64(rest, upper)),
    set(rest, or64(shl64(sub64(rest, mul64(lower, upper)), 1n), and64(shr64(low, 32n), 1n))),
    ...remainder(rest, low, lower),
    set(radicand, add64(shl64(upper, 32n), lower)),
    when(
      lt64(rest, 0n),
      set(radicand, sub64(radicand, 1n)),
      set(lower, or64(shl64(radicand, 1n), 1n)),
      set(low, add64(low, lower)),
      set(rest, add64(rest, add64(shr64(radicand, 63n), widen(ltU64(low, lower))))),
    ),
    set(upper, widen(or(not(isZero64(rest)), gtU64(low, radicand)))),
    set(lower, widen(not(isZero64(or64(rest, low))))),
    give(call(round, 0, shr(add(exponent, BIAS), 1), radicand, or64(shl64(upper, 63n), lower), top)),
  ],
);

/*
 * ## Halves
 *
 * The double nearest to the root may lie above it, by one at the most. Its square tells.
 */
/** The whole square root of 64 bits. */
function upperHalf(root: Local, radicand: Local): Formula[] {
  return [
    set(root, root64(radicand)),
    when(or(gtU64(root, HALF - 1n), gtU64(mul64(root, root), radicand)), set(root, sub64(root, 1n))),
  ];
}

/** Takes the square of the lower half away: `rest` becomes the upper and `low` the lower 64 bits of what remains. */
function remainder(rest: Local, low: Local, lower: Local): Formula[] {
  return [
    set(low, shl64(rest, 32n)),
    set(rest, shr64(rest, 32n)),
    either(
      eq64(lower, HALF),
      [set(rest, sub64(rest, 1n))],
      [
        set(rest, sub64(rest, widen(ltU64(low, mul64(lower, lower))))),
        set(low, sub64(low, mul64(lower, lower))),
      ],
    ),
  ];
}
