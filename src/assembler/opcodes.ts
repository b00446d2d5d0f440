/*
 * # The table
 *
 * Now for the treasure, or what an assembler has for one. The next four files are the instruction set of the i486
 * and a little more, one row to an instruction and its kinds of operands, in the notation of Intel's manual:
 *
 *     add r/m32, simm8 = 83 /0 ib
 *
 * Left of the sign is what you write. Right of it is what comes out: the byte 83, a ModRM with 0 in the middle
 * digit and the first operand in the last, and the second operand as one byte.
 *
 * | On the left | means |
 * | --- | --- |
 * | `r8` `r16` `r32` | a general register |
 * | `r/m8` `r/m16` `r/m32` | a general register or memory |
 * | `m` `m8` ... `m80` | memory only, of any size or of this |
 * | `word m16` | memory, and `word` must be said |
 * | `imm8` `imm16` `imm32` | a number |
 * | `simm8` | a number in one byte, widened by its sign |
 * | `rel8` `rel32` | the target of a branch |
 * | `moffs32` | memory with nothing but an address |
 * | `ptr16:32` `m16:32` | a far pointer, here or in memory |
 * | `sreg` `cr` `dr` `st` | a register of another set |
 * | `al` `cl` `dx` `1` ... | just this |
 * | `rv` `r/mv` `immz` `eAX` | 32 bits, or 16 with the prefix 66: two rows in one |
 *
 * | On the right | means |
 * | --- | --- |
 * | `0F` `83` | bytes of the opcode |
 * | `40+r` `D8 C0+i` | a byte with a register in its low three bits |
 * | `/r` | ModRM: a register, and a register or memory |
 * | `/0` to `/7` | ModRM with this in the middle, and a register or memory |
 * | `ib` `iw` `id` `iz` | the number: 1, 2, 4 bytes, or 4 or 2 |
 * | `cb` `cw` `cd` `cp` | the distance of a branch in 1, 2, 4 bytes, or a far pointer |
 * | `mo` | the address of a `moffs` |
 * | `o16` `a16` | the prefix 66 or 67 in front |
 * | `o32` | not to be had with a prefix 66 |
 *
 * At start the rows are put in heaps, one for each mnemonic, and no more. There are over 600 rows and some 350
 * mnemonics. The Switcher, without which nothing boots, is written with eighteen of them, and somebody is waiting. So a
 * heap is read when somebody first asks for it, by code that comes behind the tables.
 */

import type { Form } from './form.ts';
import { parseForms } from './form.ts';
import { flowOpcodes } from './opcodes-flow.ts';
import { integerOpcodes } from './opcodes-integer.ts';
import { systemOpcodes } from './opcodes-system.ts';
import { x87Opcodes } from './opcodes-x87.ts';

const rowsOf = new Map<string, string[]>();

for (const rows of [integerOpcodes, flowOpcodes, systemOpcodes, x87Opcodes]) {
  for (const line of rows.split('\n')) {
    const row = line.trim();
    if (row === '' || row.startsWith(';')) continue;
    for (const mnemonic of row.split(/[ =]/, 1)[0]!.split('/')) {
      const others = rowsOf.get(mnemonic);
      if (others === undefined) rowsOf.set(mnemonic, [row]);
      else others.push(row);
    }
  }
}

const read = new Map<string, Form[]>();

/** Every row for a mnemonic in lower case, the shortest first where several would do; undefined if there is none. */
export function formsOf(mnemonic: string): readonly Form[] | undefined {
  const rows = rowsOf.get(mnemonic);
  let forms = read.get(mnemonic);
  if (forms === undefined && rows !== undefined) {
    forms = parseForms(rows.join('\n')).filter((form) => form.mnemonic === mnemonic);
    read.set(mnemonic, forms);
  }
  return forms;
}

/** Every row of the table, with the two-in-one rows spelled out. */
export function allForms(): Form[] {
  return [...rowsOf.keys()].flatMap((mnemonic) => [...formsOf(mnemonic)!]);
}
