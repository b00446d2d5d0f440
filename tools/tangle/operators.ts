/*
 * # One operator, one instruction
 *
 * Take away types, names, places and order, and this is what is left of compiling: a table with two columns.
 */

import ts from 'typescript';
import { refuseZero } from './folding.ts';
import { emit, type Frame } from './frame.ts';
import type { Register } from './places.ts';
import { constantIn } from './typing.ts';
import { isSigned, type Type } from './types.ts';

const K = ts.SyntaxKind;

const SIMPLE = new Map<ts.SyntaxKind, string>([
  [K.PlusToken, 'add'],
  [K.MinusToken, 'sub'],
  [K.AmpersandToken, 'and'],
  [K.BarToken, 'or'],
  [K.CaretToken, 'xor'],
  [K.AsteriskToken, 'imul'],
]);

const SHIFTS = new Map<ts.SyntaxKind, string>([
  [K.LessThanLessThanToken, 'shl'],
  [K.GreaterThanGreaterThanToken, 'sar'],
  [K.GreaterThanGreaterThanGreaterThanToken, 'shr'],
]);

/*
 * ## Questions one asks about an operator
 *
 * Six of them are alike to the processor: any register, any operand. Five of those take turns gladly, and five can
 * work on memory directly. They are not the same five.
 */

/** Whether an instruction does `operator` with any register and any operand. */
export function isSimpleOperator(operator: ts.SyntaxKind): boolean {
  return SIMPLE.has(operator);
}

export function isShift(operator: ts.SyntaxKind): boolean {
  return SHIFTS.has(operator);
}

export function isDivision(operator: ts.SyntaxKind): boolean {
  return operator === K.SlashToken || operator === K.PercentToken;
}

/** Whether the sides may change places. */
export function commutes(operator: ts.SyntaxKind): boolean {
  return SIMPLE.has(operator) && operator !== K.MinusToken;
}

/** The mnemonic that does `operator` to memory too, if one does. */
export function memoryMnemonic(operator: ts.SyntaxKind): string | undefined {
  return operator === K.AsteriskToken ? undefined : SIMPLE.get(operator);
}

/** Lets everything pass but a division by the number zero. @throws TangleError */
export function checkDivisor(frame: Frame, operator: ts.SyntaxKind, right: ts.Expression): void {
  const constant = isDivision(operator) ? constantIn(frame, right) : undefined;
  if (constant?.value === 0 && constant.base === undefined) refuseZero(right);
}

/** n if `value` is 2 to the n. */
export function powerOfTwo(value: number): number | undefined {
  const n = Math.log2(value >>> 0);
  return value !== 0 && Number.isInteger(n) ? n : undefined;
}

/*
 * ## By a number
 *
 * A number known beforehand is worth looking at. Multiplying by eight is shifting by three, dividing by it too,
 * and the remainder is the lowest three bits. All of that holds only without sign: -1 divided by two is 0, and -1
 * shifted right by one is -1 and will be for ever.
 */

/** Whether `operateByNumber` knows how: always, but for divisions that are signed or by no power of two. */
export function isEasy(operator: ts.SyntaxKind, value: number, type: Type): boolean {
  return !isDivision(operator) || (powerOfTwo(value) !== undefined && !isSigned(type));
}

/** Does `register operator value` with no other register. */
export function operateByNumber(
  frame: Frame,
  operator: ts.SyntaxKind,
  register: Register,
  value: number,
): void {
  const shift = SHIFTS.get(operator);
  const power = powerOfTwo(value);
  if (shift !== undefined) return byBits(frame, shift, register, value & 31);
  if (operator === K.PercentToken) return emit(frame, `and ${register}, ${(value - 1) | 0}`);
  if (operator === K.SlashToken) return byBits(frame, 'shr', register, power!);
  if (operator === K.AsteriskToken && power !== undefined) return byBits(frame, 'shl', register, power);
  if (operator === K.AsteriskToken) return emit(frame, `imul ${register}, ${register}, ${value | 0}`);
  if (operator === K.PlusToken && value === 1) return emit(frame, `inc ${register}`);
  if (operator === K.MinusToken && value === 1) return emit(frame, `dec ${register}`);
  emit(frame, `${SIMPLE.get(operator)} ${register}, ${value | 0}`);
}

function byBits(frame: Frame, shift: string, register: Register, count: number): void {
  if (count !== 0) emit(frame, `${shift} ${register}, ${count}`);
}

/*
 * ## By an operand
 *
 * `div` divides 64 bits by 32, from edx and eax together. Whoever forgets to fill edx gets a number that somebody
 * left there, or a division error. It is the classical first trap of the i386 (number 0, fittingly). `cdq` fills
 * it with the sign.
 *
 * :::aside
 * -2147483648 divided by -1 is 2147483648, which does not fit, and the processor raises trap 0 as if you had
 * divided by zero. JavaScript says -2147483648. We let the processor have its way; a check at each division would
 * cost more than anybody has lost by this.
 * :::
 */

/** Does `register operator operand`. For shifts the operand is ecx, and for divisions the register is eax. */
export function operate(
  frame: Frame,
  operator: ts.SyntaxKind,
  register: Register,
  operand: string,
  type: Type,
): void {
  const simple = SIMPLE.get(operator);
  if (simple !== undefined) return emit(frame, `${simple} ${register}, ${operand}`);
  const shift = SHIFTS.get(operator);
  if (shift !== undefined) return emit(frame, `${shift} ${register}, cl`);
  emit(frame, isSigned(type) ? 'cdq' : 'xor edx, edx');
  emit(frame, `${isSigned(type) ? 'idiv' : 'div'} ${operand}`);
  if (operator === K.PercentToken) emit(frame, 'mov eax, edx');
}
