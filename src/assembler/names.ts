/*
 * # Names for places
 *
 * `jz done`, says the source, and `done` comes forty lines later. We could go through the text twice, once for the
 * names and once for the rest, as the assemblers did that kept their source on paper tape. It is easier to make the
 * `Name` at first sight, put it into the expression with its `value` still missing, and let whoever defines it fill
 * it in. Everybody who mentioned it holds the same object, so they all know at once.
 */

import { AssemblyError } from './error.ts';
import type { Expression, Name } from './expression.ts';
import { OPERAND_WORDS } from './operand.ts';
import type { Reader } from './reader.ts';
import { registerNamed } from './registers.ts';

/** Makes a name stand for the address of the statement that comes next. */
export function place(reader: Reader, name: Name): void {
  reader.statements.push({ kind: 'label', name, file: reader.file, line: reader.line });
}

/**
 * The name for a label or an `equ`, which may have been used before.
 *
 * @throws AssemblyError if it is taken, or is a word of the language
 */
export function define(reader: Reader, name: string): Name {
  if (registerNamed(name) !== undefined || OPERAND_WORDS.has(name.toLowerCase()) || name === '$')
    throw new AssemblyError(`the name \`${name}\``, 'a name that means nothing else here');
  const before = reader.defined.get(name);
  if (before !== undefined)
    throw new AssemblyError(`\`${name}\` a second time`, `one definition; the first is at ${before}`);
  reader.defined.set(name, `${reader.file}:${reader.line}`);
  return nameFor(reader, name);
}

function nameFor(reader: Reader, name: string): Name {
  let found = reader.names.get(name);
  if (found === undefined) {
    found = { name, value: undefined };
    reader.names.set(name, found);
  }
  return found;
}

/*
 * ## Here
 *
 * The shortest name is `$`, and it means *here*: the address of this line. It needs no cleverness. Whoever says it
 * gets a label in front of their line, one without a name, and from then on it is a label like all others. The nice
 * part is that a `length equ $ - text` keeps its own *here*, wherever `length` is used.
 *
 * Numbers that are known for good are given out as numbers, and this matters more than it looks: `add ecx, SIZE`
 * takes three bytes if we know that `SIZE` is 8, and six if all we know is that it will be something.
 */

/** What a name in an expression stands for: its number, if that is known for good, or else the name. */
export function lookUp(reader: Reader, name: string): Expression {
  const constant = reader.constants.get(name);
  if (constant !== undefined) return constant;
  if (name === '$') return hereOf(reader);
  if (registerNamed(name) !== undefined)
    throw new AssemblyError(`the register ${name}`, 'a number or a name');
  if (!reader.used.has(name)) reader.used.set(name, { file: reader.file, line: reader.line });
  return nameFor(reader, name);
}

function hereOf(reader: Reader): Name {
  if (reader.here === undefined) {
    reader.here = { name: '$', value: undefined };
    place(reader, reader.here);
  }
  return reader.here;
}

/** @throws AssemblyError for the first name that was used and never defined, at the line that used it */
export function requireDefined(reader: Reader): void {
  for (const [name, { file, line }] of reader.used) {
    if (reader.defined.has(name)) continue;
    throw new AssemblyError(`the unknown name \`${name}\``, 'a label or an equ of this source', file, line);
  }
}
