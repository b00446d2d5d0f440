/*
 * # Sums done beforehand
 *
 * JavaScript computes with 53 bits and the i386 with 32. Folding a constant means to give the answer that the
 * processor *would* have given. The test of this is merciless: it makes up hundreds of expressions, computes them
 * by JavaScript with `| 0` and `>>> 0` in the right places, and then by machine code, in some of which everything
 * was folded and in some nothing.
 */

import ts from 'typescript';
import { fail } from './errors.ts';
import type { Labelled } from './program.ts';
import { BOOLEAN, I32, isPointer, isSigned, LITERAL, U32, unify, type Type } from './types.ts';

/** A number, or an address that the assembler will know: that of `base`, plus `value`. */
export interface Constant {
  readonly type: Type;
  readonly value: number;
  readonly base?: Labelled | { readonly label: string };
}

/** `value` wrapped to 32 bits as a constant of this type. */
export function fromNumber(value: number, type: Type): Constant {
  return { type, value: isSigned(type) ? value | 0 : value >>> 0 };
}

/** `constant` as it is seen through a type: the same 32 bits. */
export function convert(constant: Constant, type: Type): Constant {
  return constant.base === undefined ? fromNumber(constant.value, type) : { ...constant, type };
}

/*
 * ## Operators on numbers
 *
 * The only one with a trap in it is the product. Two numbers of 32 bits make one of 64, and JavaScript rounds what
 * is beyond the 53rd, at the wrong end. `Math.imul` keeps the end that we want.
 */

const K = ts.SyntaxKind;

type Fold = (a: number, b: number) => number;

const ARITHMETIC = new Map<ts.SyntaxKind, Fold>([
  [K.PlusToken, (a, b) => a + b],
  [K.MinusToken, (a, b) => a - b],
  [K.AsteriskToken, (a, b) => (Number.isSafeInteger(a * b) ? a * b : Math.imul(a, b))],
  [K.SlashToken, (a, b) => Math.trunc(a / b)],
  [K.PercentToken, (a, b) => a % b],
  [K.AmpersandToken, (a, b) => a & b],
  [K.BarToken, (a, b) => a | b],
  [K.CaretToken, (a, b) => a ^ b],
]);

const SHIFTS = new Map<ts.SyntaxKind, Fold>([
  [K.LessThanLessThanToken, (a, b) => a << b],
  [K.GreaterThanGreaterThanToken, (a, b) => a >> b],
  [K.GreaterThanGreaterThanGreaterThanToken, (a, b) => a >>> b],
]);

const COMPARISONS = new Map<ts.SyntaxKind, (a: number, b: number) => boolean>([
  [K.EqualsEqualsEqualsToken, (a, b) => a === b],
  [K.ExclamationEqualsEqualsToken, (a, b) => a !== b],
  [K.LessThanToken, (a, b) => a < b],
  [K.LessThanEqualsToken, (a, b) => a <= b],
  [K.GreaterThanToken, (a, b) => a > b],
  [K.GreaterThanEqualsToken, (a, b) => a >= b],
]);

/*
 * ## By the rules of company
 *
 * Both sides take the type that they have together, then the operator, then the result is cut to 32 bits. A shift
 * is different: how far to shift says nothing about what is shifted.
 */

/** `left operator right` for two numbers; undefined if there is no such operator. */
export function compute(
  node: ts.Node,
  operator: ts.SyntaxKind,
  left: Constant,
  right: Constant,
): Constant | undefined {
  const shift = SHIFTS.get(operator);
  if (shift !== undefined) return shifted(operator, shift(left.value, right.value), left);

  const type = unify(left.type, right.type);
  const a = fromNumber(left.value, type).value;
  const b = fromNumber(right.value, type).value;
  const compare = COMPARISONS.get(operator);
  if (compare !== undefined) return { type: BOOLEAN, value: compare(a, b) ? 1 : 0 };

  const fold = ARITHMETIC.get(operator);
  if (fold === undefined) return undefined;
  const divides = operator === K.SlashToken || operator === K.PercentToken;
  if (divides && b === 0) refuseZero(node);
  if (divides && a === -0x8000_0000 && b === -1)
    fail(node, 'the division of -2147483648 by -1', 'the processor would refuse it with trap 0');
  const value = fold(a, b);
  return type.kind === 'literal' ? literal(value) : fromNumber(value, type.kind === 'boolean' ? I32 : type);
}

/** Refuses a division. @throws TangleError always */
export function refuseZero(node: ts.Node): never {
  fail(node, 'a division by the constant zero', 'the processor would refuse it with trap 0');
}

/*
 * `>>>` makes a `u32` of anything that has a type. Between two literals it need not: `-1 >>> 28` is 15, which has any
 * sign you like; `-1 >>> 0` needs all 32 bits and is unsigned.
 */

function shifted(operator: ts.SyntaxKind, value: number, { type }: Constant): Constant {
  const unsigned =
    operator === K.GreaterThanGreaterThanGreaterThanToken && (type.kind !== 'literal' || value > 0x7fffffff);
  return fromNumber(value, unsigned ? U32 : type);
}

/** A literal that needs the 32nd bit is unsigned, whether it was written so or added up to it. */
export function literal(value: number): Constant {
  return fromNumber(value, value > 0x7fffffff && value <= 0xffffffff ? U32 : LITERAL);
}

/*
 * ## Addresses that move
 *
 * The end of a stack is the label of the stack plus its size. The assembler adds it up; all we have to do is not
 * to stand in the way. Sums of two addresses, on the other hand, mean nothing, and we leave them for somebody else
 * to refuse.
 */

/** An address plus or minus a number is an address still. */
export function moveAddress(operator: ts.SyntaxKind, left: Constant, right: Constant): Constant | undefined {
  const plus = operator === K.PlusToken;
  if (!plus && operator !== K.MinusToken) return undefined;
  if (left.base === undefined) return plus ? moveAddress(operator, right, left) : undefined;
  if (right.base !== undefined || isPointer(left.type)) return undefined;
  return { ...left, value: plus ? left.value + right.value : left.value - right.value };
}
