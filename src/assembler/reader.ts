import { encode, PREFIXES } from './encode.ts';
import type { Encoding } from './encoding.ts';
import { append } from './encoding.ts';
import { AssemblyError, located } from './error.ts';
import type { Cursor, Expression, Name } from './expression.ts';
import { evaluate, isName, isString, nextToken, parseExpression, stringBytes } from './expression.ts';
import { formsOf } from './opcodes.ts';
import type { Operand } from './operand.ts';
import { OPERAND_WORDS, parseOperands } from './operand.ts';
import { registerNamed } from './registers.ts';

/** What a line of source comes to: something with an address, and most of them with bytes. */
export type Statement = (Label | Code | Align | Reserve) & Place;

/** Where in the source a statement stands. */
export interface Place {
  file: string;
  line: number;
}

interface Label {
  kind: 'label';
  name: Name;
}

/** An instruction, or data. A branch keeps what it was made of, so that it can grow. */
export interface Code {
  kind: 'code';
  encoding: Encoding;
  branch?: { mnemonic: string; operands: Operand[]; prefixes: string[] };
}

interface Align {
  kind: 'align';
  boundary: number;
}

export interface Reserve {
  kind: 'reserve';
  count: Expression;
}

interface Reader {
  statements: Statement[];
  names: Map<string, Name>;
  /** Names that have a number for good: `symbols` and every `equ` that needs no label. */
  constants: Map<string, number>;
  /** Where each defined name was defined, and where each name was first used. */
  defined: Map<string, string>;
  used: Map<string, Place>;
  /** Lines whose bytes are known for good, by their text: compilers repeat themselves. */
  encoded: Map<string, Encoding>;
  here: Name | undefined;
  file: string;
  line: number;
  step: number;
}

export interface SourceOptions {
  /** Numbers known by name. */
  symbols?: Record<string, number>;
  /** Name of the source in errors. */
  file?: string;
  /** Line of `file` that the first line of the source stands for. */
  line?: number;
}

/** Reads every line; encodes what can be encoded. */
export function read(source: string, options: SourceOptions): Statement[] {
  const { symbols = {}, file = 'assembly', line = 1 } = options;
  for (const [name, value] of Object.entries(symbols)) requireNumber(name, value);
  const reader: Reader = {
    statements: [],
    names: new Map(),
    constants: new Map(Object.entries(symbols)),
    defined: new Map(Object.keys(symbols).map((name) => [name, 'the symbols given'])),
    used: new Map(),
    encoded: new Map(),
    here: undefined,
    file,
    line,
    step: 1,
  };
  const cursor: Cursor = { tokens: [], at: 0, lookUp: (name) => lookUp(reader, name) };
  try {
    for (const text of source.split('\n')) {
      readLine(reader, cursor, text);
      reader.line += reader.step;
    }
  } catch (error) {
    throw located(error, reader.file, reader.line);
  }
  requireDefined(reader);
  return reader.statements;
}

function requireNumber(name: string, value: number): void {
  if (!Number.isSafeInteger(value))
    throw new AssemblyError(`the symbol \`${name}\` = ${value}`, 'a whole number');
}

const TOKEN = /;.*|'[^']*'?|"[^"]*"?|[\w.$]+|<<|>>|\S/g;

function readLine(reader: Reader, cursor: Cursor, text: string): void {
  const encoding = reader.encoded.get(text);
  if (encoding !== undefined) {
    reader.statements.push({ kind: 'code', encoding, file: reader.file, line: reader.line });
    return;
  }
  const tokens = text.match(TOKEN);
  if (tokens === null) return;
  if (tokens[0] === '%') {
    readLineDirective(reader, text);
    return;
  }
  if (tokens.at(-1)!.startsWith(';')) tokens.pop();
  cursor.tokens = tokens;
  cursor.at = 0;
  reader.here = undefined;
  while (tokens[cursor.at + 1] === ':' && isName(tokens[cursor.at])) {
    place(reader, define(reader, tokens[cursor.at]!));
    cursor.at += 2;
  }
  const isLabelled = cursor.at > 0;
  const before = reader.statements.length;
  if (cursor.at < tokens.length) readStatement(reader, cursor);
  const read = reader.statements[before];
  if (!isLabelled && read?.kind === 'code' && read.encoding.patches.length === 0)
    reader.encoded.set(text, read.encoding);
}

/** `%line 12 file`: what follows comes from line 12 of the file. `%line 12+1 file`: and each line after from the next. */
function readLineDirective(reader: Reader, text: string): void {
  const match = /^\s*%line\s+(\d+)(?:\+(\d+))?(?:\s+(.*\S))?\s*$/.exec(text);
  if (match === null)
    throw new AssemblyError(`\`${text.trim()}\``, '%line NUMBER FILE or %line NUMBER+STEP FILE');
  reader.step = Number(match[2] ?? 0);
  reader.line = Number(match[1]) - reader.step;
  reader.file = match[3] ?? reader.file;
}

function place(reader: Reader, name: Name): void {
  reader.statements.push({ kind: 'label', name, file: reader.file, line: reader.line });
}

/** The name for a label or an `equ`, which may have been used before. */
function define(reader: Reader, name: string): Name {
  const word = name.toLowerCase();
  if (registerNamed(name) !== undefined || OPERAND_WORDS.has(word) || name === '$')
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

/** What a name in an expression stands for: its number, if that is known for good, or else the name. */
function lookUp(reader: Reader, name: string): Expression {
  const constant = reader.constants.get(name);
  if (constant !== undefined) return constant;
  if (name === '$') return hereOf(reader);
  if (registerNamed(name) !== undefined)
    throw new AssemblyError(`the register ${name}`, 'a number or a name');
  if (!reader.used.has(name)) reader.used.set(name, { file: reader.file, line: reader.line });
  return nameFor(reader, name);
}

/** `$` is a label without a name in front of the statement. */
function hereOf(reader: Reader): Name {
  if (reader.here === undefined) {
    reader.here = { name: '$', value: undefined };
    place(reader, reader.here);
  }
  return reader.here;
}

function requireDefined(reader: Reader): void {
  for (const [name, { file, line }] of reader.used) {
    if (reader.defined.has(name)) continue;
    throw new AssemblyError(`the unknown name \`${name}\``, 'a label or an equ of this source', file, line);
  }
}

function readStatement(reader: Reader, cursor: Cursor): void {
  const first = cursor.tokens[cursor.at]!;
  if (!isName(first)) throw new AssemblyError(nextToken(cursor), 'a label, an instruction or a directive');
  if (cursor.tokens[cursor.at + 1]?.toLowerCase() === 'equ') {
    readEqu(reader, cursor, first);
    return;
  }
  cursor.at++;
  const word = first.toLowerCase();
  const directive = DIRECTIVES.get(word);
  if (directive === undefined) readInstruction(reader, cursor, word);
  else directive(reader, cursor);
}

const DIRECTIVES = new Map<string, (reader: Reader, cursor: Cursor) => void>([
  ['db', (reader, cursor) => readData(reader, cursor, 1)],
  ['dw', (reader, cursor) => readData(reader, cursor, 2)],
  ['dd', (reader, cursor) => readData(reader, cursor, 4)],
  ['resb', readReserve],
  ['align', readAlign],
]);

function readEqu(reader: Reader, cursor: Cursor, text: string): void {
  const name = define(reader, text);
  cursor.at += 2;
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

function readData(reader: Reader, cursor: Cursor, bytes: 1 | 2 | 4): void {
  const encoding: Encoding = { bytes: [], patches: [] };
  for (;;) {
    const token = cursor.tokens[cursor.at];
    const next = cursor.tokens[cursor.at + 1];
    if (isString(token) && (next === undefined || next === ',')) {
      cursor.at++;
      for (const byte of stringBytes(token!)) encoding.bytes.push(byte);
      while (encoding.bytes.length % bytes !== 0) encoding.bytes.push(0);
    } else append(encoding, bytes, parseExpression(cursor));
    if (cursor.at === cursor.tokens.length) break;
    if (cursor.tokens[cursor.at] !== ',')
      throw new AssemblyError(nextToken(cursor), 'a comma or the end of the line');
    cursor.at++;
  }
  reader.statements.push({ kind: 'code', encoding, file: reader.file, line: reader.line });
}

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

function readInstruction(reader: Reader, cursor: Cursor, first: string): void {
  const prefixes: string[] = [];
  let mnemonic = first;
  while (PREFIXES.has(mnemonic)) {
    prefixes.push(mnemonic);
    mnemonic = cursor.tokens[cursor.at++]?.toLowerCase() ?? '';
    if (mnemonic === '')
      throw new AssemblyError(`\`${prefixes.join(' ')}\` alone`, 'an instruction behind the prefix');
  }
  if (formsOf(mnemonic) === undefined)
    throw new AssemblyError(`\`${mnemonic}\``, 'an instruction or a directive');
  const operands = parseOperands(cursor);
  const encoding = encode(mnemonic, operands, prefixes);
  const { file, line } = reader;
  if (encoding.patches[0]?.relative) {
    reader.statements.push({ kind: 'code', encoding, branch: { mnemonic, operands, prefixes }, file, line });
  } else reader.statements.push({ kind: 'code', encoding, file, line });
}
