/*
 * # One line at a time
 *
 * A line of assembly is label, verb, objects, remark, and any of them may be missing. Nobody has ever improved on
 * this grammar, which is why assemblers are a good first parser: each line stands for itself, and when you are lost
 * there is always a line end close by.
 *
 * What a line comes to is one of four things. Three of them are soon told; the fourth, `Code`, keeps what it was
 * made of in case it is a branch and has to be made again, larger.
 */

import { DIRECTIVES, readDirective } from './directives.ts';
import { encode, PREFIXES } from './encode.ts';
import type { Encoding } from './encoding.ts';
import { AssemblyError, located } from './error.ts';
import type { Cursor, Expression, Name } from './expression.ts';
import { isName, nextToken } from './expression.ts';
import { define, lookUp, place, requireDefined } from './names.ts';
import { formsOf } from './opcodes.ts';
import type { Operand } from './operand.ts';
import { parseOperands } from './operand.ts';

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

/*
 * ## What the reader carries
 *
 * A bag of statements, a few maps of names, and a finger on the place in the source. The finger is what turns
 * *found `moov`* into *switcher.ts:118: found `moov`*, and it points where the caller says: a template literal that
 * starts in line 90 of a TypeScript file passes `line: 90`.
 */

/** The state of reading one source. */
export interface Reader extends Place {
  statements: Statement[];
  names: Map<string, Name>;
  /** Names that have a number for good: `symbols` and every `equ` that needs no label. */
  constants: Map<string, number>;
  /** Where each defined name was defined, and where each name was first used. */
  defined: Map<string, string>;
  used: Map<string, Place>;
  /** Lines whose bytes are known for good, by their text. */
  encoded: Map<string, Encoding>;
  /** The nameless label that `$` has put in front of the present line. */
  here: Name | undefined;
  /** How far `line` moves with each line of the source. */
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

/*
 * Errors may come from anywhere below, from the scanner or from the opcode table, and know nothing of lines. They
 * get their place here. A name that nobody ever defined is found out at the end, and is charged to the line that
 * used it first.
 */

/** Reads every line; encodes what can be encoded. */
export function read(source: string, options: SourceOptions): Statement[] {
  const reader = createReader(options);
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

function createReader({ symbols = {}, file = 'assembly', line = 1 }: SourceOptions): Reader {
  for (const [name, value] of Object.entries(symbols))
    if (!Number.isSafeInteger(value))
      throw new AssemblyError(`the symbol \`${name}\` = ${value}`, 'a whole number');
  return {
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
}

/*
 * ## Twenty thousand lines of push eax
 *
 * The whole scanner is one regular expression, tried from left to right: a comment, a string, a word, a shift, or
 * any other single character. Comments come first, so that the apostrophe in `; don't` opens nothing. Strings come
 * before words, so that the semicolon in `db ';'` ends nothing.
 *
 * Then the trick that buys the most speed. Compilers repeat themselves, letter by letter: `push eax`, `pop ecx`,
 * `mov eax, [ebp-8]`. Of some 7,000 instructions in pup's kernel, fewer than 2,000 are different. If such a line has
 * no label and left no holes, its bytes cannot ever come out differently, and we keep them by its text. Twenty
 * thousand lines in a compiler's style took 215 milliseconds before this and 125 after, one afternoon on one computer.
 */

const TOKEN = /;.*|'[^']*'?|"[^"]*"?|[\w.$]+|<<|>>|\S/g;

function readLine(reader: Reader, cursor: Cursor, text: string): void {
  const encoding = reader.encoded.get(text);
  if (encoding !== undefined) {
    reader.statements.push({ kind: 'code', encoding, file: reader.file, line: reader.line });
    return;
  }
  const tokens = text.match(TOKEN);
  if (tokens?.[0] === '%') readLineDirective(reader, text);
  else if (tokens !== null) {
    cursor.tokens = tokens;
    cursor.at = 0;
    readTokens(reader, cursor, text);
  }
}

function readTokens(reader: Reader, cursor: Cursor, text: string): void {
  const { tokens } = cursor;
  if (tokens.at(-1)!.startsWith(';')) tokens.pop();
  reader.here = undefined;
  while (tokens[cursor.at + 1] === ':' && isName(tokens[cursor.at])) {
    place(reader, define(reader, tokens[cursor.at]!));
    cursor.at += 2;
  }
  if (cursor.at === tokens.length) return;

  const isLabelled = cursor.at > 0;
  const before = reader.statements.length;
  readStatement(reader, cursor);
  const read = reader.statements[before];
  if (!isLabelled && read?.kind === 'code' && read.encoding.patches.length === 0)
    reader.encoded.set(text, read.encoding);
}

/*
 * ## Somebody else's line numbers
 *
 * Text written by a program is read by nobody, until it is wrong. So the tangler says between its lines where they
 * come from: `%line 12 chapters/2-guest/boot.ts` means that all that follows is the doing of line 12 in that file,
 * until the next such word. With a step, `%line 12+1 boot.ts`, the lines that follow are 12, 13, 14: right for a
 * piece of assembly that somebody wrote by hand inside a TypeScript file.
 */

function readLineDirective(reader: Reader, text: string): void {
  const match = /^\s*%line\s+(\d+)(?:\+(\d+))?(?:\s+(.*\S))?\s*$/.exec(text);
  if (match === null)
    throw new AssemblyError(`\`${text.trim()}\``, '%line NUMBER FILE or %line NUMBER+STEP FILE');
  reader.step = Number(match[2] ?? 0);
  reader.line = Number(match[1]) - reader.step;
  reader.file = match[3] ?? reader.file;
}

/*
 * ## Adverbs first
 *
 * A prefix is a byte in front of an instruction that changes how it is meant: `lock` (nobody else may touch this),
 * `rep` (again, ecx times), `fs` (not that segment, this one). English would call it an adverb. It may be written
 * in front, as in `rep movsd`, and there may be several.
 */

function readStatement(reader: Reader, cursor: Cursor): void {
  const first = cursor.tokens[cursor.at]!;
  if (!isName(first)) throw new AssemblyError(nextToken(cursor), 'a label, an instruction or a directive');
  const word = first.toLowerCase();
  if (DIRECTIVES.has(word) || cursor.tokens[cursor.at + 1]?.toLowerCase() === 'equ')
    readDirective(reader, cursor);
  else readInstruction(reader, cursor);
}

function readInstruction(reader: Reader, cursor: Cursor): void {
  const prefixes: string[] = [];
  let mnemonic = cursor.tokens[cursor.at++]!.toLowerCase();
  while (PREFIXES.has(mnemonic)) {
    prefixes.push(mnemonic);
    mnemonic = cursor.tokens[cursor.at++]?.toLowerCase() ?? '';
  }
  if (mnemonic === '')
    throw new AssemblyError(`\`${prefixes.join(' ')}\` alone`, 'an instruction behind the prefix');
  if (formsOf(mnemonic) === undefined)
    throw new AssemblyError(`\`${mnemonic}\``, 'an instruction or a directive');

  const operands = parseOperands(cursor);
  const encoding = encode(mnemonic, operands, prefixes);
  const { file, line } = reader;
  const isBranch = encoding.patches[0]?.relative;
  const branch = isBranch ? { mnemonic, operands, prefixes } : undefined;
  reader.statements.push({ kind: 'code', encoding, branch, file, line });
}
