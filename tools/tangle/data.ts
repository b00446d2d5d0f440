/*
 * # Data
 *
 * The rest of an image does nothing. It lies there: strings, tables, and variables that begin with something else
 * than zero. To write it down takes three words of assembly, `db`, `dw` and `dd`.
 */

import ts from 'typescript';
import { constantOf } from './constants.ts';
import type { Constant } from './folding.ts';
import { fail } from './errors.ts';
import { immediate } from './frame.ts';
import { alignmentOf, layoutOf, sizeOf } from './layout.ts';
import { bare, type Context, type Labelled } from './program.ts';
import { nameOfType, type Struct, type Type } from './types.ts';

/** The assembly text of what has a value before anything runs: a variable, a table or a string. */
export function dataText(item: Labelled): string[] {
  if (item.kind === 'text') return [`${item.label}:`, ...bytesOf(item.text)];
  if (item.kind === 'variable') {
    return ['align 4', `${item.label}:`, `  dd ${item.node ? numberIn(item.context, item.node, 4) : 0}`];
  }
  if (item.kind !== 'table') return [];
  const alignment = item.type.kind === 'struct' ? alignmentOf(item.context.library, item.type) : 4;
  return [
    `align ${Math.max(4, alignment)}`,
    `${item.label}:`,
    ...tableCells(item.context, item.type, item.node),
  ];
}

/** Whether `item` is a variable that begins with zero and so takes no room in the file. */
export function isZero(item: Labelled): boolean {
  if (item.kind !== 'variable') return item.kind === 'storage';
  const constant = item.node && constantOf(item.context, item.node);
  return constant === undefined || (constant.base === undefined && constant.value === 0);
}

/*
 * ## Text
 *
 * A string ends where a zero byte is. It was C's choice, on a PDP-11 in about 1972, and it saves one byte or
 * three, compared with keeping the length in front. In 2011 Poul-Henning Kamp proposed it as the most expensive
 * one-byte mistake in history. We make it too: pup's strings are printed, and rarely anything else.
 */

/** A string as bytes, in UTF-8, and the zero that ends it. */
function bytesOf(text: string): string[] {
  const bytes = [...new TextEncoder().encode(text), 0];
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 24) lines.push(`  db ${bytes.slice(at, at + 24).join(', ')}`);
  return lines;
}

/*
 * ## Tables
 *
 * A table is an array literal at module level, of numbers, texts, functions, or whole structures:
 *
 * ```ts
 * const commands: Command[] = [
 *   { name: 'help', run: help },
 *   { name: 'ps', run: listProcesses },
 * ];
 * ```
 *
 * Here it becomes sixteen bytes: two addresses, twice. A function that is only in the table is reached through it,
 * and part of the image.
 */

function tableCells(context: Context, type: Type, node: ts.Expression): string[] {
  if (type.kind === 'struct') return structCells(context, type, node);
  if (type.kind !== 'array') fail(node, 'a table', `it is declared as ${nameOfType(type)}: annotate it T[]`);
  const literal = bare(node);
  if (!ts.isArrayLiteralExpression(literal))
    fail(node, `\`${node.getText()}\``, 'write the elements: [1, 2]');
  return literal.elements.flatMap((element) => cell(context, type.element, element));
}

/** One element or field, as it lies in memory. */
function cell(context: Context, type: Type, node: ts.Expression): string[] {
  if (type.kind === 'struct') return structCells(context, type, node);
  if (type.kind === 'embedded') return structCells(context, type.of, node);
  if (type.kind === 'array' && type.count !== undefined) {
    const cells = tableCells(context, type, node);
    const missing =
      (type.count - (bare(node) as ts.ArrayLiteralExpression).elements.length) *
      sizeOf(context.library, type.element);
    if (missing < 0) fail(node, 'too many elements', `there is room for ${type.count}`);
    return missing > 0 ? [...cells, ...zeros(missing)] : cells;
  }
  const size = sizeOf(context.library, type);
  return [`  ${{ 1: 'db', 2: 'dw', 4: 'dd' }[size]} ${numberIn(context, node, size)}`];
}

function numberIn(context: Context, node: ts.Expression, size: number): string {
  const constant: Constant | undefined = constantOf(context, node);
  if (constant === undefined)
    fail(node, `\`${node.getText()}\` in a table`, 'what lies there must be constant');
  if (constant.base !== undefined && size !== 4)
    fail(node, `an address in ${8 * size} bits`, 'an address has 32: declare it as u32');
  if (
    constant.base === undefined &&
    (constant.value >= 2 ** (8 * size) || constant.value < -(2 ** (8 * size - 1)))
  )
    fail(node, `the value ${constant.value}`, `there is room for ${8 * size} bits`);
  return immediate(context.program, constant);
}

/*
 * ## Field by field
 *
 * The literal may name its fields in any order; they are written in the order of the interface, with zeros in the
 * gaps.
 */

function structCells(context: Context, struct: Struct, node: ts.Expression): string[] {
  const literal = bare(node);
  if (!ts.isObjectLiteralExpression(literal)) {
    fail(node, `\`${node.getText()}\``, `write the fields of ${struct.name}: { field: value }`);
  }
  const values = new Map(literal.properties.map((property) => fieldFrom(property)));
  const layout = layoutOf(context.library, struct);
  const cells: string[] = [];
  let at = 0;
  for (const [name, { offset, type }] of layout.fields) {
    const value = values.get(name);
    if (value === undefined) fail(literal, `no \`${name}\``, `give every field of ${struct.name}`);
    cells.push(...zeros(offset - at), ...cell(context, type, value));
    at = offset + sizeOf(context.library, type);
  }
  return [...cells, ...zeros(layout.size - at)];
}

function fieldFrom(property: ts.ObjectLiteralElementLike): [string, ts.Expression] {
  if (
    ts.isPropertyAssignment(property) &&
    (ts.isIdentifier(property.name) || ts.isStringLiteral(property.name))
  )
    return [property.name.text, property.initializer];
  if (ts.isShorthandPropertyAssignment(property)) return [property.name.text, property.name];
  fail(property, `\`${property.getText()}\``, 'write name: value');
}

function zeros(count: number): string[] {
  return count > 0 ? [`  db ${Array(count).fill(0).join(', ')}`] : [];
}
