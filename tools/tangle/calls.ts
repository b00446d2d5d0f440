/*
 * # Calls
 *
 * How do you hand somebody something in the dark? By putting it where you both have agreed on. The agreement here
 * is called cdecl: arguments on the stack, the last one first, the result in eax. Whoever has put the arguments
 * there takes them away again.
 *
 * It is not the fastest way, since registers would be. But everybody knows it, an `asm` template can follow it by
 * heart, and in a backtrace the arguments are still lying there.
 */

import ts from 'typescript';
import { putAt, type Target } from './assignments.ts';
import { intrinsicOf } from './constants.ts';
import { disturbs, disturbsPointer, isPure } from './effects.ts';
import { fail } from './errors.ts';
import { evaluate } from './expressions.ts';
import { emit, immediate, type Frame } from './frame.ts';
import { needOfTarget } from './need.ts';
import { directOperand } from './operands.ts';
import { reachTarget } from './places.ts';
import { constantIn, typeOf } from './typing.ts';
import type { Type } from './types.ts';

/** Calls a function or does an intrinsic; its result, if any, is left in eax. */
export function call(frame: Frame, node: ts.CallExpression): void {
  if (node.questionDotToken) fail(node, '?.', 'test for null first');
  const intrinsic = ts.isIdentifier(node.expression) ? intrinsicOf(frame, node.expression) : undefined;
  if (intrinsic !== undefined) return storeIntrinsic(frame, node, intrinsic);
  checkArguments(frame, node);

  const disturbed = !inAnyOrder(frame, [node.expression, ...node.arguments]);
  const callee = constantIn(frame, node.expression);
  const waiting = callee === undefined && disturbed;
  if (waiting) {
    evaluate(frame, node.expression);
    emit(frame, 'push eax');
  }
  const bytes = 4 * node.arguments.length;
  if (disturbed) passInOrder(frame, node.arguments);
  else for (const argument of [...node.arguments].reverse()) push(frame, argument);

  if (callee !== undefined) emit(frame, `call ${immediate(frame.program, callee)}`);
  else if (waiting) emit(frame, `call [esp+${bytes}]`);
  else callValue(frame, node.expression);
  const used = bytes + (waiting ? 4 : 0);
  if (used > 0) emit(frame, `add esp, ${used}`);
}

/*
 * `tsc` counts arguments as well. But a missing one down here is not `undefined`: it is the caller's ebx.
 */

function checkArguments(frame: Frame, node: ts.CallExpression): void {
  typeOf(frame, node);
  const callee = typeOf(frame, node.expression);
  const wanted = callee.kind === 'function' ? callee.parameters.length : 0;
  if (node.arguments.length === wanted) return;
  fail(node, `${node.arguments.length} arguments`, `\`${node.expression.getText()}\` takes ${wanted}`);
}

function callValue(frame: Frame, node: ts.Expression): void {
  const operand = directOperand(frame, node);
  if (operand !== undefined) return emit(frame, `call ${operand.text}`);
  evaluate(frame, node);
  emit(frame, 'call eax');
}

/*
 * ## The last one first
 *
 * The agreement says right to left. JavaScript evaluates left to right. Nobody can tell the difference as long as
 * the arguments do not disturb each other, and then `push` does it in one instruction each:
 *
 * ```text
 *       push dword [n]
 *       push dword [ebp+8]
 *       call pair
 *       add esp, 8
 * ```
 */

/** Whether nobody can tell in which order these are evaluated. */
function inAnyOrder(frame: Frame, nodes: readonly ts.Expression[]): boolean {
  const active = nodes.filter((node) => !isPure(frame, node));
  return active.every((one) => nodes.every((other) => other === one || !disturbs(frame, one, other)));
}

function push(frame: Frame, node: ts.Expression): void {
  const operand = directOperand(frame, node);
  if (operand?.wide)
    return emit(frame, `push ${operand.kind === 'immediate' ? 'dword ' : ''}${operand.text}`);
  evaluate(frame, node);
  emit(frame, 'push eax');
}

/*
 * ## Or the first one first
 *
 * If they do disturb each other, as in `pair(next(), next())`, room is made for all of them at once and each is
 * put in its place as it comes.
 *
 * ```text
 *       sub esp, 8
 *       call next
 *       mov [esp], eax
 *       call next
 *       mov [esp+4], eax
 *       call pair
 *       add esp, 8
 * ```
 *
 * :::aside
 * C leaves the order open, to this day, so that its compilers may choose what suits them. Programs that depend on
 * it work on one machine and not on another, and their authors are then told that it was their own fault. It was.
 * :::
 */

/** From left to right, as JavaScript has it, each to its place on the stack. */
function passInOrder(frame: Frame, nodes: readonly ts.Expression[]): void {
  if (nodes.length > 0) emit(frame, `sub esp, ${4 * nodes.length}`);
  for (const [index, node] of nodes.entries()) {
    const there = index === 0 ? '[esp]' : `[esp+${4 * index}]`;
    const operand = directOperand(frame, node);
    if (operand !== undefined && operand.kind !== 'memory') {
      emit(frame, `mov dword ${there}, ${operand.text}`);
    } else {
      evaluate(frame, node);
      emit(frame, `mov ${there}, eax`);
    }
  }
}

/*
 * ## Calls that are no calls
 *
 * `store8(address, value)` looks like a call and is an assignment.
 */

const STORED: ReadonlyMap<string, Type> = new Map([
  ['store8', { kind: 'u8' }],
  ['store16', { kind: 'u16' }],
  ['store32', { kind: 'u32' }],
]);

/** `store8(address, value)` and its like: an assignment by another name. */
function storeIntrinsic(frame: Frame, node: ts.CallExpression, name: string): void {
  typeOf(frame, node);
  const type = STORED.get(name);
  const [address, value] = node.arguments;
  if (type === undefined || address === undefined || value === undefined) {
    fail(node, `\`${node.getText()}\``, `${name} takes an address and a value`);
  }
  const target: Target = {
    need: needOfTarget(frame, address),
    reach: (registers) => ({ ...reachTarget(frame, address, registers), type }),
    movedBy: (first) => disturbsPointer(frame, first, address),
  };
  putAt(frame, target, value, false);
}
