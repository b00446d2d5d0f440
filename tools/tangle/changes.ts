/*
 * # Changes
 *
 * `ticks += 1` is an assignment that knows where its value comes from. The i386 can do it in one instruction, in
 * memory, without loading anything: `add dword [ticks], 1`. It is a property that its designers were criticised
 * for throughout the 1980s, by people whose processors needed three.
 */

import ts from 'typescript';
import { BESIDE_EAX, refuseTarget, writable } from './assignments.ts';
import { disturbs } from './effects.ts';
import { arithmetic, evaluate } from './expressions.ts';
import type { Constant } from './folding.ts';
import { emit, immediate, type Frame } from './frame.ts';
import { widthOf } from './layout.ts';
import { needOfPlace } from './need.ts';
import { directOperand, load, loadAddress, partOf, sized, store } from './operands.ts';
import {
  checkDivisor,
  isEasy,
  isSimpleOperator,
  memoryMnemonic,
  operate,
  operateByNumber,
} from './operators.ts';
import { homeOf, reach, SCRATCH, type TypedPlace } from './places.ts';
import type { KeptRegister } from './scope.ts';
import type { Type } from './types.ts';
import { commonNumber, constantIn } from './typing.ts';

const K = ts.SyntaxKind;

/*
 * ## In a register, in memory, or over the stack
 *
 * In a register any operator will do. In memory five of them do. For the rest the old value is fetched, changed
 * and put back.
 */

/** Does `target operator= value`. */
export function change(
  frame: Frame,
  target: ts.Expression,
  operator: ts.SyntaxKind,
  value: ts.Expression,
  wanted: boolean,
): void {
  const type = commonNumber(frame, target, target, value);
  checkDivisor(frame, operator, value);
  const home = homeOf(frame, target);
  if (home === undefined) return changeMemory(frame, target, operator, value, wanted);
  if (!changeRegister(frame, home, target, operator, value, type)) {
    arithmetic(frame, operator, target, value, SCRATCH);
    emit(frame, `mov ${home}, eax`);
  } else if (wanted) {
    emit(frame, `mov eax, ${home}`);
  }
}

/*
 * A number, an operand, or a value that has to be computed: in each case the register is changed where it is.
 */

/** `add ebx, operand` and its like; false if no such instruction does it. */
function changeRegister(
  frame: Frame,
  home: KeptRegister,
  target: ts.Expression,
  operator: ts.SyntaxKind,
  value: ts.Expression,
  type: Type,
): boolean {
  const constant = constantIn(frame, value);
  if (constant !== undefined && constant.base === undefined && isEasy(operator, constant.value, type)) {
    operateByNumber(frame, operator, home, constant.value);
    return true;
  }
  if (!isSimpleOperator(operator) || disturbs(frame, value, target)) return false;
  const operand = directOperand(frame, value);
  if (!operand?.wide) evaluate(frame, value);
  operate(frame, operator, home, operand?.wide ? operand.text : 'eax', type);
  return true;
}

/*
 * ## In memory
 *
 * The same for a place. A byte is changed as a byte: 255 plus 1 is 0, as it would be had we loaded, added and
 * stored.
 */

/** `add [place], eax` and its like. */
function changeMemory(
  frame: Frame,
  target: ts.Expression,
  operator: ts.SyntaxKind,
  value: ts.Expression,
  wanted: boolean,
): void {
  const mnemonic = memoryMnemonic(operator);
  if (needOfPlace(frame, target) > 2 || disturbs(frame, value, target)) {
    return changeSlowly(frame, target, operator, value, wanted);
  }
  if (mnemonic === undefined) {
    arithmetic(frame, operator, target, value, SCRATCH);
    const place = writable(frame, target, reach(frame, target, BESIDE_EAX));
    store(frame, place, 'eax');
    return cut(frame, place.type, wanted);
  }
  const constant = constantIn(frame, value);
  if (constant === undefined) evaluate(frame, value);
  const place = writable(frame, target, reach(frame, target, BESIDE_EAX));
  const source = constant ? fitting(frame, place, constant) : partOf(frame, 'eax', place.type);
  emit(frame, `${mnemonic} ${sized(frame, place)}, ${source}`);
  if (wanted) load(frame, 'eax', place);
}

/** An immediate cut down to the width of its place. */
export function fitting(frame: Frame, place: TypedPlace, constant: Constant): string {
  const width = widthOf(frame.library, place.type);
  const text = immediate(frame.program, constant);
  if (width === 32) return text;
  const mask = 2 ** width - 1;
  return constant.base === undefined ? `${constant.value & mask}` : `(${text}) & ${mask}`;
}

/*
 * ## Over the stack
 *
 * If computing the value may move the place, or change what lies there, JavaScript's order is the only one: place,
 * old value, new value, sum.
 */

/** Where evaluating the value may move the place: address and old value wait on the stack for the new one. */
function changeSlowly(
  frame: Frame,
  target: ts.Expression,
  operator: ts.SyntaxKind,
  value: ts.Expression,
  wanted: boolean,
): void {
  const place = writable(frame, target, reach(frame, target, SCRATCH));
  loadAddress(frame, 'ecx', place);
  emit(frame, 'push ecx');
  load(frame, 'eax', { base: 'ecx', displacement: 0, type: place.type });
  emit(frame, 'push eax');
  evaluate(frame, value);
  emit(frame, 'mov ecx, eax');
  emit(frame, 'pop eax');
  operate(frame, operator, 'eax', 'ecx', commonNumber(frame, target, target, value));
  emit(frame, 'pop ecx');
  store(frame, { base: 'ecx', displacement: 0, type: place.type }, 'eax');
  cut(frame, place.type, wanted);
}

/** If `wanted`, leaves of eax what fits in a place of this type. */
function cut(frame: Frame, type: Type, wanted: boolean): void {
  if (wanted && widthOf(frame.library, type) < 32) emit(frame, `movzx eax, ${partOf(frame, 'eax', type)}`);
}

/*
 * ## One more, one less
 *
 * `i++` gives what was, `++i` what is. In a statement nobody asks, and `inc` is all.
 */

/** Does `++` or `--`; if `wanted`, leaves the old value (behind) or the new one (before) in eax. */
export function step(
  frame: Frame,
  node: ts.PrefixUnaryExpression | ts.PostfixUnaryExpression,
  wanted: boolean,
): void {
  refuseTarget(frame, node.operand);
  commonNumber(frame, node, node.operand, node.operand);
  const mnemonic = node.operator === K.PlusPlusToken ? 'inc' : 'dec';
  const old = wanted && ts.isPostfixUnaryExpression(node);
  const home = homeOf(frame, node.operand);
  if (home !== undefined) {
    if (old) emit(frame, `mov eax, ${home}`);
    emit(frame, `${mnemonic} ${home}`);
    if (wanted && !old) emit(frame, `mov eax, ${home}`);
    return;
  }
  const place = writable(frame, node.operand, steady(frame, node.operand));
  if (old) load(frame, 'eax', place);
  emit(frame, `${mnemonic} ${sized(frame, place)}`);
  if (wanted && !old) load(frame, 'eax', place);
}

/** The place of `node`, in registers other than eax. */
function steady(frame: Frame, node: ts.Expression): TypedPlace {
  if (needOfPlace(frame, node) <= 2) return reach(frame, node, BESIDE_EAX);
  const place = reach(frame, node, SCRATCH);
  loadAddress(frame, 'ecx', place);
  return { base: 'ecx', displacement: 0, type: place.type };
}
