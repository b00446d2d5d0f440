/* # Assignments */

import ts from 'typescript';
import type { Constant } from './constants.ts';
import { disturbs, disturbsPlace, mentions } from './effects.ts';
import { fail } from './errors.ts';
import { arithmetic, evaluate } from './expressions.ts';
import { emit, immediate, type Frame } from './frame.ts';
import { widthOf } from './layout.ts';
import { need, needOfPlace } from './need.ts';
import { isEasy, isShift, isSimpleOperator, memoryMnemonic, operate, operateByNumber } from './operators.ts';
import { directOperand, load, loadAddress, partOf, sized, store } from './operands.ts';
import {
  bracket,
  homeOf,
  isAccess,
  reach,
  SCRATCH,
  type Register,
  type Scratch,
  type TypedPlace,
} from './places.ts';
import type { KeptRegister } from './scope.ts';
import { commonNumber, constantIn, core, typeOf } from './typing.ts';
import { isInPlace, nameOfType, type Type } from './types.ts';

const K = ts.SyntaxKind;

/** What is left of eax, when it is to survive. */
const BESIDE_EAX: readonly Scratch[] = ['ecx', 'edx'];

/** Does an assignment; if `wanted`, leaves its value in eax. */
export function assign(frame: Frame, node: ts.BinaryExpression, wanted: boolean): void {
  refuseTarget(frame, node.left);
  const operator = node.operatorToken.kind;
  if (operator === K.EqualsToken) return put(frame, node.left, node.right, wanted);
  const binary = COMPOUND.get(operator);
  if (binary === undefined)
    fail(node.operatorToken, node.operatorToken.getText(), 'write the assignment out');
  change(frame, node.left, binary, node.right, wanted);
}

const COMPOUND = new Map<ts.SyntaxKind, ts.SyntaxKind>([
  [K.PlusEqualsToken, K.PlusToken],
  [K.MinusEqualsToken, K.MinusToken],
  [K.AsteriskEqualsToken, K.AsteriskToken],
  [K.SlashEqualsToken, K.SlashToken],
  [K.PercentEqualsToken, K.PercentToken],
  [K.AmpersandEqualsToken, K.AmpersandToken],
  [K.BarEqualsToken, K.BarToken],
  [K.CaretEqualsToken, K.CaretToken],
  [K.LessThanLessThanEqualsToken, K.LessThanLessThanToken],
  [K.GreaterThanGreaterThanEqualsToken, K.GreaterThanGreaterThanToken],
  [K.GreaterThanGreaterThanGreaterThanEqualsToken, K.GreaterThanGreaterThanGreaterThanToken],
]);

function refuseTarget(frame: Frame, node: ts.Expression): void {
  const constant = constantIn(frame, node);
  if (constant === undefined) return;
  if (isAccess(core(frame, node))) refuseWhole(node, constant.type);
  fail(
    node,
    `an assignment to the constant \`${node.getText()}\``,
    'declare it with let, or assign to its fields',
  );
}

/* ## Plain assignment */

/** Where a value goes, before any instruction has been written. */
export interface Target {
  /** Registers that reaching it uses up. */
  readonly need: number;
  reach(registers: readonly Scratch[]): TypedPlace;
  /** Whether it may be another place once `value` is evaluated. */
  movedBy(value: ts.Expression): boolean;
}

function put(frame: Frame, node: ts.Expression, value: ts.Expression, wanted: boolean): void {
  const home = homeOf(frame, node);
  if (home !== undefined) {
    putInRegister(frame, home, (core(frame, node) as ts.Identifier).text, value);
    if (wanted) emit(frame, `mov eax, ${home}`);
    return;
  }
  const target: Target = {
    need: needOfPlace(frame, node),
    reach: (registers) => writable(frame, node, reach(frame, node, registers)),
    movedBy: (first) => disturbsPlace(frame, first, node),
  };
  putAt(frame, target, value, wanted);
}

/** Stores `value` at `target`; if `wanted`, leaves it in eax. */
export function putAt(frame: Frame, target: Target, value: ts.Expression, wanted: boolean): void {
  const constant = constantIn(frame, value);
  if (constant !== undefined) {
    const place = target.reach(SCRATCH);
    emit(frame, `mov ${sized(frame, place)}, ${fitting(frame, place, constant)}`);
    if (wanted) evaluate(frame, value);
  } else if (target.need <= 2 && !target.movedBy(value)) {
    const home = wanted ? undefined : homeOf(frame, value);
    if (home === undefined) evaluate(frame, value);
    storeFrom(frame, target.reach(BESIDE_EAX), home ?? 'eax');
  } else {
    putSlowly(frame, target, value, wanted);
  }
}

function storeFrom(frame: Frame, place: TypedPlace, register: Register): void {
  if (widthOf(frame.library, place.type) === 32)
    return emit(frame, `mov ${bracket(frame, place)}, ${register}`);
  if (register !== 'eax') emit(frame, `mov eax, ${register}`);
  store(frame, place, 'eax');
}

/** The place first, the value second, as JavaScript has it. */
function putSlowly(frame: Frame, target: Target, value: ts.Expression, wanted: boolean): void {
  const { type, ...place } = target.reach(SCRATCH);
  loadAddress(frame, 'eax', place);
  if (need(frame, value) <= 2) {
    evaluate(frame, value, BESIDE_EAX);
    store(frame, { base: 'eax', displacement: 0, type }, 'ecx');
    if (wanted) emit(frame, 'mov eax, ecx');
    return;
  }
  emit(frame, 'push eax');
  evaluate(frame, value);
  emit(frame, 'pop ecx');
  store(frame, { base: 'ecx', displacement: 0, type }, 'eax');
}

function writable(frame: Frame, node: ts.Expression, place: TypedPlace): TypedPlace {
  if (isInPlace(place.type)) refuseWhole(node, typeOf(frame, node));
  return place;
}

function refuseWhole(node: ts.Node, type: Type): never {
  fail(node, `an assignment to a whole ${nameOfType(type)}`, 'assign its fields one by one');
}

/** Assigns to the variable `name`, which lives in a register; on the spot if `value` does not need the old one. */
export function putInRegister(frame: Frame, home: KeptRegister, name: string, value: ts.Expression): void {
  const inner = core(frame, value);
  if (ts.isBinaryExpression(inner) && homeOf(frame, inner.left) === home && !mentions(inner.right, name)) {
    const operator = inner.operatorToken.kind;
    if (isSimpleOperator(operator) || isShift(operator)) {
      return change(frame, inner.left, operator, inner.right, false);
    }
  }
  const isDirect = directOperand(frame, value) !== undefined;
  if (isDirect || (need(frame, value) <= 3 && !mentions(value, name)))
    return evaluate(frame, value, [home, 'ecx', 'edx']);
  evaluate(frame, value);
  emit(frame, `mov ${home}, eax`);
}

/* ## Assignment with an operator */

/** Does `target operator= value`. */
function change(
  frame: Frame,
  target: ts.Expression,
  operator: ts.SyntaxKind,
  value: ts.Expression,
  wanted: boolean,
): void {
  const type = commonNumber(frame, target, target, value);
  const home = homeOf(frame, target);
  if (home === undefined) return changeMemory(frame, target, operator, value, wanted);
  if (!changeRegister(frame, home, target, operator, value, type)) {
    arithmetic(frame, operator, target, value, SCRATCH);
    emit(frame, `mov ${home}, eax`);
  } else if (wanted) {
    emit(frame, `mov eax, ${home}`);
  }
}

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
function fitting(frame: Frame, place: TypedPlace, constant: Constant): string {
  const width = widthOf(frame.library, place.type);
  return width === 32 ? immediate(frame.program, constant) : `${constant.value & (2 ** width - 1)}`;
}

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

/* ## One more, one less */

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
