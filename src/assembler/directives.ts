/*
 * # Lines that are no instructions
 *
 * Not every byte of a program is meant to be executed, at least not on purpose. Six words put down bytes, room and
 * names:
 *
 * | Word | What it leaves behind |
 * | --- | --- |
 * | `db 'ring', 3, -1` | bytes; strings are UTF-8 |
 * | `dw 0xaa55` | 16-bit words, lowest byte first |
 * | `dd table, $ - table` | 32-bit words; labels are addresses |
 * | `resb 4096 - ($ - start)` | that many zeros |
 * | `align 16` | `nop` until the address divides by 16 |
 * | `SIZE equ 8 * 4` | nothing: a name for a number |
 */

import type { Encoding } from './encoding.ts';
import { append } from './encoding.ts';
import { AssemblyError } from './error.ts';
import type { Cursor, Expression } from './expression.ts';
import { evaluate, isString, nextToken, parseExpression, stringBytes } from './expression.ts';
import { define } from './names.ts';
import type { Reader } from './reader.ts';

/** The directives that stand first in their line. */
export const DIRECTIVES: ReadonlyMap<string, (reader: Reader, cursor: Cursor) => void> = new Map([
  ['db', (reader: Reader, cursor: Cursor) => readData(reader, cursor, 1)],
  ['dw', (reader: Reader, cursor: Cursor) => readData(reader, cursor, 2)],
  ['dd', (reader: Reader, cursor: Cursor) => readData(reader, cursor, 4)],
  ['resb', readReserve],
  ['align', readAlign],
]);

/** Reads one of `DIRECTIVES`, or `NAME equ VALUE`. */
export function readDirective(reader: Reader, cursor: Cursor): void {
  const first = cursor.tokens[cursor.at++]!;
  const directive = DIRECTIVES.get(first.toLowerCase());
  if (directive === undefined) readEqu(reader, cursor, first);
  else directive(reader, cursor);
}

/*
 * ## Data
 *
 * Data is an instruction nobody executes: bytes, and holes for the numbers not known yet. So it becomes the same
 * `Encoding` as code does, and from here on nobody tells the two apart. Neither will the processor, as many have
 * found out who forgot a `ret`.
 *
 * In `db`, `'A'` is a string of one, and `'A' + 1` is a number. The comma behind it decides.
 */

function readData(reader: Reader, cursor: Cursor, bytes: 1 | 2 | 4): void {
  const encoding: Encoding = { bytes: [], patches: [] };
  for (;;) {
    const next = cursor.tokens[cursor.at + 1];
    if (isString(cursor.tokens[cursor.at]) && (next === undefined || next === ',')) {
      for (const byte of stringBytes(cursor.tokens[cursor.at++]!)) encoding.bytes.push(byte);
      while (encoding.bytes.length % bytes !== 0) encoding.bytes.push(0);
    } else append(encoding, bytes, parseExpression(cursor));
    if (cursor.at === cursor.tokens.length) break;
    if (cursor.tokens[cursor.at] !== ',')
      throw new AssemblyError(nextToken(cursor), 'a comma or the end of the line');
    cursor.at++;
  }
  reader.statements.push({ kind: 'code', encoding, file: reader.file, line: reader.line });
}

/*
 * ## Room and names
 *
 * The count of a `resb` may use labels, but only such as stand above it. Were it to ask for one below, its own size
 * would decide the answer to its own question; `evaluate` finds the name without a value and declines.
 */

function readReserve(reader: Reader, cursor: Cursor): void {
  const count = parseWhole(cursor);
  reader.statements.push({ kind: 'reserve', count, file: reader.file, line: reader.line });
}

function readAlign(reader: Reader, cursor: Cursor): void {
  const boundary = evaluate(parseWhole(cursor));
  const isPower = boundary >= 1 && boundary <= 0x8000_0000 && Number.isInteger(Math.log2(boundary));
  if (!isPower) throw new AssemblyError(`align ${boundary}`, 'a power of two');
  reader.statements.push({ kind: 'align', boundary, file: reader.file, line: reader.line });
}

function readEqu(reader: Reader, cursor: Cursor, text: string): void {
  const name = define(reader, text);
  cursor.at++;
  const value = parseWhole(cursor);
  name.value = value;
  if (typeof value === 'number') reader.constants.set(text, value);
}

/** An expression and nothing behind it. */
function parseWhole(cursor: Cursor): Expression {
  const value = parseExpression(cursor);
  if (cursor.at < cursor.tokens.length) throw new AssemblyError(nextToken(cursor), 'the end of the line');
  return value;
}
