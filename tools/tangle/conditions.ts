/*
 * # Conditions
 *
 * In assembly there is no true and no false. There is a comparison, which leaves its impression in the flags, and
 * a jump, which looks at them. A condition that is only there to be jumped on never has to become a number, and
 * mostly they are only there for that.
 *
 * `if (a !== 0 && (b < 0 || b > 9)) return 1; return 2;`
 *
 * ```text
 *       cmp dword [ebp+8], 0
 *       je two
 *       cmp dword [ebp+12], 0
 *       jl one
 *       cmp dword [ebp+12], 9
 *       jle two
 * one:  mov eax, 1
 *       ...
 * two:  mov eax, 2
 * ```
 *
 * Three comparisons, three jumps, and no `&&` or `||` anywhere to be seen. They have become the targets of the
 * jumps.
 */

import ts from 'typescript';
import { disturbs } from './effects.ts';
import { fail } from './errors.ts';
import { evaluate, sides } from './expressions.ts';
import { emit, newTarget, placeLabel, type Frame } from './frame.ts';
import { widthOf } from './layout.ts';
import { directOperand, loadOperand, sized } from './operands.ts';
import { isAccess, loadIntrinsic, placeType, reach, SCRATCH } from './places.ts';
import { constantIn, core, isComparison, typeOf } from './typing.ts';
import { isSigned, unify } from './types.ts';

const K = ts.SyntaxKind;

/*
 * ## Jump if
 *
 * `branch` takes a target and the answer on which to go there, so `!` is free: it turns the answer round.
 */

/** Jumps to `target` if `node` is `when`, and falls through if not. */
export function branch(frame: Frame, node: ts.Expression, target: string, when: boolean): void {
  const constant = constantIn(frame, node);
  if (constant !== undefined) {
    const truth = constant.base !== undefined || constant.value !== 0;
    if (truth === when) emit(frame, `jmp ${target}`);
    return;
  }
  const inner = core(frame, node);
  if (ts.isPrefixUnaryExpression(inner) && inner.operator === K.ExclamationToken) {
    return branch(frame, inner.operand, target, !when);
  }
  if (ts.isBinaryExpression(inner)) {
    const operator = inner.operatorToken.kind;
    if (operator === K.AmpersandAmpersandToken) return branchBoth(frame, inner, target, when);
    if (operator === K.BarBarToken) return branchEither(frame, inner, target, when);
    if (isComparison(operator)) {
      const condition = compare(frame, inner);
      return emit(frame, `j${when ? condition : OPPOSITE.get(condition)} ${target}`);
    }
  }
  testForZero(frame, inner);
  emit(frame, `${when ? 'jnz' : 'jz'} ${target}`);
}

/*
 * ## Both, and either
 *
 * To jump if *not both*: jump if not the one, jump if not the other. To jump if both: if not the one, go past;
 * jump if the other. `||` is the same with everything reversed, which is De Morgan's law in its working clothes.
 */

function branchBoth(frame: Frame, { left, right }: ts.BinaryExpression, target: string, when: boolean): void {
  if (!when) {
    branch(frame, left, target, false);
    return branch(frame, right, target, false);
  }
  const end = newTarget(frame);
  branch(frame, left, end, false);
  branch(frame, right, target, true);
  placeLabel(frame, end);
}

function branchEither(
  frame: Frame,
  { left, right }: ts.BinaryExpression,
  target: string,
  when: boolean,
): void {
  if (when) {
    branch(frame, left, target, true);
    return branch(frame, right, target, true);
  }
  const end = newTarget(frame);
  branch(frame, left, end, true);
  branch(frame, right, target, false);
  placeLabel(frame, end);
}

/*
 * ## Is it zero?
 *
 * `test` is an `and` that forgets its result. `if (flags & 0x200)` is made for it.
 */

/** Sets the zero flag if `node` is 0, false or null. */
function testForZero(frame: Frame, node: ts.Expression): void {
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === K.AmpersandToken) {
    typeOf(frame, node);
    const mask = directOperand(frame, node.right);
    if (mask?.kind === 'immediate') return emit(frame, `test ${subject(frame, node.left)}, ${mask.text}`);
  }
  const operand = directOperand(frame, node);
  const left = operand?.kind === 'memory' ? operand.text : subject(frame, node);
  emit(frame, left.includes('[') ? `cmp ${left}, 0` : `test ${left}, ${left}`);
}

/** `node` as the first operand of a test against a number: a register, or 32 bits of memory. */
function subject(frame: Frame, node: ts.Expression): string {
  const operand = directOperand(frame, node);
  if (operand !== undefined && operand.kind !== 'immediate' && operand.wide) return operand.text;
  evaluate(frame, node);
  return 'eax';
}

/*
 * ## Comparing
 *
 * The processor compares once and lets you choose later how you meant it: `jl` is *less* with sign, `jb` *below*
 * without. Both look at the same flags. Choosing wrongly is a mistake that works until an address is above
 * `0x80000000`, and kernels live above `0xc0000000`.
 */

const OPPOSITE = new Map([
  ['e', 'ne'],
  ['ne', 'e'],
  ['l', 'ge'],
  ['ge', 'l'],
  ['g', 'le'],
  ['le', 'g'],
  ['b', 'ae'],
  ['ae', 'b'],
  ['a', 'be'],
  ['be', 'a'],
]);

/** What each comparison is called, signed and unsigned, and what it is with its sides swapped. */
const CONDITIONS = new Map<ts.SyntaxKind, [signed: string, unsigned: string, swapped: ts.SyntaxKind]>([
  [K.EqualsEqualsEqualsToken, ['e', 'e', K.EqualsEqualsEqualsToken]],
  [K.ExclamationEqualsEqualsToken, ['ne', 'ne', K.ExclamationEqualsEqualsToken]],
  [K.LessThanToken, ['l', 'b', K.GreaterThanToken]],
  [K.LessThanEqualsToken, ['le', 'be', K.GreaterThanEqualsToken]],
  [K.GreaterThanToken, ['g', 'a', K.LessThanToken]],
  [K.GreaterThanEqualsToken, ['ge', 'ae', K.LessThanEqualsToken]],
]);

/*
 * A number on the left changes sides, and the comparison turns with it. Equality with zero is `testForZero`.
 */

/** Compares the sides of `node`; returns the condition under which it holds: `e`, `b`, `ge`... */
export function compare(frame: Frame, node: ts.BinaryExpression): string {
  const type = unify(typeOf(frame, node.left), typeOf(frame, node.right));
  refuseStrings(frame, node);
  let { left, right } = node;
  let operator: ts.SyntaxKind = node.operatorToken.kind;
  if (constantIn(frame, left) !== undefined) {
    [left, right] = [right, left];
    operator = CONDITIONS.get(operator)![2];
  }
  const [signed, unsigned] = CONDITIONS.get(operator)!;
  if (compareNarrow(frame, left, right)) return unsigned;

  const constant = constantIn(frame, right);
  const zero = constant !== undefined && constant.base === undefined && constant.value === 0;
  if (zero && signed === unsigned) testForZero(frame, core(frame, left));
  else compareWords(frame, left, right);
  return isSigned(type) ? signed : unsigned;
}

/*
 * ## Two operands at most
 *
 * `cmp` takes nearly any pair, only not two places in memory, and not a number on the left.
 */

function compareWords(frame: Frame, left: ts.Expression, right: ts.Expression): void {
  const first = directOperand(frame, left);
  const second = directOperand(frame, right);
  if (first?.wide && second?.wide && (first.kind === 'register' || second.kind !== 'memory')) {
    if (first.kind !== 'immediate') return emit(frame, `cmp ${first.text}, ${second.text}`);
  }
  if (second?.wide && first?.kind === 'memory') {
    loadOperand(frame, 'eax', first);
    return emit(frame, `cmp eax, ${second.text}`);
  }
  emit(frame, `cmp ${swapSafe(frame, left, right)}`);
}

function swapSafe(frame: Frame, left: ts.Expression, right: ts.Expression): string {
  const first = directOperand(frame, left);
  if (first?.kind === 'register' && !disturbs(frame, right, left)) {
    evaluate(frame, right);
    return `${first.text}, eax`;
  }
  return `eax, ${sides(frame, left, right, SCRATCH)}`;
}

/*
 * Texts are searched byte by byte, and `text[i] === 0` should be one instruction. If the number fits into a byte,
 * it can be.
 */

/** Compares a byte or word in memory with a number that it can hold, without a load; says whether it did. */
function compareNarrow(frame: Frame, left: ts.Expression, right: ts.Expression): boolean {
  const constant = constantIn(frame, right);
  if (constantIn(frame, left) !== undefined) return false;
  const inner = core(frame, left);
  const type = isAccess(inner) ? placeType(frame, inner) : loadIntrinsic(frame, inner)?.type;
  if (constant === undefined || constant.base !== undefined || type === undefined) return false;
  const width = widthOf(frame.library, type);
  if (width === 32 || constant.value < 0 || constant.value >= 2 ** width) return false;
  emit(frame, `cmp ${sized(frame, reach(frame, inner, SCRATCH))}, ${constant.value}`);
  return true;
}

/** `left === right` of two strings is a question about addresses, and nobody means that. */
function refuseStrings(frame: Frame, node: ts.BinaryExpression): void {
  if (typeOf(frame, node.left).kind !== 'string' || typeOf(frame, node.right).kind !== 'string') return;
  fail(node, 'a comparison of strings', 'it would compare addresses: compare the bytes in a loop');
}

/*
 * ## Truth as a number
 *
 * Now and then somebody wants to keep the answer. `setcc` writes 0 or 1 into a byte, and the rest of the register
 * is cleared behind it.
 */

/** Computes a truth value into eax: 1 or 0. */
export function truthValue(frame: Frame, node: ts.Expression): void {
  const inner = core(frame, node);
  if (ts.isBinaryExpression(inner) && isComparison(inner.operatorToken.kind)) {
    emit(frame, `set${compare(frame, inner)} al`);
    return emit(frame, 'movzx eax, al');
  }
  const no = newTarget(frame);
  const end = newTarget(frame);
  branch(frame, inner, no, false);
  emit(frame, 'mov eax, 1');
  emit(frame, `jmp ${end}`);
  placeLabel(frame, no);
  emit(frame, 'xor eax, eax');
  placeLabel(frame, end);
}
