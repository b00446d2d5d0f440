/*
 * # What type an expression has
 *
 * The checker of TypeScript has about fifty thousand lines. This one has a hundred and fifty, for it never checks
 * anything. It answers one question: if this expression is computed, is the number in the register signed,
 * unsigned, or an address, and if so of what?
 */

import ts from 'typescript';
import { constantOf, intrinsicOf } from './constants.ts';
import type { Constant } from './folding.ts';
import { fail, refuse } from './errors.ts';
import type { Frame } from './frame.ts';
import { elementOf, fieldOf } from './layout.ts';
import { bare, definitionOf } from './program.ts';
import { lookUp } from './scope.ts';
import {
  BOOLEAN,
  I32,
  nameOfType,
  typeFrom,
  U32,
  unify,
  valueType,
  whole,
  VOID,
  type Type,
} from './types.ts';

const K = ts.SyntaxKind;

/** The constant that `node` is, if it is one; looked for once. */
export function constantIn(frame: Frame, node: ts.Expression): Constant | undefined {
  if (frame.constants.has(node)) return frame.constants.get(node);
  const constant = constantOf(frame, node);
  frame.constants.set(node, constant);
  return constant;
}

/** The type of `node` as a value. */
export function typeOf(frame: Frame, node: ts.Expression): Type {
  const known = frame.types.get(node);
  if (known !== undefined) return known;
  const type = constantIn(frame, node)?.type ?? findType(frame, node);
  frame.types.set(node, type);
  return type;
}

/*
 * ## By what it is
 *
 * A field has the type it was declared with, an element that of its array, a call what the function gives. Types
 * climb from the leaves to the root, and `typeOf` remembers each on the way.
 */

function findType(frame: Frame, node: ts.Expression): Type {
  if (ts.isAsExpression(node)) return whole(node.type, typeFrom(frame, node.type));
  if (ts.isParenthesizedExpression(node) || ts.isNonNullExpression(node) || ts.isSatisfiesExpression(node)) {
    return typeOf(frame, node.expression);
  }
  if (ts.isIdentifier(node)) return typeOfName(frame, node);
  if (ts.isPropertyAccessExpression(node)) {
    const base = typeOf(frame, node.expression);
    return valueType(fieldOf(frame.library, node.name, base, node.name.text).type);
  }
  if (ts.isElementAccessExpression(node)) {
    return valueType(elementOf(node.expression, typeOf(frame, node.expression)));
  }
  if (ts.isCallExpression(node)) return typeOfCall(frame, node);
  if (ts.isTaggedTemplateExpression(node)) return U32;
  if (ts.isBinaryExpression(node)) return typeOfBinary(frame, node);
  if (ts.isPrefixUnaryExpression(node)) {
    return node.operator === K.ExclamationToken ? BOOLEAN : number(typeOf(frame, node.operand));
  }
  if (ts.isPostfixUnaryExpression(node)) return number(typeOf(frame, node.operand));
  if (ts.isConditionalExpression(node))
    return unify(typeOf(frame, node.whenTrue), typeOf(frame, node.whenFalse));
  refuse(node);
}

/*
 * A truth value with which one calculates is an `i32`: 0 or 1.
 */

function number(type: Type): Type {
  return type.kind === 'boolean' || type.kind === 'literal' ? I32 : type;
}

function typeOfName(frame: Frame, node: ts.Identifier): Type {
  const binding = lookUp(frame.scope, node.text);
  if (binding?.kind === 'local') return binding.type;
  const definition = definitionOf(frame, node, node.text);
  return definition.kind === 'constant' || definition.kind === 'intrinsic' ? U32 : definition.type;
}

/*
 * ## Operators
 *
 * Comparisons give a truth value, assignments the type of what is assigned to, and shifts that of what is shifted.
 * The rest go by the rule of company (`unify`), and if what they have in common is an address, the author is doing
 * arithmetic with a pointer without saying so.
 */

const COMPARISONS = new Set<ts.SyntaxKind>([
  K.EqualsEqualsEqualsToken,
  K.ExclamationEqualsEqualsToken,
  K.LessThanToken,
  K.LessThanEqualsToken,
  K.GreaterThanToken,
  K.GreaterThanEqualsToken,
]);

export function isComparison(operator: ts.SyntaxKind): boolean {
  return COMPARISONS.has(operator);
}

export function isAssignment(operator: ts.SyntaxKind): boolean {
  return operator >= K.FirstAssignment && operator <= K.LastAssignment;
}

function typeOfBinary(frame: Frame, node: ts.BinaryExpression): Type {
  const operator = node.operatorToken.kind;
  if (isComparison(operator)) return BOOLEAN;
  if (isAssignment(operator)) return typeOf(frame, node.left);
  switch (operator) {
    case K.CommaToken:
      return typeOf(frame, node.right);
    case K.LessThanLessThanToken:
    case K.GreaterThanGreaterThanToken:
      return number(typeOf(frame, node.left));
    case K.GreaterThanGreaterThanGreaterThanToken:
      return U32;
    case K.AmpersandAmpersandToken:
    case K.BarBarToken:
      return unify(typeOf(frame, node.left), typeOf(frame, node.right));
  }
  return commonNumber(frame, node, node.left, node.right);
}

/*
 * Which is legal in C, and a fine source of employment. Here one writes `addressOf` and `at`, and it can be seen.
 */

/** The type in which `node` calculates with both sides. @throws TangleError if one is no number */
export function commonNumber(frame: Frame, node: ts.Node, left: ts.Expression, right: ts.Expression): Type {
  const type = number(unify(typeOf(frame, left), typeOf(frame, right)));
  if (type.kind === 'i32' || type.kind === 'u32') return type;
  if (type.kind === 'string') fail(node, 'arithmetic with a string', 'print its pieces one after the other');
  fail(
    node,
    `arithmetic with ${nameOfType(type)}`,
    'write addressOf(it), and at<T>(address) for the way back',
  );
}

/*
 * ## Calls
 *
 * Functions say what they give. So do the intrinsics, in a table.
 */

/** What an intrinsic gives, if it is not constant. */
const RESULTS = new Map<string, Type>([
  ['load8', U32],
  ['load16', U32],
  ['load32', U32],
  ['addressOf', U32],
  ['store8', VOID],
  ['store16', VOID],
  ['store32', VOID],
  ['bytesOf', { kind: 'array', element: { kind: 'u8' } }],
]);

function typeOfCall(frame: Frame, node: ts.CallExpression): Type {
  if (ts.isIdentifier(node.expression)) {
    const name = intrinsicOf(frame, node.expression);
    if (name === 'at') {
      const [argument] = node.typeArguments ?? [];
      if (argument === undefined)
        fail(node, 'at without a type', 'say what lies there: at<Process>(address)');
      return valueType(typeFrom(frame, argument));
    }
    if (name !== undefined) return RESULTS.get(name) ?? misplaced(node, name);
  }
  const callee = typeOf(frame, node.expression);
  if (callee.kind === 'function') return callee.result;
  if (callee.kind === 'label')
    fail(node, 'a call of naked code', 'give it a type: naked<(a: u32) => u32>`...`');
  fail(node, `a call of ${nameOfType(callee)}`, 'only a function can be called');
}

/*
 * Some only make sense at module level, and some only with a template.
 */

function misplaced(node: ts.Node, name: string): never {
  if (name === 'asm' || name === 'naked') fail(node, `${name} with parentheses`, `write ${name}\`...\``);
  fail(node, `${name} inside a function`, `write it at module level: const it = ${name}...`);
}

/*
 * ## What is inside the wrapping
 *
 * `at<Process>(address)` costs nothing, and neither does `addressOf(process)`: a pointer and its address are the
 * same 32 bits. When code is written they are looked through, like parentheses. Only their types have an effect,
 * and that is asked for earlier.
 */

/** `node` without what costs nothing: parentheses, casts, and the intrinsics that only change the type. */
export function core(frame: Frame, node: ts.Expression): ts.Expression {
  for (;;) {
    const inner = bare(node);
    const name =
      ts.isCallExpression(inner) && ts.isIdentifier(inner.expression) && intrinsicOf(frame, inner.expression);
    if (!name || !['at', 'bytesOf', 'addressOf'].includes(name)) return inner;
    const [argument] = (inner as ts.CallExpression).arguments;
    if (argument === undefined) fail(inner, `${name} of nothing`, 'say of what');
    if (name === 'addressOf') refuseValue(frame, argument);
    node = argument;
  }
}

/** `addressOf` is for what lies in memory; a plain number does not. */
function refuseValue(frame: Frame, argument: ts.Expression): void {
  const kind = typeOf(frame, argument).kind;
  if (!['u32', 'i32', 'boolean', 'literal', 'void'].includes(kind)) return;
  fail(
    argument,
    `the address of \`${argument.getText()}\``,
    'addressOf takes what lies in memory: for a field write addressOf(p) + offsetOf<T>(...)',
  );
}
