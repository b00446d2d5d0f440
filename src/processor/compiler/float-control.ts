/*
 * # Signs and words
 *
 * What remains is what is not arithmetic. A sign is turned over, or taken away. The control word goes out and comes in,
 * and it comes in often, as you have just seen. An exception that waits behind a mask is woken when the mask goes: then
 * it is refused.
 */
import { X87_CONTROL, X87_TOP } from '../layout.ts';
import { CONTROL_ALWAYS, CONTROL_BITS, EXCEPTIONS } from '../x87-registers.ts';
import {
  and,
  define,
  either,
  give,
  load16,
  or,
  set,
  setWord,
  shl,
  store16,
  when,
  word,
  xor,
} from './formula.ts';
import {
  control,
  DONE,
  EXPONENT,
  exponentAt,
  findTop,
  REFUSED,
  setPlace,
  settle,
  SIGN,
  significandAt,
  status,
} from './float-places.ts';

/** FCHS and FABS: the last bit of the opcode says which. */
export const changeSign = define('ii', 'i', (task, top, exponent) => [
  ...findTop(top),
  set(exponent, exponentAt(top)),
  either(and(task, 1), [set(exponent, and(exponent, EXPONENT))], [set(exponent, xor(exponent, SIGN))]),
  ...setPlace(top, exponent, significandAt(top)),
  settle(0),
  give(DONE),
]);

/** FLDCW, unless an exception that has happened is unmasked by it. */
export const loadControl = define('ii', 'i', (_task, pointer, loaded) => [
  set(loaded, or(and(load16(pointer), CONTROL_BITS), CONTROL_ALWAYS)),
  when(and(and(status, xor(loaded, -1)), EXCEPTIONS), give(REFUSED)),
  setWord(X87_CONTROL, loaded),
  give(DONE),
]);

export const storeControl = define('ii', '', (_task, pointer) => [store16(pointer, control), give(DONE)]);

export const storeStatus = define('ii', '', (_task, pointer) => [
  store16(pointer, or(status, shl(word(X87_TOP), 11))),
  give(DONE),
]);
