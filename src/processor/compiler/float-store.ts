/*
 * # Going out
 *
 * A tenth is `cccccccc cccccccd` in a register, and `3fb99999 9999999a` in memory, sign and exponent included. A double
 * has 53 bits, and so eleven are cut off. This is the other rounding, the one that people forget. A sum
 * rounded in its register is rounded again on its way to memory, and `x87-store.ts` tells what comes of that.
 */
import { DOUBLE_BIAS, DOUBLE_LIMIT, SINGLE_BIAS, SINGLE_LIMIT } from '../x87-memory.ts';
import { TOWARDS_ZERO } from '../x87-rounding.ts';
import {
  add,
  add64,
  and,
  and64,
  define,
  type Definition,
  either,
  type Formula,
  give,
  gt,
  type Local,
  lt,
  ltU64,
  narrow,
  ne,
  ne64,
  not,
  type Operand,
  or,
  or64,
  set,
  shl,
  shl64,
  shr64,
  store,
  store16,
  store64,
  sub,
  sub64,
  when,
  widen,
} from './formula.ts';
import {
  BIAS,
  DONE,
  findTop,
  EXPONENT,
  isNormal,
  isZero,
  pop,
  POPS,
  REFUSED,
  setPlace,
  settle,
  setUsed,
  SIGN,
  stackPlace,
  take,
} from './float-places.ts';
import { goesUp, refuseIfHeard, rounding, settleRounded } from './float-round.ts';

/*
 * ## A shorter number
 *
 * One function makes both formats, which differ in how much is cut off, in the bias and in the largest exponent.
 */
/**
 * An operation (task, pointer) that stores ST(0) in another format.
 *
 * @param cut bits of the significand that the format has no room for
 */
function storing(
  bias: number,
  limit: number,
  cut: bigint,
  write: (pointer: Local, sign: Operand, exponent: Local, significand: Local) => Formula,
): Definition {
  return define('ii', 'iilli', (task, pointer, top, exponent, significand, extra, up) => [
    ...takeTop(top, exponent, significand),
    set(top, and(exponent, SIGN)),
    either(
      isZero(exponent, significand),
      [set(exponent, 0)],
      [
        when(or(not(isNormal(exponent, significand)), rounding), give(REFUSED)),
        set(exponent, sub(and(exponent, EXPONENT), BIAS - bias)),
        when(lt(exponent, 1), give(REFUSED)),
        set(extra, shl64(significand, 64n - cut)),
        refuseIfHeard(extra),
        set(significand, shr64(significand, cut)),
        set(up, goesUp(extra, narrow(and64(significand, 1n)))),
        set(significand, add64(significand, widen(up))),
        // All ones have become a one and zeros.
        when(ne64(shr64(significand, 64n - cut), 0n), set(exponent, add(exponent, 1)), set(significand, 0n)),
        when(gt(exponent, limit - 1), give(REFUSED)),
      ],
    ),
    write(pointer, top, exponent, significand),
    settleRounded(extra, up),
    when(and(task, POPS), ...pop()),
    give(DONE),
  ]);
}

/*
 * ## Three sizes of it
 *
 * Then sign, exponent and fraction are pushed together. The bit before the point is left out by masking it away. Eighty
 * bits are not cut, and so they need not be ordinary either: whatever is in the register goes out.
 */
/** ST(0), if it is there. */
function takeTop(top: Local, exponent: Local, significand: Local): Formula[] {
  return [...findTop(top), ...take(top, exponent, significand)];
}

export const storeSingle = storing(SINGLE_BIAS, SINGLE_LIMIT, 40n, (pointer, sign, exponent, significand) =>
  store(pointer, or(or(shl(sign, 16), shl(exponent, 23)), and(narrow(significand), 0x7f_ffff))),
);

export const storeDouble = storing(DOUBLE_BIAS, DOUBLE_LIMIT, 11n, (pointer, sign, exponent, significand) =>
  store64(
    pointer,
    or64(or64(shl64(widen(sign), 48n), shl64(widen(exponent), 52n)), and64(significand, (1n << 52n) - 1n)),
  ),
);

/** FSTP m80: as it is. */
export const storeExtended = define('ii', 'iil', (_task, pointer, top, exponent, significand) => [
  ...takeTop(top, exponent, significand),
  store64(pointer, significand),
  store16(pointer, exponent, 8),
  settle(0),
  ...pop(),
  give(DONE),
]);

/*
 * ## Whole numbers
 *
 * In C, `(int) x` cuts off what is behind the point. The x87 rounds. So for each such cast a compiler of the nineties
 * wrote FNSTCW, set two bits, FLDCW, FISTP, FLDCW: five instructions to undo a courtesy. It is why this one, of all
 * places, can round towards zero.
 */
const WHOLE = BIAS + 63;

function storingInteger(size: 2 | 4 | 8): Definition {
  const most = (1n << BigInt(size * 8 - 1)) - 1n;
  return define('ii', 'iilli', (task, pointer, top, exponent, significand, extra, up) => [
    ...takeTop(top, exponent, significand),
    set(top, and(exponent, SIGN)),
    when(
      not(isZero(exponent, significand)),
      when(not(isNormal(exponent, significand)), give(REFUSED)),
      // How far the point is from the end.
      set(exponent, sub(WHOLE, and(exponent, EXPONENT))),
      when(lt(exponent, 1), give(REFUSED)),
      either(
        lt(exponent, 64),
        [
          set(extra, shl64(significand, sub64(0n, widen(exponent)))),
          set(significand, shr64(significand, widen(exponent))),
        ],
        [set(extra, significand), when(gt(exponent, 64), set(extra, 1n)), set(significand, 0n)],
      ),
      refuseIfHeard(extra),
      when(rounding, when(ne(rounding, TOWARDS_ZERO), give(REFUSED))),
      when(not(rounding), set(up, goesUp(extra, narrow(and64(significand, 1n))))),
      set(significand, add64(significand, widen(up))),
      when(ltU64(most, significand), give(REFUSED)),
      when(top, set(significand, sub64(0n, significand))),
    ),
    size === 8
      ? store64(pointer, significand)
      : size === 4
        ? store(pointer, narrow(significand))
        : store16(pointer, narrow(significand)),
    settleRounded(extra, up),
    when(and(task, POPS), ...pop()),
    give(DONE),
  ]);
}

export const storeWord = storingInteger(2);
export const storeDoubleword = storingInteger(4);
export const storeQuadword = storingInteger(8);

/*
 * ## From the top to elsewhere
 *
 * FSTP ST(0) is the plain way to throw a number away: it copies the top to itself, and then pops it.
 */
/** FST ST(i) and FSTP ST(i); the pointer is the number of pops. */
export const storeRegister = define('ii', 'iil', (task, pops, top, exponent, significand) => [
  ...takeTop(top, exponent, significand),
  set(top, stackPlace(and(task, 7))),
  ...setPlace(top, exponent, significand),
  setUsed(top),
  settle(0),
  when(pops, ...pop()),
  give(DONE),
]);
