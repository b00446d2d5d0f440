import type { Form } from './form.ts';
import { parseForms } from './form.ts';
import { flowOpcodes } from './opcodes-flow.ts';
import { integerOpcodes } from './opcodes-integer.ts';
import { systemOpcodes } from './opcodes-system.ts';
import { x87Opcodes } from './opcodes-x87.ts';

const byMnemonic = new Map<string, Form[]>();

for (const rows of [integerOpcodes, flowOpcodes, systemOpcodes, x87Opcodes]) {
  for (const form of parseForms(rows)) {
    const forms = byMnemonic.get(form.mnemonic);
    if (forms === undefined) byMnemonic.set(form.mnemonic, [form]);
    else forms.push(form);
  }
}

/** Every row for a mnemonic in lower case, the shortest first where several would do; undefined if there is none. */
export function formsOf(mnemonic: string): readonly Form[] | undefined {
  return byMnemonic.get(mnemonic);
}

/** Every row of the table. */
export function allForms(): Form[] {
  return [...byMnemonic.values()].flat();
}
