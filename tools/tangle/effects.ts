/*
 * # Who disturbs whom
 *
 * `a - f()` can be computed from the right: call `f`, and fetch a afterwards. Unless `f` changes a. JavaScript is
 * strict in this: left before right, always, and a program that says `next() * 10 + next()` relies on it. So
 * whenever we would like to change the order, we have to know that nobody can tell.
 *
 * The answer is allowed to be too careful. It costs an instruction now and then. It is not allowed to be wrong.
 */

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

/*
 * ## What may change
 *
 * Three grades. An expression without calls and assignments changes nothing. A call may change anything in memory,
 * but not the caller's own variables: nobody has their address, since `addressOf` refuses to give it. An
 * assignment in the middle of an expression, or machine code, may change those as well.
 */

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

/*
 * ## What may be changed
 *
 * And three grades on the other side. A constant depends on nothing, a local variable on itself, and everything
 * else on memory. One disturbs the other if the grades add up to more than two, which is less mysterious than it
 * looks: write down the nine cases.
 */

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

/*
 * ## What lies there, and where it lies
 *
 * In `p.count = f()` it does not matter that `f` may change `p.count`, we are about to do that ourselves. It
 * matters whether `f` may change p. For the target of an assignment, only the way there counts.
 */

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

/*
 * Two smaller questions of the same sort.
 */

/** Whether evaluating `node` changes nothing that anyone could see. */
export function isPure(frame: Frame, node: ts.Expression): boolean {
  return effectOf(frame, node) === NOTHING;
}

/** Whether `node` mentions the variable `name`. */
export function mentions(node: ts.Node, name: string): boolean {
  if (ts.isIdentifier(node)) return node.text === name;
  return ts.forEachChild(node, (child) => mentions(child, name) || undefined) ?? false;
}
