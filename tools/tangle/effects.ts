/* # Who disturbs whom */

import ts from 'typescript';
import { intrinsicOf } from './constants.ts';
import type { Frame } from './frame.ts';
import { isAccess, placeType } from './places.ts';
import { lookUp } from './scope.ts';
import { constantIn, core, isAssignment } from './typing.ts';
import { isInPlace } from './types.ts';

/** What evaluating something may change: nothing, memory (a call), or memory and the function's own variables. */
const NOTHING = 0;
const MEMORY = 1;
const VARIABLES = 2;

/** Whether the value of `watched` may change while `first` is evaluated. */
export function disturbs(frame: Frame, first: ts.Expression, watched: ts.Expression): boolean {
  const changed = effectOf(frame, first);
  return changed !== NOTHING && changed + dependence(frame, watched) > VARIABLES;
}

/** What evaluating `node` may change. */
function effectOf(frame: Frame, node: ts.Node): number {
  if (ts.isTypeNode(node)) return NOTHING;
  if (ts.isTaggedTemplateExpression(node)) return VARIABLES;
  if (ts.isBinaryExpression(node) && isAssignment(node.operatorToken.kind)) return VARIABLES;
  if (ts.isPostfixUnaryExpression(node)) return VARIABLES;
  if (ts.isPrefixUnaryExpression(node) && node.operator !== ts.SyntaxKind.ExclamationToken) {
    const { PlusPlusToken, MinusMinusToken } = ts.SyntaxKind;
    if (node.operator === PlusPlusToken || node.operator === MinusMinusToken) return VARIABLES;
  }
  let effect = ts.isCallExpression(node) && !isHarmless(frame, node) ? MEMORY : NOTHING;
  ts.forEachChild(node, (child) => {
    effect = Math.max(effect, effectOf(frame, child));
  });
  return effect;
}

function isHarmless(frame: Frame, node: ts.CallExpression): boolean {
  if (!ts.isIdentifier(node.expression)) return false;
  const name = intrinsicOf(frame, node.expression);
  return name !== undefined && !name.startsWith('store');
}

/** What the value of `node` hangs on: 0 nothing, 1 variables of the function only, 2 memory as well. */
function dependence(frame: Frame, node: ts.Expression): number {
  if (constantIn(frame, node) !== undefined) return 0;
  const inner = core(frame, node);
  return ts.isIdentifier(inner) && lookUp(frame.scope, inner.text) !== undefined ? 1 : 2;
}

/** Whether the place `target` (not what lies there) may become another while `first` is evaluated. */
export function disturbsPlace(frame: Frame, first: ts.Expression, target: ts.Expression): boolean {
  const inner = core(frame, target);
  if (ts.isPropertyAccessExpression(inner)) return disturbsPointer(frame, first, inner.expression);
  if (ts.isElementAccessExpression(inner)) {
    return (
      disturbs(frame, first, inner.argumentExpression) || disturbsPointer(frame, first, inner.expression)
    );
  }
  return false;
}

/** Whether where `pointer` points may change while `first` is evaluated. */
export function disturbsPointer(frame: Frame, first: ts.Expression, pointer: ts.Expression): boolean {
  const inner = core(frame, pointer);
  if (isAccess(inner) && isInPlace(placeType(frame, inner))) return disturbsPlace(frame, first, inner);
  return disturbs(frame, first, pointer);
}

/** Whether evaluating `node` changes nothing that anyone could see. */
export function isPure(frame: Frame, node: ts.Expression): boolean {
  return effectOf(frame, node) === NOTHING;
}

/** Whether `node` mentions the variable `name`. */
export function mentions(node: ts.Node, name: string): boolean {
  if (ts.isIdentifier(node)) return node.text === name;
  return ts.forEachChild(node, (child) => mentions(child, name) || undefined) ?? false;
}
