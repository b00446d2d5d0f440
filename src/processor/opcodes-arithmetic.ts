/*
 * # Opcodes that calculate
 *
 * What found no room in the grid lies scattered about. INC and DEC of a register are one byte each, all of `40` to
 * `4f`: in 1978 to add 1 was so frequent that it was worth a sixteenth of the map. When AMD went looking for sixteen
 * free opcodes for its 64-bit prefix, these were the ones that had to go.
 */
import * as arithmetic from './arithmetic.ts';
import { fetchImmediate, fetchSigned8, modrm, type Decode, type Decoder } from './decoder.ts';
import { undefinedOpcode } from './faults.ts';
import type { Execute } from './instruction.ts';
import { EAX } from './layout.ts';
import * as logic from './logic.ts';
import * as multiply from './multiply.ts';
import * as narrow from './narrow.ts';
import { registerIndex } from './operands.ts';

export function arithmeticOpcodes(table: Decode[]): void {
  incrementsAndGroups(table);
  testsAndMultiplications(table);
}

function increment(d: Decoder, step: number): Execute {
  const i = d.i;
  d.lockable = true;
  i.immediate = step;
  if (i.size !== 4) return narrow.stepNarrow;
  if (i.isMemory) return step > 0 ? arithmetic.incrementMemory : arithmetic.decrementMemory;
  return step > 0 ? arithmetic.incrementRegister : arithmetic.decrementRegister;
}

function incrementsAndGroups(table: Decode[]): void {
  for (let register = 0; register < 8; register++) {
    for (const step of [1, -1]) {
      table[(step > 0 ? 0x40 : 0x48) + register] = (d) => {
        d.i.size = d.size;
        d.i.rm = registerIndex(register, d.size);
        return increment(d, step);
      };
    }
  }
  table[0xfe] = (d) => {
    modrm(d, 1);
    if (d.reg > 1) return undefinedOpcode;
    return increment(d, d.reg === 0 ? 1 : -1);
  };
}

/** INC and DEC of group FF; the rest of the group is in opcodes-transfer.ts. */
export function incrementGroup(d: Decoder): Execute {
  return increment(d, d.reg === 0 ? 1 : -1);
}

/*
 * TEST is AND for those who only want to look. It lives far from the grid, next to the multiplications.
 */
function testsAndMultiplications(table: Decode[]): void {
  for (const bytes of [true, false]) {
    table[bytes ? 0x84 : 0x85] = (d) => {
      modrm(d, bytes ? 1 : d.size);
      if (d.i.size !== 4) return narrow.testRegisterNarrow;
      return d.i.isMemory ? logic.testMemoryWithRegister : logic.testRegisters;
    };
    table[bytes ? 0xa8 : 0xa9] = (d) => {
      d.i.size = bytes ? 1 : d.size;
      d.i.rm = EAX;
      d.i.immediate = fetchImmediate(d, d.i.size);
      return d.i.size === 4 ? logic.testRegisterWithImmediate : narrow.testImmediateNarrow;
    };
    table[bytes ? 0xf6 : 0xf7] = (d) => {
      modrm(d, bytes ? 1 : d.size);
      return unaryGroup(d);
    };
  }
  table[0x69] = (d) => {
    modrm(d, d.size);
    d.i.immediate = fetchImmediate(d, d.size);
    return multiply.multiplyByImmediate;
  };
  table[0x6b] = (d) => {
    modrm(d, d.size);
    d.i.immediate = fetchSigned8(d);
    return multiply.multiplyByImmediate;
  };
  table[0x1af] = (d) => {
    modrm(d, d.size);
    return multiply.multiplyToRegister;
  };
}

/** F6 and F7: TEST, NOT, NEG, MUL, IMUL, DIV, IDIV. */
function unaryGroup(d: Decoder): Execute {
  const wide = d.i.size === 4;
  switch (d.reg) {
    case 0:
    case 1:
      d.i.immediate = fetchImmediate(d, d.i.size);
      if (!wide) return narrow.testImmediateNarrow;
      return d.i.isMemory ? logic.testMemoryWithImmediate : logic.testRegisterWithImmediate;
    case 2:
      d.lockable = true;
      return wide && !d.i.isMemory ? logic.notRegister : narrow.notOperand;
    case 3:
      d.lockable = true;
      return wide && !d.i.isMemory ? arithmetic.negateRegister : narrow.negateOperand;
    case 4:
      return wide ? multiply.multiply32 : multiply.multiplyNarrow;
    case 5:
      return wide ? multiply.multiplySigned32 : multiply.multiplySignedNarrow;
    case 6:
      return wide ? multiply.divide32 : multiply.divideNarrow;
    default:
      return wide ? multiply.divideSigned32 : multiply.divideSignedNarrow;
  }
}
