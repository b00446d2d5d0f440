/*
 * # Coming in
 *
 * Three formats are unpacked: singles, doubles, and integers, which can be of three sizes and are of one when they have
 * been loaded. To unpack means to move the fraction to the upper end, to set the bit that the short formats leave out,
 * and to correct the bias. If the exponent is all ones or all zeros, it is refused; but zero itself has a way of its
 * own.
 */
import { X87_TOP } from '../layout.ts';
import { CONSTANTS } from '../x87-load.ts';
import { DOUBLE_BIAS, DOUBLE_LIMIT, SINGLE_BIAS, SINGLE_LIMIT } from '../x87-memory.ts';
import {
  add,
  and,
  call,
  define,
  type Definition,
  either,
  type Formula,
  give,
  isZero64,
  load,
  load16,
  load64,
  type Local,
  lt64,
  ltU,
  narrow,
  not,
  type Operand,
  or,
  or64,
  set,
  setWord,
  shl,
  shl64,
  shr,
  shr64,
  sub,
  sub64,
  when,
  widen,
  widenSigned,
  xor,
  zeros64,
} from './formula.ts';
import {
  BIAS,
  DONE,
  findNamed,
  findTop,
  isUsed,
  REFUSED,
  setPlace,
  settle,
  setUsed,
  SIGN,
  stackPlace,
  take,
  TOP_BIT,
} from './float-places.ts';
import { rounding } from './float-round.ts';

/*
 * ## Fractions
 *
 * The sign of either format is its first bit, and goes to bit 15. What is zero but for the sign is zero.
 */
/** unpackSingle(bits, place): a REAL4. */
export const unpackSingle = define('ii', 'i', (bits, place, exponent) => [
  set(exponent, and(shr(bits, 23), SINGLE_LIMIT)),
  either(
    shl(bits, 1),
    [
      when(not(ltU(sub(exponent, 1), SINGLE_LIMIT - 1)), give(REFUSED)),
      ...setPlace(
        place,
        or(and(shr(bits, 16), SIGN), add(exponent, BIAS - SINGLE_BIAS)),
        or64(shl64(widen(bits), 40n), TOP_BIT),
      ),
    ],
    setPlace(place, shr(bits, 16), 0n),
  ),
  give(DONE),
]);

/** unpackDouble(bits, place): a REAL8. */
export const unpackDouble = define('li', 'i', (bits, place, exponent) => [
  set(exponent, and(narrow(shr64(bits, 52n)), DOUBLE_LIMIT)),
  either(isZero64(shl64(bits, 1n)), setPlace(place, narrow(shr64(bits, 48n)), 0n), [
    when(not(ltU(sub(exponent, 1), DOUBLE_LIMIT - 1)), give(REFUSED)),
    ...setPlace(
      place,
      or(and(narrow(shr64(bits, 48n)), SIGN), add(exponent, BIAS - DOUBLE_BIAS)),
      or64(shl64(bits, 11n), TOP_BIT),
    ),
  ]),
  give(DONE),
]);

/*
 * ## Integers
 *
 * Nothing can go wrong here. Take the sign off, count the zeros in front, and shift them out. The smallest integer of
 * 64 bits has no opposite, but as a number without a sign it is right as it is.
 */
/** unpackInteger(value, place): 64 bits with a sign. */
export const unpackInteger = define('li', 'il', (value, place, sign, zeros) => [
  when(lt64(value, 0n), set(sign, SIGN), set(value, sub64(0n, value))),
  set(zeros, zeros64(value)),
  either(
    isZero64(value),
    setPlace(place, 0, 0n),
    setPlace(place, or(sign, sub(BIAS + 63, narrow(zeros))), shl64(value, zeros)),
  ),
  give(DONE),
]);

/*
 * ## From memory
 *
 * The pointer is good: that the page is there has been asked before the calculator was called.
 */
/** Puts the number that a pointer points to into a place; gives REFUSED if it is none of ours. */
export type Unpack = (pointer: Operand, place: Operand) => Formula;

export const fromSingle: Unpack = (pointer, place) => call(unpackSingle, load(pointer), place);
export const fromDouble: Unpack = (pointer, place) => call(unpackDouble, load64(pointer), place);
export const fromWord: Unpack = (pointer, place) =>
  call(unpackInteger, widenSigned(signed16(load16(pointer))), place);
export const fromDoubleword: Unpack = (pointer, place) =>
  call(unpackInteger, widenSigned(load(pointer)), place);
export const fromQuadword: Unpack = (pointer, place) => call(unpackInteger, load64(pointer), place);

function signed16(value: Operand): Formula {
  return sub(xor(value, 0x8000), 0x8000);
}

/*
 * ## Onto the stack
 *
 * The register below the top must be empty, and since the stack goes round it is ST(7). The number is put there first,
 * and only then it becomes the top: if it is none of ours, nothing has happened.
 */
/** An operation (task, pointer) that pushes a number from memory. */
function pushing(unpack: Unpack): Definition {
  return define('ii', 'i', (_task, pointer, place) => [
    ...findRoom(place),
    when(unpack(pointer, place), give(REFUSED)),
    ...land(place),
  ]);
}

function findRoom(place: Local): Formula[] {
  return [set(place, stackPlace(7)), when(isUsed(place), give(REFUSED))];
}

function land(place: Local): Formula[] {
  return [setUsed(place), setWord(X87_TOP, place), settle(0), give(DONE)];
}

export const pushSingle = pushing(fromSingle);
export const pushDouble = pushing(fromDouble);
export const pushWord = pushing(fromWord);
export const pushDoubleword = pushing(fromDoubleword);
export const pushQuadword = pushing(fromQuadword);

export const pushExtended = define('ii', 'i', (_task, pointer, place) => [
  ...findRoom(place),
  ...setPlace(place, load16(pointer, 8), load64(pointer)),
  ...land(place),
]);

/** FLD ST(i). */
export const pushRegister = define('ii', 'iil', (task, other, place, exponent, significand) => [
  ...findRoom(place),
  ...findNamed(task, other),
  ...take(other, exponent, significand),
  ...setPlace(place, exponent, significand),
  ...land(place),
]);

/** FLD1 to FLDZ: the nearest there is. */
export const pushConstant: readonly Definition[] = CONSTANTS.map(([exponent, high, low]) =>
  define('ii', 'i', (_task, _pointer, place) => [
    when(rounding, give(REFUSED)),
    ...findRoom(place),
    ...setPlace(place, exponent, (BigInt(high) << 32n) | BigInt(low)),
    ...land(place),
  ]),
);

/*
 * ## Moving about
 *
 * Two that neither load nor store. They move eighty bits as they are, and ask nobody what these mean.
 */
/** FXCH. */
export const exchangeRegisters = define('ii', 'iilil', (task, top, other, expA, sigA, expB, sigB) => [
  ...findTop(top),
  ...findNamed(task, other),
  ...take(top, expA, sigA),
  ...take(other, expB, sigB),
  ...setPlace(top, expB, sigB),
  ...setPlace(other, expA, sigA),
  settle(0),
  give(DONE),
]);

/** FCMOVcc: ST(0) = ST(i) if `holds`. */
export const moveIf = define('ii', 'iiil', (task, holds, top, other, exponent, significand) => [
  ...findTop(top),
  ...findNamed(task, other),
  when(holds, ...take(other, exponent, significand), ...setPlace(top, exponent, significand)),
  give(DONE),
]);
