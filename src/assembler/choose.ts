/*
 * # Choosing a row
 *
 * `add eax, 5` can be said in three ways, and `mov ebx, ecx` in two that are the same length: `89 cb` stores the
 * one in the other, `8b d9` loads the other from the one. The processor does not care. We take the first row of the
 * table that fits, and the table has its short rows first.
 *
 * :::aside
 * The assembler A86 made its choices between equal forms in a pattern of its own. Its author could look at a
 * program that somebody sold and see whether it had been made with a copy that nobody paid for.
 * :::
 */

import { AssemblyError } from './error.ts';
import type { Form } from './form.ts';
import { fits, wouldFit } from './form.ts';
import { formsOf } from './opcodes.ts';
import type { Memory, Operand } from './operand.ts';

/**
 * The first row of the table that fits.
 *
 * @throws AssemblyError when there is none, or when nothing says how large a memory operand is
 */
export function choose(mnemonic: string, operands: Operand[], prefixes: readonly string[]): Form {
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

const NONE = -1;

/*
 * ## How much is [eax]?
 *
 * `mov [eax], bl` is a byte because bl is one. `lgdt [eax]` takes what it takes. But `inc [eax]` fits three rows,
 * and the first of them is the byte, so that a careless assembler increments a quarter of your counter. It works
 * until 255.
 *
 * Memory without a size passes if every row it could mean agrees on one. Numbers are no help:
 * `mov [eax], 0x12345678` fits only the doubleword, but would you bet that whoever writes `mov [eax], 5` knows the
 * difference? `wouldFit` looks at the kinds of operands and turns a blind eye to the numbers.
 */

function requireOneSize(chosen: Form, forms: readonly Form[], operands: Operand[]): void {
  const at = operands.findIndex((operand) => operand.kind === 'memory' && operand.size === undefined);
  if (at < 0 || (operands[at] as Memory).far) return;
  const { bits } = chosen.patterns[at]!;
  const rival = forms.find((form) => wouldFit(form, operands) && form.patterns[at]!.bits !== bits);
  if (rival === undefined) return;
  throw new AssemblyError(
    `memory of unknown size in \`${chosen.mnemonic}\``,
    `byte, word, dword, qword or tword in front of it (\`${chosen.text}\` or \`${rival.text}\`)`,
  );
}

/*
 * ## When nothing fits
 *
 * *Invalid combination of opcode and operands* is what most assemblers say, and then it is your turn. We know more
 * than that. If a row fits but for the prefix, it is the prefix. If it fits but for the size of a number, it is the
 * number, and the row says what would have been allowed. Otherwise we say what we saw and show what there is.
 */

function noForm(
  mnemonic: string,
  forms: readonly Form[],
  operands: Operand[],
  prefixes: readonly string[],
): AssemblyError {
  const prefixed = forms.find((form) => fits(form, operands));
  if (prefixed !== undefined) {
    const found = `${prefixes.join(' ')} with \`${prefixed.text}\``;
    return new AssemblyError(found, 'operands of the size of the prefix');
  }
  const rows = [...new Set(forms.map((form) => `\`${form.text}\``))];
  const shown = rows.slice(0, 9).join(', ') + (rows.length > 9 ? ', ...' : '');
  const found = `\`${mnemonic}\` with ${operands.map(describe).join(', ') || 'no operands'}`;
  return numberOutOfRange(mnemonic, forms, operands) ?? new AssemblyError(found, shown);
}

/*
 * The number that is to blame is measured against the last row it could have been meant for, as that has the most
 * room. If it does not fit there, it fits nowhere.
 */

function numberOutOfRange(
  mnemonic: string,
  forms: readonly Form[],
  operands: Operand[],
): AssemblyError | undefined {
  const near = forms.filter((form) => wouldFit(form, operands)).at(-1);
  for (const [at, operand] of operands.entries()) {
    if (near === undefined || operand.kind !== 'immediate' || typeof operand.value !== 'number') continue;
    const { name, low, high } = near.patterns[at]!;
    if (operand.value >= low! && operand.value <= high!) continue;
    const expected = `${low} to ${high} (${name} of \`${near.text}\`)`;
    return new AssemblyError(`${operand.value} in \`${mnemonic}\``, expected);
  }
  return undefined;
}

function describe(operand: Operand): string {
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
