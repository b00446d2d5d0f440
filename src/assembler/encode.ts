/*
 * # An instruction in six parts
 *
 * Every instruction of the 386 fits this picture, and hardly any uses all of it:
 *
 * :::figure{#instruction-parts caption="The parts of an instruction, and the bytes of `lock add dword fs:[eax+ebx*4+0x10], 300`"}
 * ```text
 *   prefixes    opcode   ModRM    SIB    displacement   immediate
 *   0-4 bytes   1-2      0-1      0-1    0, 1, 2, 4     0, 1, 2, 4
 *
 *   f0 64       81       44       98     10             2c 01 00 00
 *   lock fs     add      see below       +16            300
 * ```
 * :::
 *
 * The length of it is found only by reading it from the left. A processor that wants to start on the next
 * instruction must have understood enough of this one to know where it ends, and a good part of every x86 is there
 * for that purpose. We are on the easy side. We know what we want to say.
 */

import { addressSizeOf, appendAddress } from './address.ts';
import { choose } from './choose.ts';
import type { Encoding } from './encoding.ts';
import { append, appendBits, appendPatch } from './encoding.ts';
import { AssemblyError } from './error.ts';
import type { Form } from './form.ts';
import type { Operand } from './operand.ts';

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
  const encoding: Encoding = { bytes: prefixBytes(form, operands, prefixes), patches: [] };
  if (isAddress16) encoding.bytes.push(ADDRESS_SIZE);
  appendOpcode(encoding, form, operands);
  if (form.hasModRM) appendModRM(encoding, form, operands, isAddress16);
  appendTrailing(encoding, form, operands, isAddress16);
  return encoding;
}

/*
 * ## Prefixes
 *
 * In octal the four old segment prefixes are 046, 056, 066, 076: es, cs, ss and ds in the middle digit, in the
 * order of their numbers. Then the 386 came with two more segments and took the next free bytes, 0x64 and 0x65. And
 * with them 0x66 and 0x67, which saved its life: *this once, the other size*. A 386 in 32-bit mode has no opcodes
 * for 16-bit registers at all. It has `01 c8`, add ecx to eax, and `66 01 c8`, add cx to ax.
 *
 * `o32` and `a32` are the sizes we have anyway. They cost nothing, and complain if you contradict yourself.
 */

/** The byte of each prefix; 0 for those that need none. */
export const PREFIXES: ReadonlyMap<string, number> = new Map([
  ['lock', 0xf0],
  ['repne', 0xf2],
  ['repnz', 0xf2],
  ['rep', 0xf3],
  ['repe', 0xf3],
  ['repz', 0xf3],
  ['es', 0o046],
  ['cs', 0o056],
  ['ss', 0o066],
  ['ds', 0o076],
  ['fs', 0x64],
  ['gs', 0x65],
  ['o16', 0x66],
  ['a16', 0x67],
  ['o32', 0],
  ['a32', 0],
]);

const OPERAND_SIZE = 0x66;
const ADDRESS_SIZE = 0x67;

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

/*
 * The 67 has four who may ask for it: registers that are 16 bits wide, a displacement said to be a word, a row of the
 * table (`jcxz` is `jecxz` with a 67 in front), or you. They had better agree.
 */

/** 16 or 32; 0 if nothing asks for either, which comes to 32. */
function addressSize(form: Form, operands: Operand[], prefixes: readonly string[]): number {
  const memory = operands.find((operand) => operand.kind === 'memory');
  const size = memory === undefined ? form.addressSize : addressSizeOf(memory);
  const wanted = prefixes.includes('a16') ? 16 : prefixes.includes('a32') ? 32 : 0;
  if (size !== 0 && wanted !== 0 && size !== wanted)
    throw new AssemblyError(`a${wanted} with a ${size}-bit address`, `a${size} or none`);
  return size || wanted;
}

/*
 * ## The opcode
 *
 * Usually it is copied from the table. Where the table says `40+r`, the register is in the opcode itself, in its
 * low three bits: `inc ecx` is `41`, one byte, for things that people do all day.
 *
 * The 8087 was another chip in another socket, and the 8086 had to be told to wait for it. So `fstcw` is really two
 * instructions, `wait` and `fnstcw`, and a segment prefix belongs to the second. The table writes `9B D9 /7` like
 * the manual does, and we keep the 9B out of the way of the prefixes.
 */

const WAIT = 0x9b;

function isWaiting(form: Form): boolean {
  return form.opcode[0] === WAIT && form.opcode.length > 1;
}

function appendOpcode({ bytes }: Encoding, form: Form, operands: Operand[]): void {
  bytes.push(...(isWaiting(form) ? form.opcode.slice(1) : form.opcode));
  if (form.plus >= 0) bytes[bytes.length - 1]! += registerNumber(operands[form.plus]!);
}

function registerNumber(operand: Operand): number {
  return operand.kind === 'register' ? operand.number : 0;
}

/*
 * ## Three octal digits
 *
 * Read x86 in hexadecimal and it is noise. Read it in octal and the curtain rises. The byte called ModRM is 2 bits,
 * 3 bits and 3 bits: an octal number of three digits, and each digit means something on its own.
 *
 * :::figure{#modrm caption="ModRM, the byte that most instructions are about"}
 * ```text
 *     7   6   5   4   3   2   1   0
 *   +-------+-----------+-----------+
 *   |  mod  |    reg    |    rm     |     add ecx, ebx = 01 331 in octal
 *   +-------+-----------+-----------+                       |||
 *     how      which       which                            ||+-- ecx
 *              register    other                            |+--- ebx
 *                                                           +---- both are registers
 * ```
 * :::
 *
 * With a mod of 3, rm is a register too, and `01 331` adds register 3 to register 1. In hexadecimal it is `01 d9`,
 * and nobody can see anything in that. If mod is 0, 1 or 2, rm is memory, and we leave it to `appendAddress`.
 *
 * An instruction with one operand has no use for reg, so its three bits are more opcode: `f7 /2` is `not`, `f7 /3`
 * is `neg`, `f7 /4` is `mul`. The manual writes the digit behind a slash, and so does our table.
 */

function appendModRM(encoding: Encoding, form: Form, operands: Operand[], isAddress16: boolean): void {
  const reg = form.digit >= 0 ? form.digit : registerNumber(operands[form.reg]!);
  const operand = operands[form.rm]!;
  if (operand.kind === 'memory') appendAddress(encoding, reg, operand, isAddress16);
  else encoding.bytes.push(0o300 | (reg << 3) | registerNumber(operand));
}

/*
 * ## What trails behind
 *
 * Numbers come last and stand with their lowest byte first, so 300 is `2c 01 00 00`. A far pointer is offset, then
 * selector. And four old instructions, `a0` to `a3`, have an address here without any ModRM: they move the
 * accumulator to or from a fixed place, as LDA and STA did on the 8080. That is why `mov eax, [0x1234]` is
 * `a1 34 12 00 00` and the same with ecx is a byte longer, `8b 0d 34 12 00 00`.
 */

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
