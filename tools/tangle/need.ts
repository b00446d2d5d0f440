/*
 * # How many registers does it take?
 *
 * In 1958 a programmer in Moscow, Andrei Ershov, asked how many memory cells one needs to compute a formula, and
 * found that one can label each node of the tree with a number, from the leaves up, without trying anything. A
 * leaf takes one. A node whose two sides take different numbers takes the larger: do that side first, keep its
 * result in one cell, and the other side makes do with what is left. If both take the same, it is one more.
 *
 * Our machine has three registers for this, so the number decides between register and stack. With two twists. The
 * right-hand side can often stay in memory and take nothing at all. And some trees need one certain register; they
 * get the number infinity, which no list of registers is as long as.
 *
 * :::aside
 * Ravi Sethi and Jeffrey Ullman found the algorithm again in 1970 and proved that it is the best one. You find it
 * in books under their name, or under all three. Ershov had used it on a machine with vacuum tubes.
 * :::
 */

import ts from 'typescript';
import type { Frame } from './frame.ts';
import { isDivision, isEasy, isShift, isSimpleOperator } from './operators.ts';
import { directOperand } from './operands.ts';
import {
  directPlace,
  directTarget,
  elementsOf,
  homeOf,
  isAccess,
  isScale,
  loadIntrinsic,
  placeType,
} from './places.ts';
import { constantIn, core, typeOf } from './typing.ts';
import { isInPlace } from './types.ts';

/**
 * Registers that `node` needs, its result included; Infinity if it needs eax, because it calls, branches,
 * divides or assigns.
 */
export function need(frame: Frame, node: ts.Expression): number {
  if (directOperand(frame, node) !== undefined) return 1;
  const inner = core(frame, node);
  if (isAccess(inner) || loadIntrinsic(frame, inner) !== undefined)
    return Math.max(1, needOfPlace(frame, inner));
  if (ts.isPrefixUnaryExpression(inner)) return needOfUnary(frame, inner);
  if (ts.isBinaryExpression(inner)) return needOfBinary(frame, inner);
  return Number.POSITIVE_INFINITY;
}

/*
 * ## Counting
 *
 * The counting must agree with what `evaluate` then does, case by case, or a register is lost without anybody
 * noticing. Hundreds of random expressions are there to notice it.
 */

function needOfUnary(frame: Frame, node: ts.PrefixUnaryExpression): number {
  const { MinusToken, PlusToken, TildeToken } = ts.SyntaxKind;
  const simple = node.operator === MinusToken || node.operator === PlusToken || node.operator === TildeToken;
  return simple ? need(frame, node.operand) : Number.POSITIVE_INFINITY;
}

function needOfBinary(frame: Frame, node: ts.BinaryExpression): number {
  const operator = node.operatorToken.kind;
  const constant = constantIn(frame, node.right);
  const isNumber = constant !== undefined && constant.base === undefined;
  if (isShift(operator) || isDivision(operator)) {
    const easy = isNumber && isEasy(operator, constant.value, typeOf(frame, node));
    return easy ? need(frame, node.left) : Number.POSITIVE_INFINITY;
  }
  if (!isSimpleOperator(operator)) return Number.POSITIVE_INFINITY;
  const left = need(frame, node.left);
  if (directOperand(frame, node.right)?.wide) return left;
  return Math.max(left, need(frame, node.right) + 1);
}

/*
 * ## The same for places
 *
 * A place takes none if it is direct. Otherwise it takes what its parts take, by the same rule.
 */

/** Registers that `reach` uses up for `node`. */
export function needOfPlace(frame: Frame, node: ts.Expression): number {
  if (directPlace(frame, node) !== undefined) return 0;
  const inner = core(frame, node);
  if (ts.isPropertyAccessExpression(inner)) return needOfTarget(frame, inner.expression);
  const load = loadIntrinsic(frame, inner);
  if (load !== undefined) return needOfTarget(frame, load.address);
  return ts.isElementAccessExpression(inner) ? needOfElement(frame, inner) : Number.POSITIVE_INFINITY;
}

/** Registers that `reachTarget` uses up for the pointer `node`. */
export function needOfTarget(frame: Frame, node: ts.Expression): number {
  if (directTarget(frame, node) !== undefined) return 0;
  const inner = core(frame, node);
  return isAccess(inner) && isInPlace(placeType(frame, inner))
    ? needOfPlace(frame, inner)
    : need(frame, node);
}

function needOfElement(frame: Frame, node: ts.ElementAccessExpression): number {
  const { expression: array, argumentExpression: index } = node;
  if (constantIn(frame, index)?.base === undefined && constantIn(frame, index) !== undefined) {
    return needOfTarget(frame, array);
  }
  const direct = directTarget(frame, array);
  if (direct !== undefined && direct.index === undefined) return need(frame, index);
  if (homeOf(frame, index) !== undefined && isScale(elementsOf(frame, node).size)) {
    return Math.max(1, needOfTarget(frame, array));
  }
  return Math.max(need(frame, array), need(frame, index) + 1);
}
