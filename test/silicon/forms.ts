import type { Form } from '../../src/assembler/form.ts';
import { allForms } from '../../src/assembler/index.ts';
import { SKIPPED_MNEMONICS } from './skips.ts';

/** Rows of the assembler's table that are one instruction each, and not left out for a reason. */
export const FORMS: readonly Form[] = allForms().filter(
  (form) => !SKIPPED_MNEMONICS.has(form.mnemonic) && !(form.opcode[0] === 0x9b && form.opcode.length > 1),
);

export const X87_OPCODES = [0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf];

/** FXSAVE and FXRSTOR. */
export const isFastSave = ({ mnemonic }: Form) => mnemonic === 'fxsave' || mnemonic === 'fxrstor';
export const isX87 = (form: Form) => X87_OPCODES.includes(form.opcode[0]!) || isFastSave(form);
