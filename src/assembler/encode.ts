import { appendAddress, addressSizeOf } from './address.ts';
import { AssemblyError } from './error.ts';
import type { Expression } from './expression.ts';
import type { Form } from './form.ts';
import { fits, wouldFit } from './form.ts';
import { formsOf } from './opcodes.ts';
import type { Memory, Operand } from './operand.ts';

/** Machine code with its unknown numbers still 0. */
export interface Encoding {
  bytes: number[];
  patches: Patch[];
}

/** A number to be written when it is known. */
export interface Patch {
  /** Offset of its lowest byte in the encoding. */
  at: number;
  bytes: 1 | 2 | 4;
  value: Expression;
  /** Only -128 to 127 (or the like for 2 bytes) will do, as the processor widens it by its sign. */
  signed: boolean;
  /** Write the distance from the end of the instruction instead. */
  relative: boolean;
}

export const PREFIXES: ReadonlyMap<string, number> = new Map([
  ['lock', 0xf0],
  ['repne', 0xf2],
  ['repnz', 0xf2],
  ['rep', 0xf3],
  ['repe', 0xf3],
  ['repz', 0xf3],
  ['es', 0x26],
  ['cs', 0x2e],
  ['ss', 0x36],
  ['ds', 0x3e],
  ['fs', 0x64],
  ['gs', 0x65],
  ['o16', 0x66],
  ['o32', 0],
  ['a16', 0x67],
  ['a32', 0],
]);

const OPERAND_SIZE = 0x66;
const ADDRESS_SIZE = 0x67;
const WAIT = 0x9b;

/**
 * Encodes one instruction in the first row of the table that fits it.
 *
 * @param mnemonic in lower case
 * @param prefixes names from `PREFIXES`, in the order they are to stand
 * @throws AssemblyError when no row fits, or two do that differ in the size of a memory operand
 */
export function encode(mnemonic: string, operands: Operand[], prefixes: readonly string[] = []): Encoding {
  const form = choose(mnemonic, operands, prefixes);
  const isAddress16 = addressSize(form, operands, prefixes) === 16;
  const bytes = prefixBytes(form, operands, prefixes);
  if (isAddress16) bytes.push(ADDRESS_SIZE);
  const encoding: Encoding = { bytes, patches: [] };
  bytes.push(...(isWaiting(form) ? form.opcode.slice(1) : form.opcode));
  if (form.plus >= 0) bytes[bytes.length - 1]! += registerNumber(operands[form.plus]!);
  if (form.hasModRM) appendModRM(encoding, form, operands, isAddress16);
  appendTrailing(encoding, form, operands, isAddress16);
  return encoding;
}

function choose(mnemonic: string, operands: Operand[], prefixes: readonly string[]): Form {
  const forms = formsOf(mnemonic);
  if (forms === undefined) throw new AssemblyError(`\`${mnemonic}\``, 'an instruction or a directive');
  const contradicted = contradictedSize(prefixes);
  for (const form of forms) {
    if (form.operandSize !== 0 && form.operandSize === contradicted) continue;
    if (!fits(form, operands)) continue;
    requireOneSize(form, forms, operands);
    return form;
  }
  throw noForm(mnemonic, forms, operands);
}

/** The operand size that `o16` or `o32` rules out. */
function contradictedSize(prefixes: readonly string[]): number {
  if (prefixes.length === 0) return -1;
  if (prefixes.includes('o16')) return 32;
  return prefixes.includes('o32') ? 16 : -1;
}

/** Memory without a size is fine as long as every row that it could mean agrees on one. */
function requireOneSize(chosen: Form, forms: readonly Form[], operands: Operand[]): void {
  const at = operands.findIndex((operand) => operand.kind === 'memory' && operand.size === undefined);
  if (at < 0) return;
  const bits = chosen.patterns[at]!.bits;
  const rival = forms.find((form) => wouldFit(form, operands) && form.patterns[at]!.bits !== bits);
  if (rival === undefined || (operands[at] as Memory).far) return;
  throw new AssemblyError(
    `memory of unknown size in \`${chosen.mnemonic}\``,
    `byte, word, dword, qword or tword in front of it (\`${chosen.text}\` or \`${rival.text}\`)`,
  );
}

/** Explains why no row fits: a number out of range if one would fit but for that, else the operands. */
function noForm(mnemonic: string, forms: readonly Form[], operands: Operand[]): AssemblyError {
  const near = forms.filter((form) => wouldFit(form, operands)).at(-1);
  const at = near === undefined ? -1 : operands.findIndex(({ kind }) => kind === 'immediate');
  if (near !== undefined && at >= 0) {
    const { name, low, high } = near.patterns[at]!;
    const { value } = operands[at] as { value: Expression };
    const number = typeof value === 'number' ? value : 'a number not known yet';
    return new AssemblyError(
      `${number} in \`${mnemonic}\``,
      `${name}, ${low} to ${high}, as in \`${near.text}\``,
    );
  }
  const rows = [...new Set(forms.map((form) => `\`${form.text}\``))];
  const shown = rows.slice(0, 9).join(', ') + (rows.length > 9 ? ', ...' : '');
  return new AssemblyError(`\`${mnemonic}\` with ${describe(operands)}`, shown);
}

function describe(operands: Operand[]): string {
  if (operands.length === 0) return 'no operands';
  return operands.map(describeOperand).join(', ');
}

function describeOperand(operand: Operand): string {
  switch (operand.kind) {
    case 'register':
      return operand.name;
    case 'immediate':
      return typeof operand.value === 'number' ? String(operand.value) : 'a number';
    case 'memory':
      return operand.size === undefined ? 'memory' : `${operand.size}-bit memory`;
    case 'far':
      return 'a far pointer';
  }
}

function prefixBytes(form: Form, operands: Operand[], prefixes: readonly string[]): number[] {
  const bytes: number[] = isWaiting(form) ? [WAIT] : [];
  for (const prefix of prefixes) {
    const byte = PREFIXES.get(prefix);
    if (byte === undefined) throw new AssemblyError(`\`${prefix}\``, 'a prefix');
    if (byte !== 0 && byte !== OPERAND_SIZE && byte !== ADDRESS_SIZE) bytes.push(byte);
  }
  const memory = operands.find((operand) => operand.kind === 'memory');
  if (memory?.segment !== undefined) bytes.push(PREFIXES.get(memory.segment.name)!);
  if (form.operandSize === 16 || prefixes.includes('o16')) bytes.push(OPERAND_SIZE);
  return bytes;
}

/** 16 or 32; 0 if nothing asks for either, which comes to 32. */
function addressSize(form: Form, operands: Operand[], prefixes: readonly string[]): number {
  const memory = operands.find((operand) => operand.kind === 'memory');
  const size = memory === undefined ? form.addressSize : addressSizeOf(memory);
  const wanted = prefixes.includes('a16') ? 16 : prefixes.includes('a32') ? 32 : 0;
  if (size !== 0 && wanted !== 0 && size !== wanted)
    throw new AssemblyError(`a${wanted} with a ${size}-bit address`, `a${size} or none`);
  return size || wanted;
}

/** `fstcw` and its like are a `wait` and an instruction: prefixes belong to the second. */
function isWaiting(form: Form): boolean {
  return form.opcode[0] === WAIT && form.opcode.length > 1;
}

function registerNumber(operand: Operand): number {
  return operand.kind === 'register' ? operand.number : 0;
}

function appendModRM(encoding: Encoding, form: Form, operands: Operand[], isAddress16: boolean): void {
  const reg = form.digit >= 0 ? form.digit : registerNumber(operands[form.reg]!);
  const operand = operands[form.rm]!;
  if (operand.kind === 'register') {
    encoding.bytes.push(0o300 | (reg << 3) | operand.number);
    return;
  }
  appendAddress(encoding, reg, operand as Memory, isAddress16);
}

function appendTrailing(encoding: Encoding, form: Form, operands: Operand[], isAddress16: boolean): void {
  for (const { operand: at, kind, bytes, signed } of form.trailing) {
    const operand = operands[at]!;
    if (operand.kind === 'far') {
      append(encoding, bytes, operand.offset);
      append(encoding, 2, operand.selector);
    } else if (operand.kind === 'memory') {
      append(encoding, isAddress16 ? 2 : 4, operand.displacement);
    } else if (operand.kind === 'immediate') {
      append(encoding, bytes, operand.value, signed, kind === 'relative');
    }
  }
}

/** Appends a number of so many bytes, lowest first, or its place if it is not known yet. */
export function append(
  encoding: Encoding,
  bytes: 1 | 2 | 4,
  value: Expression,
  signed = false,
  relative = false,
): void {
  const at = encoding.bytes.length;
  const known = typeof value === 'number' && !relative;
  if (!known) encoding.patches.push({ at, bytes, value, signed, relative });
  const number = known ? value : 0;
  for (let shift = 0; shift < 8 * bytes; shift += 8) encoding.bytes.push((number >> shift) & 0xff);
}
