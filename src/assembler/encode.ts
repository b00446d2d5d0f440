import { appendAddress, addressSizeOf } from './address.ts';
import { AssemblyError } from './error.ts';
import type { Encoding } from './encoding.ts';
import { append, appendBits, appendPatch } from './encoding.ts';
import type { Form } from './form.ts';
import { fits, wouldFit } from './form.ts';
import { formsOf } from './opcodes.ts';
import type { Memory, Operand } from './operand.ts';

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
const NONE = -1;

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
  const form = forms.find((form) => form.operandSize !== contradicted && fits(form, operands));
  if (form === undefined) throw noForm(mnemonic, forms, operands, prefixes);
  requireOneSize(form, forms, operands);
  return form;
}

/** The operand size that `o16` or `o32` rules out. */
function contradictedSize(prefixes: readonly string[]): number {
  if (prefixes.length === 0) return NONE;
  if (prefixes.includes('o16')) return 32;
  return prefixes.includes('o32') ? 16 : NONE;
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

/** Explains why no row fits: a prefix, or a number out of range, if one would fit but for that; else the operands. */
function noForm(
  mnemonic: string,
  forms: readonly Form[],
  operands: Operand[],
  prefixes: readonly string[],
): AssemblyError {
  const prefixed = forms.find((form) => fits(form, operands));
  if (prefixed !== undefined)
    return new AssemblyError(
      `${prefixes.join(' ')} with \`${prefixed.text}\``,
      'operands of the size of the prefix',
    );
  const near = forms.filter((form) => wouldFit(form, operands)).at(-1);
  for (const [at, operand] of operands.entries()) {
    if (near === undefined || operand.kind !== 'immediate' || typeof operand.value !== 'number') continue;
    const { name, low, high } = near.patterns[at]!;
    if (operand.value >= low! && operand.value <= high!) continue;
    return new AssemblyError(
      `${operand.value} in \`${mnemonic}\``,
      `${low} to ${high} (${name} of \`${near.text}\`)`,
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
      const { value } = operand;
      const relative = kind === 'relative';
      if (typeof value === 'number' && !relative) appendBits(encoding, bytes, value);
      else appendPatch(encoding, { bytes, value, signed, relative });
    }
  }
}
