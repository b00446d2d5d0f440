/*
 * # Room
 *
 * There is no heap. Nobody can allocate memory before somebody has written the allocator, and in a kernel that
 * somebody is you. What there is instead is *room*, asked for at module level, in a size that is known beforehand:
 * `array<Process>(16)`, `struct<Console>()`. It is how FORTRAN lived for its first thirty-three years, and how
 * most things that fly are still programmed.
 */

import ts from 'typescript';
import { fail } from './errors.ts';
import { alignmentOf, sizeOf } from './layout.ts';
import type { Declaration } from './modules.ts';
import {
  constantNumber,
  definitionOf,
  functionFrom,
  named,
  type Context,
  type Definition,
} from './program.ts';
import { LABEL, typeFrom, valueType, type Type } from './types.ts';

/** A page: what nobody needs more than. */
const LARGEST_ALIGNMENT = 4096;

/*
 * ## Four makers
 *
 * An arrow function is a function. `array` and `struct` reserve zeros, `naked` holds code, and a literal in
 * brackets or braces is a table: data that lies in the file. All four stay where they are for ever, so they are
 * `const`.
 */

export function storageFrom(
  context: Context,
  declaration: Declaration & { kind: 'variable' },
  value: ts.Expression,
  annotated: Type | undefined,
): Definition | undefined {
  if (ts.isArrowFunction(value) && declaration.constant) return functionFrom(context, declaration, value);
  const maker = ts.isCallExpression(value)
    ? value.expression
    : ts.isTaggedTemplateExpression(value)
      ? value.tag
      : undefined;
  const called = maker && ts.isIdentifier(maker) ? definitionOf(context, maker, maker.text) : undefined;
  const name = called?.kind === 'intrinsic' ? called.name : '';
  const isTable = ts.isArrayLiteralExpression(value) || ts.isObjectLiteralExpression(value);
  if (!isTable && !['array', 'struct', 'naked'].includes(name)) return undefined;
  if (!declaration.constant) fail(declaration.node, 'let', 'memory and code do not move: write const');

  if (ts.isTaggedTemplateExpression(value)) {
    const [argument] = value.typeArguments ?? [];
    const type = argument ? typeFrom(context, argument) : (annotated ?? LABEL);
    return { kind: 'code', ...named(context, declaration), type, context, node: value };
  }
  if (ts.isCallExpression(value)) return reserve(context, declaration, value, name, annotated);
  if (annotated === undefined)
    fail(value, 'a table without a type', 'annotate it: const table: u32[] = [1, 2]');
  return { kind: 'table', ...named(context, declaration), type: valueType(annotated), context, node: value };
}

/*
 * ## How much, and how aligned
 *
 * `array<u8>(8192, 4096)` is a stack that begins on a page. Without the second number, an element's own alignment
 * is enough, and at least four, because the processor likes its words whole.
 */

function reserve(
  context: Context,
  declaration: Declaration,
  call: ts.CallExpression,
  name: string,
  annotated: Type | undefined,
): Definition {
  const [argument] = call.typeArguments ?? [];
  const written = argument && typeFrom(context, argument);
  const element =
    name === 'array' && annotated?.kind === 'array' ? annotated.element : annotated && valueType(annotated);
  const of = written ?? element;
  if (of === undefined || (name === 'struct' && of.kind !== 'struct')) {
    fail(
      call,
      `${name} without a type`,
      name === 'array' ? 'write array<u32>(16)' : 'write struct<Console>()',
    );
  }
  const numbers = call.arguments.map((one) => constantNumber(context, one));
  const count = name === 'array' ? numbers.shift() : 1;
  if (count === undefined) fail(call, 'array without a count', 'say how many: array<u32>(16)');
  const alignment = numbers[0] ?? Math.min(16, Math.max(4, alignmentOf(context.library, of)));
  if (count < 0) fail(call, `${count} elements`, 'there are at least none');
  if (alignment < 1 || alignment > LARGEST_ALIGNMENT || (alignment & (alignment - 1)) !== 0)
    fail(call, `an alignment of ${alignment}`, `a power of two, ${LARGEST_ALIGNMENT} at most`);
  const type: Type = name === 'array' ? { kind: 'array', element: of } : of;
  const bytes = count * sizeOf(context.library, of);
  return { kind: 'storage', ...named(context, declaration), type, bytes, alignment, node: call };
}
