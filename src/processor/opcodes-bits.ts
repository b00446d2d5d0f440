/*
 * # Opcodes that fiddle
 *
 * Shifts, bit tests, exchanges with a condition, and the decimal instructions, which were the point of the whole
 * chip for the people who built tills.
 */
import * as bits from './bits.ts';
import * as decimal from './decimal.ts';
import { fetch8, modrm, type Decode, type Decoder } from './decoder.ts';
import * as exchange from './exchange.ts';
import { undefinedOpcode } from './faults.ts';
import type { Execute } from './instruction.ts';
import * as shifts from './shifts.ts';

export function bitOpcodes(table: Decode[]): void {
  shiftOpcodes(table);
  bitTestOpcodes(table);
  exchangeOpcodes(table);
  decimalOpcodes(table);
}

function shiftOpcodes(table: Decode[]): void {
  for (const bytes of [true, false]) {
    const size = (d: Decoder) => (bytes ? 1 : d.size);
    const odd = bytes ? 0 : 1;
    table[0xc0 + odd] = (d) => {
      modrm(d, size(d));
      d.i.immediate = fetch8(d) & 31;
      return shiftForm(d);
    };
    table[0xd0 + odd] = (d) => {
      modrm(d, size(d));
      d.i.immediate = 1;
      return shiftForm(d);
    };
    table[0xd2 + odd] = (d) => {
      modrm(d, size(d));
      d.i.operation = d.reg;
      return shifts.shiftByCl;
    };
  }
  for (const opcode of [0x1a4, 0x1a5, 0x1ac, 0x1ad]) {
    table[opcode] = (d) => {
      modrm(d, d.size);
      d.i.immediate = opcode & 1 ? -1 : fetch8(d);
      return opcode < 0x1a8 ? shifts.shiftLeftDouble : shifts.shiftRightDouble;
    };
  }
}

/*
 * Shifts by a constant of a 32-bit register are what compilers make of multiplications, so these have handlers
 * of their own. Number 6 of the eight was never documented, and has always been the same as number 4.
 */
function shiftForm(d: Decoder): Execute {
  if (d.i.size === 4 && !d.i.isMemory && d.i.immediate > 0) {
    if (d.reg === 4 || d.reg === 6) return shifts.shiftLeftRegister;
    if (d.reg === 5) return shifts.shiftRightRegister;
    if (d.reg === 7) return shifts.shiftArithmeticRegister;
  }
  d.i.operation = d.reg;
  return shifts.shiftByImmediate;
}

/*
 * A bit's number may stand in a register or in the instruction; `reg` is -1 to say which.
 */
function bitTestOpcodes(table: Decode[]): void {
  for (let operation = 0; operation < 4; operation++) {
    table[0x1a3 + operation * 8] = (d) => {
      modrm(d, d.size);
      return bitTest(d, operation);
    };
  }
  table[0x1ba] = (d) => {
    modrm(d, d.size);
    d.i.reg = -1;
    d.i.immediate = fetch8(d);
    return d.reg < 4 ? undefinedOpcode : bitTest(d, d.reg - 4);
  };
  table[0x1bc] = (d) => {
    modrm(d, d.size);
    return bits.scanForward;
  };
  table[0x1bd] = (d) => {
    modrm(d, d.size);
    return bits.scanReverse;
  };
}

/*
 * The three on which every lock in every kernel is built, from the 486 on, and the last one from the Pentium on:
 * exchange and add, compare and exchange, and the latter once more with eight bytes.
 */
function exchangeOpcodes(table: Decode[]): void {
  for (const bytes of [true, false]) {
    table[bytes ? 0x1b0 : 0x1b1] = (d) => {
      modrm(d, bytes ? 1 : d.size);
      d.lockable = true;
      return exchange.compareAndExchange;
    };
    table[bytes ? 0x1c0 : 0x1c1] = (d) => {
      modrm(d, bytes ? 1 : d.size);
      d.lockable = true;
      return exchange.exchangeAndAdd;
    };
  }
  table[0x1c7] = (d) => {
    modrm(d, 8);
    d.lockable = true;
    return d.reg === 1 && d.i.isMemory ? exchange.compareAndExchange8Bytes : undefinedOpcode;
  };
}

function bitTest(d: Decoder, operation: number): Execute {
  d.i.operation = operation;
  d.lockable = operation !== bits.TEST_ONLY;
  if (!d.i.isMemory) return bits.testBitInRegister;
  return d.lockable ? bits.changeBitInMemory : bits.testBitInMemory;
}

/*
 * AAM divides by ten. The ten is the second byte of the opcode, and for years Intel's books told you only about
 * `0a`.
 */
function decimalOpcodes(table: Decode[]): void {
  table[0x27] = () => decimal.decimalAdjustAfterAddition;
  table[0x2f] = () => decimal.decimalAdjustAfterSubtraction;
  for (const step of [1, -1]) {
    table[step > 0 ? 0x37 : 0x3f] = (d) => {
      d.i.immediate = step;
      return decimal.asciiAdjust;
    };
  }
  table[0xd4] = (d) => {
    d.i.immediate = fetch8(d);
    return decimal.asciiAdjustAfterMultiplication;
  };
  table[0xd5] = (d) => {
    d.i.immediate = fetch8(d);
    return decimal.asciiAdjustBeforeDivision;
  };
}
