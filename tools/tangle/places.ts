/*
 * # Places
 *
 * `table[i].name[j + 1]` is a place. So is `count`, and so is `load32(0xb8000)`. To read it, to write it, to add
 * one to it, or to take its address, one has to get there first, and getting there is most of what a kernel does.
 *
 * The i386 is generous here. One operand can say: take this register, add that one times 1, 2, 4 or 8, add a
 * constant, and look there. A whole `words[i]` fits into one instruction. So we do not compute addresses; we
 * collect the parts of one, for as long as they fit, and only what does not fit takes an instruction.
 *
 * :::figure{#place-parts caption="What one operand can say"}
 * ```text
 *       [ sieve  +  ebx  +  ecx * 4  +  8 ]
 *         label    base    index  scale  displacement
 *         item     register register     constant
 * ```
 * :::
 */

import ts from 'typescript';
import { intrinsicOf } from './constants.ts';
import { fail } from './errors.ts';
import { evaluate } from './expressions.ts';
import { emit, mention, type Frame } from './frame.ts';
import { elementOf, fieldOf, sizeOf } from './layout.ts';
import { need } from './need.ts';
import { definitionOf, type Labelled } from './program.ts';
import { lookUp, type KeptRegister } from './scope.ts';
import { constantIn, core, typeOf } from './typing.ts';
import { isInPlace, U32, type Type } from './types.ts';
import { disturbs } from './effects.ts';

export type Scratch = 'eax' | 'ecx' | 'edx';
export type Register = Scratch | KeptRegister;

/** Registers that an expression may use up, the first for its result. */
export const SCRATCH: readonly Scratch[] = ['eax', 'ecx', 'edx'];

/*
 * ## The parts of an address
 *
 * A variable on the stack has the base ebp, a variable of the module only its label, a field of a structure in ebx
 * has the base ebx and a displacement. To the processor they are all the same.
 */

/** Somewhere in memory, as one operand of one instruction can say it. */
export interface Place {
  readonly base?: Register | 'ebp';
  readonly index?: Register;
  readonly scale?: number;
  readonly item?: Labelled | { readonly label: string };
  readonly displacement: number;
}

/** A place and what lies there. */
export interface TypedPlace extends Place {
  readonly type: Type;
}

/** `[ebx+ecx*4+8]` */
export function bracket(frame: Frame, place: Place): string {
  const terms: string[] = [];
  if (place.item !== undefined) terms.push(mention(frame.program, place.item));
  if (place.base !== undefined) terms.push(place.base);
  if (place.index !== undefined)
    terms.push(place.scale === 1 ? place.index : `${place.index}*${place.scale}`);
  const { displacement } = place;
  if (terms.length === 0) return `[${displacement >>> 0}]`;
  const signed = displacement | 0;
  const tail = signed === 0 ? '' : signed > 0 ? `+${signed}` : `${signed}`;
  return `[${terms.join('+')}${tail}]`;
}

/*
 * ## Places that cost nothing
 *
 * These need no instruction at all before they can be used, because every register in them belongs to a variable
 * that lives there: `p.next` with p in ebx is `[ebx]`, and `bytes[i]` with i in esi is `[bytes+esi]`.
 */

/** The place of `node`, if an operand can name it without an instruction before. */
export function directPlace(frame: Frame, node: ts.Expression): TypedPlace | undefined {
  node = core(frame, node);
  if (ts.isIdentifier(node)) return placeOfName(frame, node);
  if (ts.isPropertyAccessExpression(node)) {
    const target = directTarget(frame, node.expression);
    return target && fieldAt(frame, node, target);
  }
  if (ts.isElementAccessExpression(node)) {
    const target = directTarget(frame, node.expression);
    return target && elementAt(frame, node, target);
  }
  const load = loadIntrinsic(frame, node);
  const target = load && directTarget(frame, load.address);
  return target && { ...target, type: load!.type };
}

/*
 * A name is a place, unless it is a constant or lives in a register. What lies there, if the variable's type is a
 * structure, is a pointer to it: variables hold addresses.
 */

function placeOfName(frame: Frame, node: ts.Identifier): TypedPlace | undefined {
  const binding = lookUp(frame.scope, node.text);
  if (binding !== undefined) {
    if (binding.kind !== 'local' || typeof binding.home === 'string') return undefined;
    return { base: 'ebp', displacement: binding.home, type: variableCell(binding.type) };
  }
  const definition = definitionOf(frame, node, node.text);
  if (definition.kind !== 'variable') return undefined;
  return { item: definition, displacement: 0, type: variableCell(definition.type) };
}

/** A variable holds the address of a structure, never the structure. */
function variableCell(type: Type): Type {
  if (type.kind === 'struct') return { kind: 'pointer', to: type };
  return type.kind === 'boolean' ? U32 : type;
}

/*
 * ## Where a pointer points
 *
 * Following a pointer is a different matter from finding it. `directTarget` gives the place where the arrow ends:
 * for a structure in ebx, `[ebx]`; for one that lies at a label, the label. And for something that lies in another
 * structure in person, its own place, for there is no arrow at all.
 */

/** The register that the variable `node` lives in. */
export function homeOf(frame: Frame, node: ts.Expression): KeptRegister | undefined {
  node = core(frame, node);
  const binding = ts.isIdentifier(node) ? lookUp(frame.scope, node.text) : undefined;
  return binding?.kind === 'local' && typeof binding.home === 'string' ? binding.home : undefined;
}

/** Where the pointer `node` points, if an operand can say so as it stands. */
export function directTarget(frame: Frame, node: ts.Expression): Place | undefined {
  const constant = constantIn(frame, node);
  if (constant !== undefined) return { item: constant.base, displacement: constant.value };
  const home = homeOf(frame, node);
  if (home !== undefined) return { base: home, displacement: 0 };
  const inner = core(frame, node);
  if (ts.isBinaryExpression(inner)) return directSum(frame, inner);
  const place = directPlace(frame, inner);
  return place && isInPlace(place.type) ? place : undefined;
}

/*
 * Drivers write `load32(base + 12)`. The sum fits into the operand.
 */

/** `pointer + 8` and `pointer - 8` */
function directSum(frame: Frame, node: ts.BinaryExpression): Place | undefined {
  const plus = node.operatorToken.kind === ts.SyntaxKind.PlusToken;
  if (!plus && node.operatorToken.kind !== ts.SyntaxKind.MinusToken) return undefined;
  const offset = constantIn(frame, node.right);
  const left = offset && offset.base === undefined ? directTarget(frame, node.left) : undefined;
  return left && { ...left, displacement: left.displacement + (plus ? offset!.value : -offset!.value) };
}

/*
 * ## One step from a place to the next
 *
 * A field is a displacement away. An element is a multiple of its size away, and if the size is 1, 2, 4 or 8, the
 * operand multiplies by itself.
 */

function fieldAt(frame: Frame, node: ts.PropertyAccessExpression, target: Place): TypedPlace {
  if (node.questionDotToken) fail(node, '?.', 'test for null first');
  const field = fieldOf(frame.library, node.name, typeOf(frame, node.expression), node.name.text);
  return { ...target, displacement: target.displacement + field.offset, type: field.type };
}

/** The type and size of the elements that `node` indexes. */
export function elementsOf(frame: Frame, node: ts.ElementAccessExpression): { type: Type; size: number } {
  if (node.questionDotToken) fail(node, '?.', 'test for null first');
  const type = elementOf(node.expression, typeOf(frame, node.expression));
  return { type, size: sizeOf(frame.library, type) };
}

function elementAt(frame: Frame, node: ts.ElementAccessExpression, target: Place): TypedPlace | undefined {
  const { type, size } = elementsOf(frame, node);
  const constant = constantIn(frame, node.argumentExpression);
  if (constant !== undefined && constant.base === undefined) {
    return { ...target, displacement: target.displacement + constant.value * size, type };
  }
  const home = homeOf(frame, node.argumentExpression);
  if (home === undefined || target.index !== undefined || !isScale(size)) return undefined;
  return { ...target, index: home, scale: size, type };
}

/*
 * `load8`, `load16` and `load32` are places too: an address is all one needs, and the name says how wide.
 */

export function isScale(size: number): boolean {
  return size === 1 || size === 2 || size === 4 || size === 8;
}

/** `load32(address)` is a place like any other. */
export function loadIntrinsic(
  frame: Frame,
  node: ts.Expression,
): { address: ts.Expression; type: Type } | undefined {
  if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return undefined;
  const name = intrinsicOf(frame, node.expression);
  if (name !== 'load8' && name !== 'load16' && name !== 'load32') return undefined;
  const [address] = node.arguments;
  if (address === undefined) fail(node, `${name} without an address`, 'say where');
  return { address, type: { kind: name === 'load8' ? 'u8' : name === 'load16' ? 'u16' : 'u32' } };
}

/*
 * ## Places that take instructions
 *
 * When a pointer has to be fetched first, it takes a register, the first of those one is given. From there on the
 * collecting goes on: `p.next.state`, with p on the stack, is `mov eax, [ebp-4]`, `mov eax, [eax]`, and then
 * `[eax+4]` without an instruction.
 */

/** Computes the place of `node`. The place may use any of `registers`, and nothing else of them survives. */
export function reach(frame: Frame, node: ts.Expression, registers: readonly Scratch[]): TypedPlace {
  const direct = directPlace(frame, node);
  if (direct !== undefined) return direct;
  const inner = core(frame, node);
  if (ts.isPropertyAccessExpression(inner))
    return fieldAt(frame, inner, reachTarget(frame, inner.expression, registers));
  if (ts.isElementAccessExpression(inner)) return reachElement(frame, inner, registers);
  const load = loadIntrinsic(frame, inner);
  if (load !== undefined) return { ...reachTarget(frame, load.address, registers), type: load.type };
  fail(node, `\`${node.getText()}\` as a place`, 'assign to a variable, a field or an element');
}

/** Computes where the pointer `node` points. */
export function reachTarget(frame: Frame, node: ts.Expression, registers: readonly Scratch[]): Place {
  const direct = directTarget(frame, node);
  if (direct !== undefined) return direct;
  const inner = core(frame, node);
  if (isAccess(inner) && isInPlace(placeType(frame, inner))) return reach(frame, inner, registers);
  evaluate(frame, node, registers);
  return { base: registers[0], displacement: 0 };
}

/*
 * Whether it has to be fetched depends on what lies there: a pointer, or the thing.
 */

export function isAccess(node: ts.Node): node is ts.PropertyAccessExpression | ts.ElementAccessExpression {
  return ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node);
}

/** The type of what lies at the place, before a load widens it. */
export function placeType(
  frame: Frame,
  node: ts.PropertyAccessExpression | ts.ElementAccessExpression,
): Type {
  const base = typeOf(frame, node.expression);
  if (ts.isPropertyAccessExpression(node))
    return fieldOf(frame.library, node.name, base, node.name.text).type;
  return elementOf(node.expression, base);
}

/*
 * ## Element by element
 *
 * The last step is the one with the cases. The index may be a number, or live in a register, or take work. The
 * array may be a label, or live in a register, or take work. We go through them from the cheapest on.
 *
 * This is `table[i].name[j + 1]`, where an element of the table takes 24 bytes, which no operand can multiply by:
 *
 * ```text
 *       mov eax, [ebp+8]           i
 *       imul eax, eax, 24
 *       lea eax, [table+eax+4]     table[i].name
 *       mov ecx, [ebp+12]          j
 *       inc ecx
 *       movzx eax, byte [eax+ecx]
 * ```
 */

function reachElement(
  frame: Frame,
  node: ts.ElementAccessExpression,
  registers: readonly Scratch[],
): TypedPlace {
  const { expression: array, argumentExpression: index } = node;
  const { type, size } = elementsOf(frame, node);
  const constant = constantIn(frame, index);
  if (constant !== undefined && constant.base === undefined) {
    const start = reachTarget(frame, array, registers);
    return { ...start, displacement: start.displacement + constant.value * size, type };
  }

  const direct = directTarget(frame, array);
  if (direct !== undefined && direct.index === undefined && !disturbs(frame, index, array)) {
    evaluate(frame, index, registers);
    return { ...direct, index: registers[0], scale: scaled(frame, registers[0]!, size), type };
  }
  const home = isScale(size) ? homeOf(frame, index) : undefined;
  if (home !== undefined) {
    const start = oneRegister(frame, reachTarget(frame, array, registers), registers[0]!);
    return { ...start, index: home, scale: size, type };
  }
  const [base, other] = baseAndIndex(frame, node, registers);
  return { base, displacement: 0, index: other, scale: scaled(frame, other, size), type };
}

/*
 * When both take work there are two registers to fill, and the same choice as in `sides`: side by side if the
 * second one can do without eax, over the stack if not.
 */

/** Both the array and the index take work: one goes to the first register, the other to the second. */
function baseAndIndex(
  frame: Frame,
  { expression: array, argumentExpression: index }: ts.ElementAccessExpression,
  registers: readonly Scratch[],
): [base: Scratch, index: Scratch] {
  const first = registers[0]!;
  const rest = registers.slice(1);
  if (need(frame, index) <= rest.length) {
    evaluate(frame, array, registers);
    evaluate(frame, index, rest);
    return [first, rest[0]!];
  }
  evaluate(frame, array, registers);
  emit(frame, 'push eax');
  evaluate(frame, index, registers);
  emit(frame, 'pop ecx');
  return ['ecx', 'eax'];
}

/*
 * A size that no operand can multiply by is multiplied beforehand. Structures of 16 or 32 bytes are lucky: a shift
 * will do.
 */

/** Multiplies an index by a size that no operand can; returns the scale that is left for the operand. */
function scaled(frame: Frame, register: Scratch, size: number): number {
  if (isScale(size)) return size;
  const shift = Math.log2(size);
  emit(
    frame,
    Number.isInteger(shift) ? `shl ${register}, ${shift}` : `imul ${register}, ${register}, ${size}`,
  );
  return 1;
}

/** The same place with its index free for another. */
function oneRegister(frame: Frame, place: Place, register: Scratch): Place {
  if (place.index === undefined) return place;
  emit(frame, `lea ${register}, ${bracket(frame, place)}`);
  return { base: register, displacement: 0 };
}
