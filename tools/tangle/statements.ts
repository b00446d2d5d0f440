/*
 * # Statements
 *
 * Edsger Dijkstra's letter against the `goto` was printed in 1968. Since then we have written `while` and `if`,
 * and the compiler has turned each of them back into `goto`, because there is nothing else. This is where that
 * happens.
 *
 * One thing is carried along: every function in this file says whether the end of its statement can be reached.
 * Behind a `return` it cannot, and whatever stands there is not written. So `if (!BARE) return;` makes the rest of
 * a function vanish from pup's kernel, and with it all that the rest would have called.
 */

import ts from 'typescript';
import { putInRegister } from './assignments.ts';
import { branch } from './conditions.ts';
import { convert } from './folding.ts';
import { fail, refuse } from './errors.ts';
import { discard, evaluate } from './expressions.ts';
import { emit, mark, newTarget, placeLabel, type Frame } from './frame.ts';
import { leave } from './functions.ts';
import { nameOf } from './modules.ts';
import { directOperand } from './operands.ts';
import { bind, innerScope } from './scope.ts';
import { choose } from './switches.ts';
import { constantIn, typeOf } from './typing.ts';
import { I32, typeFrom, variableType, type Type } from './types.ts';

/** Writes a block, in a scope of its own; says whether its end can be reached. */
export function block(frame: Frame, node: ts.Block): boolean {
  return inside(frame, () => sequence(frame, node.statements));
}

/** Writes statements up to the first that never lets the next one run. */
export function sequence(frame: Frame, nodes: readonly ts.Statement[]): boolean {
  return nodes.every((node) => statement(frame, node));
}

/** Whatever `write` declares is forgotten behind it. */
export function inside<T>(frame: Frame, write: () => T): T {
  const outer = frame.scope;
  frame.scope = innerScope(outer);
  const result = write();
  frame.scope = outer;
  return result;
}

/*
 * ## One of ten
 *
 * Ten sorts of statement, one line for each, and the empty one. The rest is refused with a hint.
 */

/** Writes one statement; says whether its end can be reached. */
export function statement(frame: Frame, node: ts.Statement): boolean {
  if (ts.isBlock(node)) return block(frame, node);
  mark(frame, node);
  if (ts.isIfStatement(node)) return either(frame, node);
  if (ts.isReturnStatement(node)) return giveBack(frame, node);
  if (ts.isBreakStatement(node) || ts.isContinueStatement(node)) return jumpOut(frame, node);
  if (ts.isWhileStatement(node)) return loop(frame, node.statement, node.expression, undefined, false);
  if (ts.isDoStatement(node)) return loop(frame, node.statement, node.expression, undefined, true);
  if (ts.isForStatement(node)) return inside(frame, () => forLoop(frame, node));
  if (ts.isSwitchStatement(node)) inside(frame, () => choose(frame, node));
  else if (ts.isVariableStatement(node)) declareAll(frame, node.declarationList);
  else if (ts.isExpressionStatement(node)) discard(frame, node.expression);
  else if (node.kind !== ts.SyntaxKind.EmptyStatement) refuse(node);
  return true;
}

/*
 * ## Variables
 *
 * A `const` whose value is constant needs no place at all. A variable with a register takes its value there. For
 * the rest the frame grows by four bytes.
 */

function declareAll(frame: Frame, list: ts.VariableDeclarationList): void {
  const constant = (list.flags & ts.NodeFlags.Const) !== 0;
  if ((list.flags & ts.NodeFlags.BlockScoped) === 0) fail(list, 'var', 'write let or const');
  for (const node of list.declarations) declare(frame, node, constant);
}

function declare(frame: Frame, node: ts.VariableDeclaration, isConstant: boolean): void {
  const name = nameOf(node.name);
  const value = node.initializer;
  const folded = value && isConstant ? constantIn(frame, value) : undefined;
  const type = typeOfVariable(frame, node);
  if (folded !== undefined) {
    const constant = node.type === undefined ? folded : convert(folded, type);
    return bind(frame.scope, node, name, { kind: 'constant', constant });
  }

  const home = frame.homes.get(node);
  if (home !== undefined) {
    if (value !== undefined) putInRegister(frame, home, name, value);
    return bind(frame.scope, node, name, { kind: 'local', name, type, home, isConstant });
  }
  frame.bytes += 4;
  const distance = -frame.bytes;
  frame.movable.set(distance, node);
  if (value !== undefined) initialise(frame, value, distance);
  bind(frame.scope, node, name, { kind: 'local', name, type, home: distance, isConstant });
}

/*
 * The type is what is annotated, or else that of the first value. A lone number makes an `i32`.
 */

function typeOfVariable(frame: Frame, node: ts.VariableDeclaration): Type {
  if (node.type !== undefined) return variableType(node, typeFrom(frame, node.type));
  if (node.initializer === undefined) fail(node, 'a variable without a type', 'annotate it: let count: u32');
  const type = typeOf(frame, node.initializer);
  if (type.kind === 'null')
    fail(node, 'a variable without a type', 'annotate it: let p: Process | null = null');
  return variableType(node, type.kind === 'literal' ? I32 : type);
}

function initialise(frame: Frame, value: ts.Expression, distance: number): void {
  const operand = directOperand(frame, value);
  if (operand?.kind === 'immediate' || operand?.kind === 'register') {
    return emit(frame, `mov dword [ebp${distance}], ${operand.text}`);
  }
  evaluate(frame, value);
  emit(frame, `mov [ebp${distance}], eax`);
}

/*
 * ## Either, or, and away
 *
 * `if` jumps over what is not meant. Where the condition is constant there is nothing to jump over: one side is
 * written, and the other is never even looked at, names and all. And `if (x) break;` is a single conditional jump,
 * straight out.
 */

function either(frame: Frame, node: ts.IfStatement): boolean {
  const { expression, thenStatement: yes, elseStatement: no } = node;
  const condition = constantIn(frame, expression);
  if (condition !== undefined) {
    const chosen = condition.base !== undefined || condition.value !== 0 ? yes : no;
    return chosen === undefined || inside(frame, () => statement(frame, chosen));
  }
  const only = onlyStatement(yes);
  if (no === undefined && (ts.isBreakStatement(only) || ts.isContinueStatement(only))) {
    branch(frame, expression, exitFor(frame, only), true);
    return true;
  }
  const otherwise = newTarget(frame);
  branch(frame, expression, otherwise, false);
  const reached = inside(frame, () => statement(frame, yes));
  if (no === undefined) {
    placeLabel(frame, otherwise);
    return true;
  }
  const end = newTarget(frame);
  if (reached) emit(frame, `jmp ${end}`);
  placeLabel(frame, otherwise);
  const reachedToo = inside(frame, () => statement(frame, no));
  placeLabel(frame, end);
  return reached || reachedToo;
}

/*
 * ## Away
 *
 * `return` leaves through the epilogue, written out each time: it is two to five instructions, and a jump to a
 * shared one would be another. `break` and `continue` look for the nearest exit of their kind; a `switch` can be
 * left but not continued.
 */

function onlyStatement(node: ts.Statement): ts.Statement {
  return ts.isBlock(node) && node.statements.length === 1 ? node.statements[0]! : node;
}

function giveBack(frame: Frame, node: ts.ReturnStatement): false {
  if (node.expression !== undefined) evaluate(frame, node.expression);
  leave(frame);
  return false;
}

function jumpOut(frame: Frame, node: ts.BreakStatement | ts.ContinueStatement): false {
  emit(frame, `jmp ${exitFor(frame, node)}`);
  return false;
}

/** Where a break or continue goes. */
function exitFor(frame: Frame, node: ts.BreakStatement | ts.ContinueStatement): string {
  if (node.label !== undefined) {
    fail(node, 'a jump to a label', 'move the loops to a function and leave them with return');
  }
  const goesOn = ts.isContinueStatement(node);
  const nearest = frame.exits.findLast(({ again }) => !goesOn || again !== undefined);
  if (nearest === undefined)
    fail(node, `\`${node.getText()}\` outside a loop`, 'there is nothing to leave here');
  if (goesOn) return nearest.again!;
  nearest.isLeft = true;
  return nearest.leave;
}

/*
 * ## Round and round
 *
 * The obvious loop tests at the top, runs its body and jumps back: two jumps a round. Put the test behind the body
 * and enter by jumping to it, and only one is left.
 *
 * ```text
 *       jmp test
 * top:  ...            the body
 * again:
 *       ...            i++
 * test: cmp ebx, edi
 *       jb top
 * ```
 *
 * `while`, `do` and `for` are the same loop with parts left out.
 */

function forLoop(frame: Frame, node: ts.ForStatement): boolean {
  const first = node.initializer;
  if (first && ts.isVariableDeclarationList(first)) declareAll(frame, first);
  else if (first) discard(frame, first);
  return loop(frame, node.statement, node.condition, node.incrementor, false);
}

/** A loop tests at its end: one jump a round, and one extra to get in. */
function loop(
  frame: Frame,
  body: ts.Statement,
  condition: ts.Expression | undefined,
  next: ts.Expression | undefined,
  bodyFirst: boolean,
): boolean {
  const [top, test] = [newTarget(frame), newTarget(frame)];
  const exit = { leave: newTarget(frame), again: newTarget(frame), isLeft: false };
  const truth = condition && constantIn(frame, condition);
  const endless = condition === undefined || (truth !== undefined && truth.value !== 0);
  frame.depth++;
  frame.exits.push(exit);
  if (!bodyFirst && !endless) emit(frame, `jmp ${test}`);
  placeLabel(frame, top);
  inside(frame, () => statement(frame, body));
  placeLabel(frame, exit.again);
  if (next !== undefined) {
    mark(frame, next);
    discard(frame, next);
  }
  placeLabel(frame, test);
  if (condition !== undefined) mark(frame, condition);
  if (endless) emit(frame, `jmp ${top}`);
  else branch(frame, condition, top, true);
  placeLabel(frame, exit.leave);
  frame.exits.pop();
  frame.depth--;
  return exit.isLeft || !endless;
}
