/*
 * # Assignments
 *
 * Reading is harmless. Writing has an order: JavaScript first finds the place, then the value, then stores. In
 * `table[next()].owner = next()` it matters, in nearly everything else it does not, and it would be a pity to put
 * every address on the stack for the sake of one line in a thousand.
 */

import ts from 'typescript';
import { change, fitting } from './changes.ts';
import { disturbsPlace, mentions } from './effects.ts';
import { fail } from './errors.ts';
import { evaluate } from './expressions.ts';
import { emit, type Frame } from './frame.ts';
import { widthOf } from './layout.ts';
import { need, needOfPlace } from './need.ts';
import { directOperand, loadAddress, sized, store } from './operands.ts';
import { isShift, isSimpleOperator } from './operators.ts';
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
import { type KeptRegister, lookUp } from './scope.ts';
import { isInPlace, nameOfType, type Type } from './types.ts';
import { constantIn, core, typeOf } from './typing.ts';

const K = ts.SyntaxKind;

/** What is left of eax, when it is to survive. */
export const BESIDE_EAX: readonly Scratch[] = ['ecx', 'edx'];

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

/*
 * `x += y` is a matter of its own, and has its own file (`change`). `&&=` and its family are short for an `if`, so
 * one may as well see it.
 */

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

/*
 * An assignment to a constant is something `tsc` would catch as well, but not everybody who edits a Guest in a
 * browser has asked it.
 */

export function refuseTarget(frame: Frame, node: ts.Expression): void {
  const inner = core(frame, node);
  const constant = constantIn(frame, node);
  if (constant !== undefined && isAccess(inner)) refuseWhole(node, constant.type);
  if (constant === undefined && !isDeclaredConstant(frame, inner)) return;
  fail(
    node,
    `an assignment to the constant \`${node.getText()}\``,
    'declare it with let, or assign to its fields',
  );
}

function isDeclaredConstant(frame: Frame, node: ts.Expression): boolean {
  const local = ts.isIdentifier(node) ? lookUp(frame.scope, node.text) : undefined;
  return local?.kind === 'local' && local.isConstant;
}

/*
 * ## Where to
 *
 * A target says three things of itself before anything is written: how many registers it takes to get there, how,
 * and whether a given value would move it if it came first. Fields, elements and variables are such targets, and
 * so is `store32`, which is an assignment by another name.
 */

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

/*
 * ## The value first, if nobody minds
 *
 * The value goes into eax, the place is reached with what is left, and they meet in one `mov`. A constant does not
 * even take a register, and a variable that lives in one is there already.
 */

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

/*
 * ## The place first, as it is written
 *
 * And this is for the one line in a thousand.
 */

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

/*
 * In C one may assign a whole structure, and the compiler calls a function that copies it. Nobody expects it to.
 * Here it is an error, and the copying can be seen.
 */

export function writable(frame: Frame, node: ts.Expression, place: TypedPlace): TypedPlace {
  if (isInPlace(place.type)) refuseWhole(node, typeOf(frame, node));
  return place;
}

function refuseWhole(node: ts.Node, type: Type): never {
  fail(node, `an assignment to a whole ${nameOfType(type)}`, 'assign its fields one by one');
}

/*
 * ## Straight into a register
 *
 * For a variable in a register there is a pleasant shortcut: let the value be computed there to begin with. It
 * fails if the value needs the variable's old self halfway through, so `count = limit - count` goes through eax.
 * And `i = i + 1`, which everybody writes now and then, is read as `i += 1`.
 */

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
