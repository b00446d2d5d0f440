/* # Expressions */

import ts from 'typescript';
import { assign } from './assignments.ts';
import { call } from './calls.ts';
import { step } from './changes.ts';
import { branch, truthValue } from './conditions.ts';
import { disturbs } from './effects.ts';
import { fail, refuse } from './errors.ts';
import { emit, newTarget, placeLabel, type Frame } from './frame.ts';
import { inline } from './machine-code.ts';
import { need } from './need.ts';
import { directOperand, load, loadOperand } from './operands.ts';
import {
  commutes,
  isDivision,
  isEasy,
  isShift,
  isSimpleOperator,
  operate,
  operateByNumber,
} from './operators.ts';
import { isAccess, loadIntrinsic, reach, SCRATCH, type Register, type Scratch } from './places.ts';
import { commonNumber, constantIn, core, isAssignment, isComparison, typeOf } from './typing.ts';

const K = ts.SyntaxKind;

/**
 * Computes `node` into the first of `registers`, using up no other scratch registers than those. What needs eax
 * can only be computed into all three.
 */
export function evaluate(frame: Frame, node: ts.Expression, registers: readonly Register[] = SCRATCH): void {
  const into = registers[0]!;
  const operand = directOperand(frame, node);
  if (operand !== undefined) return loadOperand(frame, into, operand);

  const inner = core(frame, node);
  if (isAccess(inner) || loadIntrinsic(frame, inner)) {
    return load(frame, into, reach(frame, inner, registers as readonly Scratch[]));
  }
  if (ts.isBinaryExpression(inner)) return binary(frame, inner, registers);
  if (ts.isPrefixUnaryExpression(inner)) return unary(frame, inner, registers);
  if (ts.isPostfixUnaryExpression(inner)) return step(frame, inner, true);
  if (ts.isCallExpression(inner)) return call(frame, inner);
  if (ts.isConditionalExpression(inner)) return choose(frame, inner);
  if (ts.isTaggedTemplateExpression(inner)) return inline(frame, inner);
  refuse(inner);
}

/** Computes `node` for what it does, not for what it gives. */
export function discard(frame: Frame, node: ts.Expression): void {
  const inner = core(frame, node);
  if (ts.isBinaryExpression(inner) && isAssignment(inner.operatorToken.kind))
    return assign(frame, inner, false);
  if (ts.isBinaryExpression(inner) && inner.operatorToken.kind === K.CommaToken) {
    discard(frame, inner.left);
    return discard(frame, inner.right);
  }
  if (ts.isPostfixUnaryExpression(inner)) return step(frame, inner, false);
  if (ts.isPrefixUnaryExpression(inner) && isStep(inner)) return step(frame, inner, false);
  if (constantIn(frame, inner) === undefined) evaluate(frame, inner);
}

/* ## One operand */

function isStep(node: ts.PrefixUnaryExpression): boolean {
  return node.operator === K.PlusPlusToken || node.operator === K.MinusMinusToken;
}

function unary(frame: Frame, node: ts.PrefixUnaryExpression, registers: readonly Register[]): void {
  if (isStep(node)) return step(frame, node, true);
  if (node.operator === K.ExclamationToken) return truthValue(frame, node);
  typeOf(frame, node);
  evaluate(frame, node.operand, registers);
  if (node.operator === K.MinusToken) emit(frame, `neg ${registers[0]}`);
  if (node.operator === K.TildeToken) emit(frame, `not ${registers[0]}`);
}

/* ## Two operands */

function binary(frame: Frame, node: ts.BinaryExpression, registers: readonly Register[]): void {
  const operator = node.operatorToken.kind;
  if (isAssignment(operator)) return assign(frame, node, true);
  if (isComparison(operator)) return truthValue(frame, node);
  if (operator === K.AmpersandAmpersandToken || operator === K.BarBarToken) return shortCircuit(frame, node);
  if (operator === K.CommaToken) {
    discard(frame, node.left);
    return evaluate(frame, node.right);
  }
  refuseOperator(node);
  typeOf(frame, node);
  arithmetic(frame, operator, node.left, node.right, registers);
}

function refuseOperator({ operatorToken }: ts.BinaryExpression): void {
  const operator = operatorToken.kind;
  if (isSimpleOperator(operator) || isShift(operator) || isDivision(operator)) return;
  if (operator === K.EqualsEqualsToken || operator === K.ExclamationEqualsToken) {
    fail(operatorToken, operatorToken.getText(), `write ${operatorToken.getText()}=`);
  }
  if (operator === K.AsteriskAsteriskToken) fail(operatorToken, '**', 'write 1 << n, or a loop');
  if (operator === K.QuestionQuestionToken) fail(operatorToken, '??', 'write p !== null ? p : q');
  refuse(operatorToken);
}

/** Computes `left operator right`. */
export function arithmetic(
  frame: Frame,
  operator: ts.SyntaxKind,
  left: ts.Expression,
  right: ts.Expression,
  registers: readonly Register[],
): void {
  const type = commonNumber(frame, left, left, right);
  const into = registers[0]!;
  const constant = constantIn(frame, right);
  if (constant !== undefined && constant.base === undefined && isEasy(operator, constant.value, type)) {
    evaluate(frame, left, registers);
    return operateByNumber(frame, operator, into, constant.value);
  }
  if (isShift(operator) || isDivision(operator)) {
    const operand = bothIn(frame, left, right, isDivision(operator) ? 'memory' : 'ecx');
    return operate(frame, operator, 'eax', operand, type);
  }
  const swap = commutes(operator) && need(frame, left) < need(frame, right) && !disturbs(frame, right, left);
  const [first, second] = swap ? [right, left] : [left, right];
  operate(frame, operator, into, sides(frame, first, second, registers), type);
}

/** Computes `left` into the first register and returns `right` as an operand beside it. */
export function sides(
  frame: Frame,
  left: ts.Expression,
  right: ts.Expression,
  registers: readonly Register[],
): string {
  const operand = directOperand(frame, right);
  if (operand?.wide) {
    evaluate(frame, left, registers);
    return operand.text;
  }
  const rest = registers.slice(1);
  if (need(frame, right) <= rest.length) {
    evaluate(frame, left, registers);
    evaluate(frame, right, rest);
    return rest[0]!;
  }
  return bothIn(frame, left, right, 'ecx');
}

/** Computes `left` into eax and `right` into ecx, or, where any operand will do, leaves it in memory. */
function bothIn(frame: Frame, left: ts.Expression, right: ts.Expression, where: 'ecx' | 'memory'): string {
  const operand = directOperand(frame, right);
  if (where === 'memory' && operand?.wide && operand.kind !== 'immediate') {
    evaluate(frame, left);
    return operand.text;
  }
  if (need(frame, right) <= 2) {
    evaluate(frame, left);
    evaluate(frame, right, ['ecx', 'edx']);
  } else if (need(frame, left) === 1 && !disturbs(frame, right, left)) {
    evaluate(frame, right);
    emit(frame, 'mov ecx, eax');
    evaluate(frame, left, ['eax']);
  } else {
    evaluate(frame, left);
    emit(frame, 'push eax');
    evaluate(frame, right);
    emit(frame, 'mov ecx, eax');
    emit(frame, 'pop eax');
  }
  return 'ecx';
}

/* ## One of two */

function choose(frame: Frame, node: ts.ConditionalExpression): void {
  const condition = constantIn(frame, node.condition);
  if (condition !== undefined && condition.base === undefined) {
    return evaluate(frame, condition.value !== 0 ? node.whenTrue : node.whenFalse);
  }
  const otherwise = newTarget(frame);
  const end = newTarget(frame);
  branch(frame, node.condition, otherwise, false);
  evaluate(frame, node.whenTrue);
  emit(frame, `jmp ${end}`);
  placeLabel(frame, otherwise);
  evaluate(frame, node.whenFalse);
  placeLabel(frame, end);
}

/** `a && b` and `a || b` have the value of the side that decided. */
function shortCircuit(frame: Frame, node: ts.BinaryExpression): void {
  if (typeOf(frame, node).kind === 'boolean') return truthValue(frame, node);
  const end = newTarget(frame);
  evaluate(frame, node.left);
  emit(frame, 'test eax, eax');
  emit(frame, node.operatorToken.kind === K.BarBarToken ? `jnz ${end}` : `jz ${end}`);
  evaluate(frame, node.right);
  placeLabel(frame, end);
}
