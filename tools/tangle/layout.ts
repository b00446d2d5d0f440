/*
 * # Layout
 *
 * A device driver and its device agree about one thing: at byte 12 lies the length. Nobody sends the other an
 * object with a property called `length`. So the order of fields in an interface is a promise here, and the rule
 * for the gaps between them is the one that every C compiler for the i386 follows. Pup's `LguestData` is 1,388
 * bytes because the Host's is.
 *
 * :::figure{#shape-in-memory caption="Four fields, four bytes of gaps"}
 * ```text
 *                      byte 0     1     2     3
 * interface Shape {         +-----+-----+-----+-----+
 *   byte: u8;             0 | byte|     |   half    |
 *   half: u16;              +-----+-----+-----+-----+
 *   flag: boolean;        4 | flag|                 |
 *   word: u32;              +-----+-----+-----+-----+
 * }                       8 |         word          |
 *                           +-----+-----+-----+-----+
 * ```
 * :::
 */

import ts from 'typescript';
import { fail } from './errors.ts';
import type { Library } from './modules.ts';
import {
  isInPlace,
  namedType,
  nameOfType,
  signatureFrom,
  typeFrom,
  type Struct,
  type Type,
} from './types.ts';

export interface Layout {
  readonly size: number;
  readonly alignment: number;
  readonly fields: Map<string, Field>;
}

export interface Field {
  readonly offset: number;
  readonly type: Type;
}

/*
 * ## Fields in order
 *
 * Each field begins at the next multiple of its own alignment, and the whole is rounded up to the largest of them,
 * so that in an array the next one is aligned as well. A structure that contains itself would be infinitely large;
 * the mark `under way` finds it out before the stack does.
 */

const layouts = new WeakMap<Struct, Layout | 'under way'>();

/** Where the fields of `struct` lie. @throws TangleError if it contains itself */
export function layoutOf(library: Library, struct: Struct): Layout {
  const known = layouts.get(struct);
  if (known === 'under way')
    fail(struct.node, `\`${struct.name}\` inside itself`, 'hold a pointer to it: T | null');
  if (known !== undefined) return known;

  layouts.set(struct, 'under way');
  const fields = new Map<string, Field>();
  let size = 0;
  let alignment = 1;
  for (const base of basesOf(library, struct)) {
    const inherited = layoutOf(library, base);
    for (const [name, field] of inherited.fields) fields.set(name, field);
    size = inherited.size;
    alignment = inherited.alignment;
  }
  for (const member of struct.node.members) {
    const type = fieldType(library, struct, member);
    const aligned = alignmentOf(library, type);
    const offset = roundUp(size, aligned);
    const { text } = member.name as ts.Identifier;
    if (fields.has(text))
      fail(member, `a second \`${text}\``, 'a field is declared once, there or in what is extended');
    fields.set(text, { offset, type });
    size = offset + sizeOf(library, type);
    alignment = Math.max(alignment, aligned);
  }
  const layout = { size: roundUp(size, alignment), alignment, fields };
  layouts.set(struct, layout);
  return layout;
}

/*
 * ## What a structure begins with
 *
 * `extends` puts the base in front. A pointer to the whole is then a pointer to the base as well, which is all the
 * inheritance that fits into zero bytes.
 */

function basesOf(library: Library, struct: Struct): Struct[] {
  const clauses = struct.node.heritageClauses ?? [];
  const bases = clauses.flatMap((clause) => clause.types);
  if (bases.length > 1)
    fail(bases[1]!, 'a second base', 'extend one interface, and hold the other in a field');
  return bases.map((base) => {
    const type = namedType({ library, module: struct.module }, base, base.expression.getText());
    if (type.kind !== 'struct') fail(base, `\`${base.getText()}\``, 'an interface extends an interface');
    return type;
  });
}

function fieldType(library: Library, struct: Struct, member: ts.TypeElement): Type {
  const context = { library, module: struct.module };
  if (member.name === undefined || !ts.isIdentifier(member.name)) {
    fail(member, `the member \`${member.getText()}\``, 'a field has a name and a type');
  }
  if (member.questionToken !== undefined)
    fail(member, 'an optional field', 'every field is there: use null or 0');
  if (ts.isMethodSignature(member)) return signatureFrom(context, member);
  if (!ts.isPropertySignature(member) || member.type === undefined) {
    fail(member, `the member \`${member.getText()}\``, 'a field has a name and a type');
  }
  const type = typeFrom(context, member.type);
  return type.kind === 'struct' ? { kind: 'pointer', to: type } : type;
}

/*
 * ## Sizes
 *
 * `boolean` takes one byte in memory, which is as much as the processor's own `setcc` writes for one.
 */

/** Bytes that a field or element of this type takes. */
export function sizeOf(library: Library, type: Type): number {
  switch (type.kind) {
    case 'u8':
    case 'boolean':
      return 1;
    case 'u16':
      return 2;
    case 'struct':
      return layoutOf(library, type).size;
    case 'embedded':
      return layoutOf(library, type.of).size;
    case 'array':
      return type.count === undefined ? 4 : type.count * sizeOf(library, type.element);
    default:
      return 4;
  }
}

export function alignmentOf(library: Library, type: Type): number {
  if (type.kind === 'struct') return layoutOf(library, type).alignment;
  if (type.kind === 'embedded') return layoutOf(library, type.of).alignment;
  if (type.kind === 'array' && type.count !== undefined) return alignmentOf(library, type.element);
  return sizeOf(library, type);
}

export function roundUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

/*
 * ## Access
 *
 * The two steps that TypeScript has from a thing to its part, with the two mistakes that JavaScript has taught
 * everybody: `text.length` and `text[0]`. A text down here is an address, and an address has neither.
 */

/** The field that `node` names in a structure. */
export function fieldOf(library: Library, node: ts.Node, type: Type, name: string): Field {
  if (type.kind !== 'struct') {
    const hint =
      type.kind === 'string' || type.kind === 'array' ? 'it is only an address: keep a count beside it' : '';
    fail(node, `\`.${name}\` of ${nameOfType(type)}`, hint || 'only an interface has fields');
  }
  const field = layoutOf(library, type).fields.get(name);
  if (field === undefined) fail(node, `\`.${name}\``, `${type.name} has no such field`);
  return field;
}

/** The type of the elements that `node` indexes. */
export function elementOf(node: ts.Node, type: Type): Type {
  if (type.kind === 'string') fail(node, 'an index into a string', 'write bytesOf(text)[i]');
  if (type.kind !== 'array') fail(node, `an index into ${nameOfType(type)}`, 'only T[] has elements');
  return type.element;
}

/** How many bits a load or store of this type moves; 32 for what is there in place, whose value is its address. */
export function widthOf(library: Library, type: Type): 8 | 16 | 32 {
  if (isInPlace(type)) return 32;
  return (8 * sizeOf(library, type)) as 8 | 16 | 32;
}
