/*
 * # Six operations
 *
 * The digit in the opcode says which, as in `x87-arithmetic.ts`; subtraction and division go both ways. Whoever stands
 * here only finds out where the operands are. If they are not all at home, it is refused.
 */
import { addPlaces } from './float-add.ts';
import { dividePlaces } from './float-divide.ts';
import { fromDouble, fromDoubleword, fromSingle, fromWord, type Unpack } from './float-load.ts';
import { multiplyPlaces } from './float-multiply.ts';
import { and, call, define, type Definition, eq, give, type Operand, shr, when } from './formula.ts';
import { DONE, findNamed, findTop, pop, REFUSED, SCRATCH, SIGN } from './float-places.ts';

/** operate(digit, a, b, place): what the digit of the opcode does with ST(0) and another, as in x87-arithmetic.ts. */
export const operate = define('iiii', '', (digit, a, b, place) => [
  when(eq(digit, 0), give(call(addPlaces, a, b, place, 0))),
  when(eq(digit, 1), give(call(multiplyPlaces, a, b, place))),
  when(eq(digit, 4), give(call(addPlaces, a, b, place, SIGN))),
  when(eq(digit, 5), give(call(addPlaces, b, a, place, SIGN))),
  when(eq(digit, 6), give(call(dividePlaces, a, b, place))),
  give(call(dividePlaces, b, a, place)),
]);

const digitOf = (task: Operand) => and(shr(task, 3), 7);

/** ST(0) = ST(0) op ST(i). */
export const toTop = define('ii', 'i', (task, top, other) => [
  ...findTop(top),
  ...findNamed(task, other),
  give(call(operate, digitOf(task), top, other, top)),
]);

/** ST(i) = ST(0) op ST(i); `pops` is whether. */
export const toOther = define('ii', 'ii', (task, pops, top, other) => [
  ...findTop(top),
  ...findNamed(task, other),
  when(call(operate, digitOf(task), top, other, other), give(REFUSED)),
  when(pops, ...pop()),
  give(DONE),
]);

/** ST(0) = ST(0) op an operand from memory. */
function withMemory(unpack: Unpack): Definition {
  return define('ii', 'i', (task, pointer, top) => [
    ...findTop(top),
    when(unpack(pointer, SCRATCH), give(REFUSED)),
    give(call(operate, digitOf(task), top, SCRATCH, top)),
  ]);
}

export const withSingle = withMemory(fromSingle);
export const withDouble = withMemory(fromDouble);
export const withWord = withMemory(fromWord);
export const withDoubleword = withMemory(fromDoubleword);
