import type { Form } from '../../src/assembler/form.ts';
import { allForms } from '../../src/assembler/index.ts';

/** An instruction's prefixes, its opcode, and the byte behind, as far as there are so many. */
export interface Opcode {
  prefixes: number[];
  /** One byte, or 0x100 and the byte behind 0F. */
  opcode: number;
  /** The byte behind the opcode, which may be ModRM; 0 at the end. */
  next: number;
}

const PREFIXES = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3];

export function opcodeOf(code: Uint8Array): Opcode {
  let at = 0;
  while (at < code.length && PREFIXES.includes(code[at]!)) at++;
  const prefixes = [...code.subarray(0, at)];
  if (code[at] === 0x0f) return { prefixes, opcode: 0x100 | (code[at + 1] ?? 0), next: code[at + 2] ?? 0 };
  return { prefixes, opcode: code[at] ?? 0, next: code[at + 1] ?? 0 };
}

const byOpcode = new Map<number, Form[]>();
for (const form of allForms()) {
  // Of two opcode bytes without 0F in front, the second is for `fits` to look at.
  const isTwo = form.opcode[0] === 0x0f;
  const opcode = isTwo ? 0x100 | form.opcode[1]! : form.opcode[0]!;
  const isRange = form.plus >= 0 && (isTwo || form.opcode.length === 1);
  for (let n = 0; n < (isRange ? 8 : 1); n++) {
    const forms = byOpcode.get(opcode + n);
    if (forms) forms.push(form);
    else byOpcode.set(opcode + n, [form]);
  }
}

/** Whether the byte behind the opcode is one for this row. */
function fits(form: Form, next: number, digit: number): boolean {
  if (form.opcode.length === 2 && form.opcode[0] !== 0x0f)
    return form.plus < 0 ? form.opcode[1] === next : form.opcode[1] === (next & ~7);
  if (form.digit < 0) return true;
  const isX87 = form.opcode[0]! >= 0xd8 && form.opcode[0]! <= 0xdf;
  return form.digit === digit && !(isX87 && next >= 0xc0);
}

/** The row of the assembler's table that bytes belong to. */
export function formOf(code: Uint8Array): Form | undefined {
  const { prefixes, opcode, next } = opcodeOf(code);
  const [known, digit] = byItsOtherName(opcode, (next >> 3) & 7);
  const forms = byOpcode.get(known) ?? [];
  const size = prefixes.includes(0x66) ? 16 : 32;
  const fitting = forms.filter((form) => form.opcode.length < 3 && fits(form, next, digit));
  return fitting.find((form) => form.operandSize === size) ?? fitting[0];
}

/** Opcodes that the manual does not name twice, but the processor does: 82 is 80, SAL has two digits, TEST likewise. */
function byItsOtherName(opcode: number, digit: number): [number, number] {
  if (opcode === 0x82) return [0x80, digit];
  const isShift = opcode === 0xc0 || opcode === 0xc1 || (opcode >= 0xd0 && opcode <= 0xd3);
  if (isShift && digit === 6) return [opcode, 4];
  if ((opcode === 0xf6 || opcode === 0xf7) && digit === 1) return [opcode, 0];
  return [opcode, digit];
}
