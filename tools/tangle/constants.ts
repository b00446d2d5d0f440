/*
 * # What is known before anything runs
 *
 * `PAGE_SIZE * 2 - 1` should cost nothing. Nor should `sizeOf<Process>()`, nor the address of `processes[3].name`,
 * which is one label and one sum. Every expression is asked first whether it is constant, and surprisingly many
 * are.
 *
 * There are two sorts of answer: a number, and an address, of which we know the label but not the number. The
 * assembler will. `constantOf` treats them alike as far as it goes.
 */

import ts from 'typescript';
import { fail } from './errors.ts';
import { compute, convert, fromNumber, literal, moveAddress, type Constant } from './folding.ts';
import { elementOf, fieldOf, sizeOf } from './layout.ts';
import { bare, definitionOf, textOf, type Context, type Definition, type Labelled } from './program.ts';
import { lookUp } from './scope.ts';
import {
  BOOLEAN,
  isInPlace,
  isPointer,
  NULL,
  typeFrom,
  U32,
  unify,
  valueType,
  whole,
  type Type,
  LITERAL,
} from './types.ts';

/** The value of `node` if it is constant. @throws TangleError for a number that no 32 bits can hold */
export function constantOf(context: Context, node: ts.Expression): Constant | undefined {
  if (ts.isParenthesizedExpression(node) || ts.isNonNullExpression(node) || ts.isSatisfiesExpression(node)) {
    return constantOf(context, node.expression);
  }
  if (ts.isAsExpression(node)) return fromCast(context, node);
  if (ts.isNumericLiteral(node)) return fromLiteral(node);
  if (ts.isStringLiteralLike(node)) return addressOfItem(textOf(context.program, node.text));
  if (ts.isIdentifier(node)) return fromName(context, node);
  if (ts.isPrefixUnaryExpression(node)) return fromUnary(context, node);
  if (ts.isBinaryExpression(node)) return fromBinary(context, node);
  if (ts.isConditionalExpression(node)) return fromChoice(context, node);
  if (ts.isCallExpression(node)) return fromCall(context, node);
  if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node))
    return fromAccess(context, node);
  return KEYWORDS.get(node.kind);
}

const KEYWORDS = new Map<ts.SyntaxKind, Constant>([
  [ts.SyntaxKind.TrueKeyword, { type: BOOLEAN, value: 1 }],
  [ts.SyntaxKind.FalseKeyword, { type: BOOLEAN, value: 0 }],
  [ts.SyntaxKind.NullKeyword, { type: NULL, value: 0 }],
]);

/*
 * A cast changes the type and keeps the bits: `-1 as u32` is `0xffffffff`. It is the one place where `as` has an
 * effect that can be seen, and the effect is on the sign.
 */

function fromCast(context: Context, node: ts.AsExpression): Constant | undefined {
  const inner = constantOf(context, node.expression);
  if (inner === undefined || node.type.getText() === 'const') return inner;
  return convert(inner, whole(node.type, typeFrom(context, node.type)));
}

/*
 * ## Literals and names
 *
 * `1.5` is a number to JavaScript, and we have no halves. At the other end, `0x80000000` is where a number stops
 * fitting in 31 bits; from there on it is unsigned, or else nobody could write `0xc0000000` without a cast.
 */

function fromLiteral(node: ts.NumericLiteral): Constant {
  const value = Number(node.text);
  if (!Number.isInteger(value))
    fail(node, `the fraction ${node.getText()}`, 'numbers are whole: count in smaller units');
  if (value > 0xffffffff)
    fail(node, `the number ${node.getText()}`, 'a number has 32 bits: at most 0xffffffff');
  return literal(value);
}

function fromName(context: Context, node: ts.Identifier): Constant | undefined {
  const binding = lookUp(context.scope, node.text);
  if (binding !== undefined) return binding.kind === 'constant' ? binding.constant : undefined;
  const definition = definitionOf(context, node, node.text);
  if (definition.kind === 'intrinsic') {
    fail(node, `\`${node.text}\` as a value`, 'it is no function in memory: call it');
  }
  return definition.kind === 'constant' ? definition.constant : addressIfFixed(definition);
}

function addressIfFixed(definition: Labelled): Constant | undefined {
  return definition.kind === 'variable' ? undefined : addressOfItem(definition);
}

function addressOfItem(item: Labelled): Constant {
  return { type: item.type, value: 0, base: item };
}

/*
 * ## Arithmetic
 *
 * `&&` and `||` look at one side first, so that `BARE && checkIt()` is constant as soon as `BARE` is false,
 * whatever the other side does. Of numbers the other side has its say, even if nobody will ever compute it: it may be
 * unsigned, and then both are.
 */

function fromUnary(context: Context, node: ts.PrefixUnaryExpression): Constant | undefined {
  if (node.operator === ts.SyntaxKind.PlusPlusToken || node.operator === ts.SyntaxKind.MinusMinusToken)
    return undefined;
  const operand = constantOf(context, node.operand);
  if (operand === undefined || operand.base !== undefined) return undefined;
  const { value, type } = operand;
  switch (node.operator) {
    case ts.SyntaxKind.MinusToken:
      return value === 0x8000_0000 && ts.isNumericLiteral(node.operand)
        ? { type: LITERAL, value: -value }
        : fromNumber(-value, type);
    case ts.SyntaxKind.TildeToken:
      return fromNumber(~value, type);
    case ts.SyntaxKind.ExclamationToken:
      return { type: BOOLEAN, value: value === 0 ? 1 : 0 };
  }
  return operand;
}

function fromBinary(context: Context, node: ts.BinaryExpression): Constant | undefined {
  const operator = node.operatorToken.kind;
  const left = constantOf(context, node.left);
  if (left === undefined) return undefined;
  if (left.base === undefined && left.type.kind === 'boolean') {
    if (operator === ts.SyntaxKind.AmpersandAmpersandToken) {
      return left.value === 0 ? left : constantOf(context, node.right);
    }
    if (operator === ts.SyntaxKind.BarBarToken)
      return left.value !== 0 ? left : constantOf(context, node.right);
  }
  const right = constantOf(context, node.right);
  if (right === undefined) return undefined;
  if (left.base !== undefined || right.base !== undefined) return moveAddress(operator, left, right);
  return compute(node, operator, left, right);
}

function fromChoice(context: Context, node: ts.ConditionalExpression): Constant | undefined {
  const condition = constantOf(context, node.condition);
  if (condition === undefined || condition.base !== undefined) return undefined;
  const whenTrue = constantOf(context, node.whenTrue);
  const whenFalse = constantOf(context, node.whenFalse);
  if (whenTrue === undefined || whenFalse === undefined) return undefined;
  return convert(condition.value !== 0 ? whenTrue : whenFalse, unify(whenTrue.type, whenFalse.type));
}

/*
 * ## Calls that cost nothing
 *
 * Eight of the intrinsics are questions to which the tangler itself knows the answer. To the program they are
 * constants.
 */

function fromCall(context: Context, node: ts.CallExpression): Constant | undefined {
  const called = ts.isIdentifier(node.expression) ? intrinsicOf(context, node.expression) : undefined;
  if (called === undefined) return undefined;
  const [argument] = node.arguments;
  const written = node.typeArguments?.[0];
  const type = (): Type =>
    typeFrom(context, written ?? fail(node, `${called} without a type`, `write ${called}<T>`));
  switch (called) {
    case 'sizeOf':
      return { type: U32, value: sizeOf(context.library, type()) };
    case 'offsetOf':
      return { type: U32, value: offset(context, node, type()) };
    case 'charCode':
      return { type: U32, value: codeOf(node, argument) };
    case 'imageStart':
      return { type: U32, value: 0, base: { label: '$image.start' } };
    case 'imageEnd':
      return { type: U32, value: 0, base: { label: '$image.end' } };
    case 'addressOf':
      return argument && retyped(fixedAddress(context, argument), U32);
    case 'bytesOf':
      return argument && retyped(constantOf(context, argument), { kind: 'array', element: { kind: 'u8' } });
    case 'at':
      return argument && retyped(constantOf(context, argument), valueType(type()));
  }
  return undefined;
}

/*
 * Whether a call is one of those is a question of names like any other: a parameter called `at` is a parameter.
 */

/** The intrinsic that `node` names, if it names one. */
export function intrinsicOf(context: Context, node: ts.Identifier): string | undefined {
  if (lookUp(context.scope, node.text) !== undefined) return undefined;
  const definition: Definition = definitionOf(context, node, node.text);
  return definition.kind === 'intrinsic' ? definition.name : undefined;
}

function retyped(constant: Constant | undefined, type: Type): Constant | undefined {
  return constant && { ...constant, type };
}

function offset(context: Context, node: ts.CallExpression, type: Type): number {
  const [name] = node.arguments;
  if (name === undefined || !ts.isStringLiteralLike(name))
    fail(node, 'offsetOf', "name the field: offsetOf<T>('field')");
  return fieldOf(context.library, name, type, name.text).offset;
}

function codeOf(node: ts.Node, argument: ts.Expression | undefined): number {
  const text = argument && ts.isStringLiteralLike(argument) ? argument.text : '';
  const code = text.length === 1 ? text.charCodeAt(0) : -1;
  if (code < 0 || code > 0xff)
    fail(node, `\`${node.getText()}\``, "give it one character of one byte: charCode('x')");
  return code;
}

/*
 * ## Addresses that do not move
 *
 * `addressOf` of a number that is a module's variable is its label. Of a pointer it is what it points to, and so
 * nothing that could be known. Of a constant it is nothing at all: five has no address. This is the error one makes
 * when one means `let`, so the message says it.
 */

/** The address of what `node` names, if it is known before anything runs. */
function fixedAddress(context: Context, node: ts.Expression): Constant | undefined {
  node = bare(node);
  if (ts.isIdentifier(node) && lookUp(context.scope, node.text) === undefined) {
    const definition = definitionOf(context, node, node.text);
    if (definition.kind === 'variable')
      return isPointer(definition.type) ? undefined : addressOfItem(definition);
    if (definition.kind === 'constant' && !isPointer(definition.constant.type)) {
      fail(
        node,
        `the address of the constant \`${node.text}\``,
        'a constant is nowhere in memory: declare it with let',
      );
    }
  }
  const constant = constantOf(context, node);
  if (constant !== undefined && !isPointer(constant.type) && constant.type.kind !== 'null') {
    fail(node, `the address of \`${node.getText()}\``, 'addressOf takes what lies in memory');
  }
  return constant;
}

/*
 * `table[2].inside` is a place inside a place, as far as things lie there in person. As soon as the way leads
 * through a pointer, somebody has to load it, and then it is not constant any more.
 */

/** `table[2]` and `table[2].inside` of what lies in place is an address, known if that of `table` is. */
function fromAccess(
  context: Context,
  node: ts.PropertyAccessExpression | ts.ElementAccessExpression,
): Constant | undefined {
  if (node.questionDotToken) fail(node, '?.', 'test for null first');
  const base = constantOf(context, node.expression);
  if (base === undefined) return undefined;
  if (ts.isPropertyAccessExpression(node)) {
    const field = fieldOf(context.library, node.name, base.type, node.name.text);
    return isInPlace(field.type)
      ? { ...base, type: valueType(field.type), value: base.value + field.offset }
      : undefined;
  }
  const element = elementOf(node.expression, base.type);
  const index = constantOf(context, node.argumentExpression);
  if (!isInPlace(element) || index === undefined || index.base !== undefined) return undefined;
  const value = base.value + index.value * sizeOf(context.library, element);
  return { ...base, type: valueType(element), value };
}
