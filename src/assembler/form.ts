/*
 * # Reading the table
 *
 * A table in prose is for people. To be of use to `encode`, a row must be taken apart: which operand goes to which
 * field, what trails, what stands in front. The manual leaves most of this to common sense, so here is some common
 * sense.
 */

import type { Immediate, Operand } from './operand.ts';
import type { Pattern } from './pattern.ts';
import { patternNamed } from './pattern.ts';

/** One row of the opcode table, taken apart. Operands are named by their position in the row. */
export interface Form {
  /** The left side as it stands in the table: `add r/m32, simm8`. */
  text: string;
  mnemonic: string;
  patterns: Pattern[];
  /** 16 needs the prefix 66 here; 32 contradicts it; 0 goes along with either. */
  operandSize: 0 | 16 | 32;
  /** 16 needs the prefix 67; 0 leaves it to the operands. */
  addressSize: 0 | 16;
  opcode: number[];
  /** The operand whose number is added to the last opcode byte (`+r`, `+i`), or -1. */
  plus: number;
  /** Whether a ModRM byte follows, and what is in its two operand fields: positions, -1 for none. */
  hasModRM: boolean;
  /** The three bits of `/0` to `/7`, or -1 for the register of `/r`. */
  digit: number;
  reg: number;
  rm: number;
  /** What follows ModRM, in order. */
  trailing: Trailing[];
}

interface Trailing {
  operand: number;
  kind: 'immediate' | 'relative' | 'offset' | 'far';
  bytes: 1 | 2 | 4;
  signed: boolean;
}

/*
 * ## Two rows in one
 *
 * Intel's opcode map has a letter for *word or doubleword, as it may be*: v. `add r/mv, rv = 01 /r` is the row for
 * `add [ebx], eax` and the row for `add [ebx], ax`, which differ in the 66 that goes in front of the second. We
 * spell them out, the doubleword first, as it is the shorter.
 */

/** Reads rows such as `add r/mv, simm8 = 83 /0 ib`; empty lines and lines starting with `;` are skipped. */
export function parseForms(rows: string): Form[] {
  return rows
    .split('\n')
    .map((row) => row.trim())
    .filter((row) => row !== '' && !row.startsWith(';'))
    .flatMap(spellOut)
    .flatMap(parseRow);
}

const SIZED = /\brv\b|\br\/mv\b|\bmv\b|\bmoffsv\b|\beAX\b|\bimmz\b|\biz\b/;

function spellOut(row: string): string[] {
  if (!SIZED.test(row)) return [row];
  return [
    withSize(row, 32, 'eax').replace('iz', 'id').replace('=', '= o32'),
    withSize(row, 16, 'ax').replace('iz', 'iw').replace('=', '= o16'),
  ];
}

function withSize(row: string, bits: number, accumulator: string): string {
  return row
    .replaceAll(/\b(r|r\/m|m|moffs)v\b/g, (pattern) => pattern.slice(0, -1) + bits)
    .replaceAll('immz', `imm${bits}`)
    .replaceAll('eAX', accumulator);
}

/*
 * ## Taking a row apart
 *
 * Left of the sign is a name, or several with slashes, and patterns. Right of it are tokens, each of which adds
 * something to the `Form`. `+r` belongs to the first operand that is a register and could be another: in
 * `xchg eax, r32` the second.
 */

function parseRow(row: string): Form[] {
  const [text, encoding] = row.split('=').map((side) => side.trim());
  const space = text!.indexOf(' ');
  const mnemonics = space < 0 ? text! : text!.slice(0, space);
  const names = space < 0 ? [] : text!.slice(space).split(',');
  const patterns = names.map((name) => patternNamed(name.trim()));
  const form: Form = { ...EMPTY, text: text!, patterns, opcode: [], trailing: [] };
  for (const token of encoding!.split(/ +/)) addToken(form, token);
  return mnemonics.split('/').map((mnemonic) => ({ ...form, mnemonic }));
}

const NONE = -1;

const EMPTY = {
  mnemonic: '',
  operandSize: 0,
  addressSize: 0,
  plus: NONE,
  hasModRM: false,
  digit: NONE,
  reg: NONE,
  rm: NONE,
} as const;

function addToken(form: Form, token: string): void {
  if (/^[0-9A-F]{2}$/.test(token)) form.opcode.push(Number.parseInt(token, 16));
  else if (/^[0-9A-F]{2}\+[ri]$/.test(token)) {
    form.opcode.push(Number.parseInt(token, 16));
    form.plus = form.patterns.findIndex((pattern) => pattern.variable && pattern.role === 'register');
  } else if (token === 'o16' || token === 'o32') form.operandSize = token === 'o16' ? 16 : 32;
  else if (token === 'a16') form.addressSize = 16;
  else if (token.startsWith('/')) addModRM(form, token.slice(1));
  else if (token in TRAILING) addTrailing(form, TRAILING[token]!);
  else throw new Error(`opcode table: found ${token} in ${form.text}`);
}

/*
 * ## Who goes where in ModRM
 *
 * Memory can only be in rm. Control, debug and segment registers can only be in reg. Of two general registers, the
 * one written first in the manual is reg. And if there is but one for both fields, it is in both.
 */

/** `/r` holds a register and a register or memory; `/0` to `/7` hold only the latter. */
function addModRM(form: Form, what: string): void {
  const { patterns } = form;
  form.hasModRM = true;
  const memory = patterns.findIndex((pattern) => pattern.role === 'memory');
  if (what !== 'r') {
    form.digit = Number(what);
    form.rm = memory >= 0 ? memory : patterns.findIndex((pattern) => pattern.role === 'register');
    return;
  }
  const special = patterns.findIndex((pattern) => pattern.role === 'special');
  const first = patterns.findIndex((pattern) => pattern.role === 'register');
  const second = patterns.findIndex((pattern, at) => at > first && pattern.role === 'register');
  form.reg = special >= 0 ? special : first;
  if (memory >= 0) form.rm = memory;
  else if (special >= 0) form.rm = first;
  else form.rm = second >= 0 ? second : first; // imul ecx, 5: one register in both fields
}

/*
 * ## What trails
 *
 * The tokens at the end take their operands in turn: in `enter imm16, imm8 = C8 iw ib`, `iw` gets the first number
 * and `ib` the second.
 */

type TrailingKind = Omit<Trailing, 'operand' | 'signed'>;

const TRAILING: Record<string, TrailingKind> = {
  ib: { kind: 'immediate', bytes: 1 },
  iw: { kind: 'immediate', bytes: 2 },
  id: { kind: 'immediate', bytes: 4 },
  cb: { kind: 'relative', bytes: 1 },
  cw: { kind: 'relative', bytes: 2 },
  cd: { kind: 'relative', bytes: 4 },
  mo: { kind: 'offset', bytes: 4 },
  cp: { kind: 'far', bytes: 4 },
  cpw: { kind: 'far', bytes: 2 },
};

function addTrailing(form: Form, what: TrailingKind): void {
  const taken = form.trailing.map((trailing) => trailing.operand);
  const operand = form.patterns.findIndex((pattern, at) => pattern.role === what.kind && !taken.includes(at));
  form.trailing.push({ ...what, operand, signed: form.patterns[operand]!.signed });
}

/*
 * ## Does it fit?
 *
 * The question is asked some ten times for every line of a kernel, so it is a plain loop. Its lenient sister looks
 * away from numbers, and serves two masters: whoever wonders how large memory is, and whoever has to explain why
 * nothing fits.
 */

/** Whether each operand fits its pattern in the row. */
export function fits(form: Form, operands: Operand[]): boolean {
  const { patterns } = form;
  if (patterns.length !== operands.length) return false;
  for (let at = 0; at < patterns.length; at++) {
    if (!patterns[at]!.fits(operands[at]!, form.operandSize)) return false;
  }
  return true;
}

/** As `fits`, but any immediate will do where one is wanted: what the row is about, leaving the numbers aside. */
export function wouldFit(form: Form, operands: Operand[]): boolean {
  if (form.patterns.length !== operands.length) return false;
  return form.patterns.every((pattern, at) => {
    const operand = operands[at]!;
    if (operand.kind === 'immediate') return pattern.low !== undefined && sizeFits(operand, pattern.bits);
    return pattern.fits(operand, form.operandSize);
  });
}

function sizeFits(operand: Immediate, bits: number): boolean {
  return operand.size === undefined || operand.size === bits;
}

/*
 * Some of the rows are computed, like the eight times nine of `add` and its kin. They need to spell bytes as the
 * table does.
 */

/** A byte as the table spells it. */
export function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}
