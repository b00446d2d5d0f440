/* # Sums done beforehand */

import ts from 'typescript';
import { fail } from './errors.ts';
import type { Labelled } from './program.ts';
import { BOOLEAN, I32, isPointer, isSigned, U32, unify, type Type } from './types.ts';

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

/* ## Addresses that move */

/** An address plus or minus a number is an address still. */
export function moveAddress(operator: ts.SyntaxKind, left: Constant, right: Constant): Constant | undefined {
  const plus = operator === ts.SyntaxKind.PlusToken;
  if (!plus && operator !== ts.SyntaxKind.MinusToken) return undefined;
  if (left.base === undefined) return plus ? moveAddress(operator, right, left) : undefined;
  if (right.base !== undefined || isPointer(left.type)) return undefined;
  return { ...left, value: plus ? left.value + right.value : left.value - right.value };
}

/* ## Thirteen operators */

export function compute(
  node: ts.Node,
  operator: ts.SyntaxKind,
  left: Constant,
  right: Constant,
): Constant | undefined {
  const type = unify(left.type, right.type);
  const a = fromNumber(left.value, type).value;
  const b = fromNumber(right.value, type).value;
  const number = (value: number) => fromNumber(value, type.kind === 'boolean' ? I32 : type);
  const truth = (value: boolean) => ({ type: BOOLEAN, value: value ? 1 : 0 });
  switch (operator) {
    case ts.SyntaxKind.PlusToken:
      return widen(type, a + b);
    case ts.SyntaxKind.MinusToken:
      return widen(type, a - b);
    case ts.SyntaxKind.AsteriskToken:
      return Math.abs(a * b) <= 0xffffffff ? widen(type, a * b) : number(Math.imul(a, b));
    case ts.SyntaxKind.SlashToken:
    case ts.SyntaxKind.PercentToken:
      if (b === 0) fail(node, 'a division by the constant zero', 'the processor would refuse it with trap 0');
      return number(operator === ts.SyntaxKind.SlashToken ? Math.trunc(a / b) : a % b);
    case ts.SyntaxKind.AmpersandToken:
      return number(a & b);
    case ts.SyntaxKind.BarToken:
      return number(a | b);
    case ts.SyntaxKind.CaretToken:
      return number(a ^ b);
    case ts.SyntaxKind.LessThanLessThanToken:
      return fromNumber(left.value << right.value, left.type);
    case ts.SyntaxKind.GreaterThanGreaterThanToken:
      return fromNumber(left.value >> right.value, left.type);
    case ts.SyntaxKind.GreaterThanGreaterThanGreaterThanToken:
      return left.value < 0
        ? fromNumber(left.value >>> right.value, U32)
        : fromNumber(left.value >>> right.value, left.type);
    case ts.SyntaxKind.EqualsEqualsEqualsToken:
      return truth(a === b);
    case ts.SyntaxKind.ExclamationEqualsEqualsToken:
      return truth(a !== b);
    case ts.SyntaxKind.LessThanToken:
      return truth(a < b);
    case ts.SyntaxKind.LessThanEqualsToken:
      return truth(a <= b);
    case ts.SyntaxKind.GreaterThanToken:
      return truth(a > b);
    case ts.SyntaxKind.GreaterThanEqualsToken:
      return truth(a >= b);
  }
  return undefined;
}

/** The sum of two literals that needs the 32nd bit is unsigned, like a literal that does. */
function widen(type: Type, value: number): Constant {
  return fromNumber(value, type.kind === 'literal' && value > 0x7fffffff && value <= 0xffffffff ? U32 : type);
}
