/*
 * # Expressions
 *
 * Here is the heart of the matter, and of this appendix. `(a + 1) * (b - x) + g()` is a tree: leaves, branches,
 * and at the root a number. The processor knows no trees. It knows one step at a time, each with one register that
 * is changed and one operand beside it.
 *
 * ```text
 *       mov eax, [ebp+8]           a
 *       inc eax                      + 1
 *       mov ecx, [ebp+12]                   b
 *       sub ecx, dword [x]                    - x
 *       imul eax, ecx                    *
 *       push eax                             (eax does not survive a call)
 *       call g                                       g()
 *       mov ecx, eax
 *       pop eax
 *       add eax, ecx                             +
 * ```
 *
 * The rule is short. A value is computed into the *first* of a list of registers, and no other register may be
 * touched but those in the list. At the root the list is eax, ecx, edx. Going down to a right-hand side it loses
 * its head, where the left-hand side is waiting. And when the list gets too short, or something down there insists
 * on having eax for itself (a call does, and a division), the value waits on the stack instead. How long a list a
 * tree needs is known before anything is written: `need` says it.
 */

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
  checkDivisor,
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

/*
 * ## What kind of tree is it?
 *
 * What an instruction can name as it stands, it names (`directOperand`). Everything else goes to the room where
 * its kind is dealt with.
 */

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

/*
 * Most expressions are statements, and nobody wants their value. `i++` for nobody is one instruction, and for
 * somebody it is two.
 */

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

/*
 * ## One operand
 *
 * The i386 has `neg` and `not`, and `!` is a question that belongs to `truthValue`.
 */

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

/*
 * ## Two operands
 *
 * Some operators are not arithmetic at all. Assignments, comparisons, the two that decide, and the comma have
 * rooms of their own. Some are no operators of ours.
 */

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

/*
 * ## Left, operator, right
 *
 * Four cases, by how much trouble there is. A number on the right goes into the instruction. Shifts want their
 * distance in cl, divisions their dividend in edx and eax, and both have an opinion about everything. The rest
 * take any register and any operand, and if the right-hand side is the larger tree and the order does not matter
 * to anybody, it goes first: then the small one may well be an operand.
 */

/** Computes `left operator right`. */
export function arithmetic(
  frame: Frame,
  operator: ts.SyntaxKind,
  left: ts.Expression,
  right: ts.Expression,
  registers: readonly Register[],
): void {
  const type = commonNumber(frame, left, left, right);
  checkDivisor(frame, operator, right);
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

/*
 * ## Somewhere to stand
 *
 * Where is the right-hand side when the instruction runs? Best in memory or in a number, where it has been all the
 * time. Next best in the next register. Otherwise in ecx, by one of three ways.
 */

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

/*
 * The three ways to eax and ecx, from the cheapest to the dearest. If the right-hand side needs no eax, the left
 * one can wait there. If the left one is so small that it can be fetched afterwards, it is, provided that nothing
 * on the right can change it (`disturbs` knows). And if all else fails there is the stack, which has never let
 * anybody down.
 */

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

/*
 * ## One of two
 *
 * `?:` is an `if` with a value. Both sides leave theirs in eax, and nobody can tell later which it was.
 */

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

/*
 * `a || b` on numbers is the older sibling of a truth value: it gives the side that decided. When both sides are
 * truth values, the roundabout way over `branch` is shorter.
 */

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
