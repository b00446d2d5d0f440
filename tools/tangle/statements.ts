/* # Statements */

import ts from 'typescript';
import { putInRegister } from './assignments.ts';
import { branch } from './conditions.ts';
import { fromNumber } from './constants.ts';
import { fail, refuse } from './errors.ts';
import { discard, evaluate } from './expressions.ts';
import { emit, mark, newTarget, place, type Frame } from './frame.ts';
import { leave } from './functions.ts';
import { nameOf } from './modules.ts';
import { directOperand } from './operands.ts';
import { bind, innerScope } from './scope.ts';
import { choose } from './switches.ts';
import { constantIn, typeOf } from './typing.ts';
import { I32, typeFrom, variableType, type Type } from './types.ts';

/** The statements of a block, in a scope of their own. */
export function block(frame: Frame, node: ts.Block): void {
  inside(frame, () => {
    for (const one of node.statements) statement(frame, one);
  });
}

/** Whatever `write` declares is forgotten behind it. */
export function inside(frame: Frame, write: () => void): void {
  const outer = frame.scope;
  frame.scope = innerScope(outer);
  write();
  frame.scope = outer;
}

export function statement(frame: Frame, node: ts.Statement): void {
  if (ts.isBlock(node)) return block(frame, node);
  if (node.kind === ts.SyntaxKind.EmptyStatement) return;
  mark(frame, node);
  if (ts.isVariableStatement(node)) return declareAll(frame, node.declarationList);
  if (ts.isExpressionStatement(node)) return discard(frame, node.expression);
  if (ts.isIfStatement(node)) return either(frame, node);
  if (ts.isReturnStatement(node)) return giveBack(frame, node);
  if (ts.isWhileStatement(node)) return whileLoop(frame, node);
  if (ts.isDoStatement(node)) return doLoop(frame, node);
  if (ts.isForStatement(node)) return inside(frame, () => forLoop(frame, node));
  if (ts.isSwitchStatement(node)) return inside(frame, () => choose(frame, node));
  if (ts.isBreakStatement(node) || ts.isContinueStatement(node))
    return emit(frame, `jmp ${exitFor(frame, node)}`);
  refuse(node);
}

/* ## Variables */

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
    const plain = folded.base === undefined && folded.type.kind !== 'null' && node.type !== undefined;
    const constant = plain
      ? fromNumber(folded.value, type)
      : { ...folded, type: node.type ? type : folded.type };
    return bind(frame.scope, node, name, { kind: 'constant', constant });
  }

  const home = frame.homes.get(node);
  if (home !== undefined) {
    if (value !== undefined) putInRegister(frame, home, name, value);
    return bind(frame.scope, node, name, { kind: 'local', name, type, home });
  }
  frame.bytes += 4;
  const distance = -frame.bytes;
  frame.movable.set(distance, node);
  if (value !== undefined) initialise(frame, value, distance);
  bind(frame.scope, node, name, { kind: 'local', name, type, home: distance });
}

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

/* ## Either, or, and away */

function either(frame: Frame, node: ts.IfStatement): void {
  const condition = constantIn(frame, node.expression);
  if (condition !== undefined) {
    const truth = condition.base !== undefined || condition.value !== 0;
    const chosen = truth ? node.thenStatement : node.elseStatement;
    if (chosen !== undefined) inside(frame, () => statement(frame, chosen));
    return;
  }
  const only = onlyStatement(node.thenStatement);
  if ((ts.isBreakStatement(only) || ts.isContinueStatement(only)) && node.elseStatement === undefined) {
    return branch(frame, node.expression, exitFor(frame, only), true);
  }
  const otherwise = newTarget(frame);
  branch(frame, node.expression, otherwise, false);
  inside(frame, () => statement(frame, node.thenStatement));
  if (node.elseStatement === undefined) return place(frame, otherwise);

  const end = newTarget(frame);
  if (!leaves(node.thenStatement)) emit(frame, `jmp ${end}`);
  place(frame, otherwise);
  inside(frame, () => statement(frame, node.elseStatement!));
  place(frame, end);
}

function onlyStatement(node: ts.Statement): ts.Statement {
  return ts.isBlock(node) && node.statements.length === 1 ? node.statements[0]! : node;
}

/** Whether nothing behind `node` is reached through it. */
function leaves(node: ts.Statement): boolean {
  const last = ts.isBlock(node) ? node.statements.at(-1) : node;
  return (
    last !== undefined &&
    (ts.isReturnStatement(last) || ts.isBreakStatement(last) || ts.isContinueStatement(last))
  );
}

function giveBack(frame: Frame, node: ts.ReturnStatement): void {
  if (node.expression !== undefined) evaluate(frame, node.expression);
  leave(frame);
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
  return goesOn ? nearest.again! : nearest.leave;
}

/* ## Round and round */

/** A loop tests at its end: one jump a round, and one extra to get in. */
function whileLoop(frame: Frame, node: ts.WhileStatement): void {
  loop(frame, node.statement, node.expression, undefined, false);
}

function doLoop(frame: Frame, node: ts.DoStatement): void {
  loop(frame, node.statement, node.expression, undefined, true);
}

function forLoop(frame: Frame, node: ts.ForStatement): void {
  const first = node.initializer;
  if (first && ts.isVariableDeclarationList(first)) declareAll(frame, first);
  else if (first) discard(frame, first);
  loop(frame, node.statement, node.condition, node.incrementor, false);
}

function loop(
  frame: Frame,
  body: ts.Statement,
  condition: ts.Expression | undefined,
  next: ts.Expression | undefined,
  bodyFirst: boolean,
): void {
  const [top, again, test, leaveAt] = [
    newTarget(frame),
    newTarget(frame),
    newTarget(frame),
    newTarget(frame),
  ];
  const truth = condition && constantIn(frame, condition);
  const endless = condition === undefined || (truth !== undefined && truth.value !== 0);
  frame.depth++;
  frame.exits.push({ leave: leaveAt, again });
  if (!bodyFirst && !endless) emit(frame, `jmp ${test}`);
  place(frame, top);
  inside(frame, () => statement(frame, body));
  place(frame, again);
  if (next !== undefined) {
    mark(frame, next);
    discard(frame, next);
  }
  place(frame, test);
  if (condition !== undefined) mark(frame, condition);
  if (endless) emit(frame, `jmp ${top}`);
  else branch(frame, condition, top, true);
  place(frame, leaveAt);
  frame.exits.pop();
  frame.depth--;
}
