/*
 * # Opcodes that move things
 *
 * If you want to know what byte `a3` does, look it up here; if you do not, go on to `Block`. In a table of opcodes one
 * can see the year in which a thing was added: what has one byte is nearly always from 1978, what has two is later.
 */
import { absoluteAddress, fetch8, fetchImmediate, modrm, type Decode, type Decoder } from './decoder.ts';
import { undefinedOpcode } from './faults.ts';
import { type Execute, REPEAT_NONE } from './instruction.ts';
import { CS, DS, EAX, EBX, ES, FS, GS, SS } from './layout.ts';
import * as move from './move.ts';
import { swapRegisters } from './opcodes-grid.ts';
import { registerIndex } from './operands.ts';
import * as stack from './stack.ts';
import * as strings from './strings.ts';
import { MODE_FLAT_DATA } from './processor.ts';
import { FLAT } from './instruction.ts';
import { loadFarPointer } from './system.ts';

export function moveOpcodes(table: Decode[]): void {
  moves(table);
  immediateMoves(table);
  extensions(table);
  segmentMoves(table);
  accumulatorMoves(table);
  exchanges(table);
  stringOpcodes(table);
}

/*
 * MOV alone has twenty-eight opcodes of one byte. Those without ModRM save a byte for something that was common once.
 */
function moves(table: Decode[]): void {
  table[0x88] = (d) => {
    modrm(d, 1);
    return d.i.isMemory ? move.moveRegisterToMemory8 : move.moveRegisterToRegister8;
  };
  table[0x89] = (d) => {
    modrm(d, d.size);
    if (d.size === 2) return d.i.isMemory ? move.moveRegisterToMemory16 : move.moveRegisterToRegister16;
    return d.i.isMemory ? move.moveRegisterToMemory : move.moveRegisterToRegister;
  };
  table[0x8a] = (d) => {
    modrm(d, 1);
    if (d.i.isMemory) return move.moveMemoryToRegister8;
    swapRegisters(d);
    return move.moveRegisterToRegister8;
  };
  table[0x8b] = (d) => {
    modrm(d, d.size);
    if (d.i.isMemory) return d.size === 2 ? move.moveMemoryToRegister16 : move.moveMemoryToRegister;
    swapRegisters(d);
    return d.size === 2 ? move.moveRegisterToRegister16 : move.moveRegisterToRegister;
  };
}

/*
 * The register is in the opcode, in its lower three bits, as it was on the 8008.
 */
function immediateMoves(table: Decode[]): void {
  for (let register = 0; register < 8; register++) {
    table[0xb0 + register] = (d) => {
      d.i.size = 1;
      d.i.rm = registerIndex(register, 1);
      d.i.immediate = fetch8(d);
      return move.moveImmediate;
    };
    table[0xb8 + register] = (d) => {
      d.i.size = d.size;
      d.i.rm = registerIndex(register, d.size);
      d.i.immediate = fetchImmediate(d, d.size);
      return d.size === 4 ? move.moveImmediateToRegister : move.moveImmediate;
    };
    table[0x1c8 + register] = (d) => {
      d.i.rm = register;
      return move.byteSwap;
    };
  }
  for (const bytes of [true, false]) {
    table[bytes ? 0xc6 : 0xc7] = (d) => {
      const size = bytes ? 1 : d.size;
      modrm(d, size);
      d.i.immediate = fetchImmediate(d, size);
      if (d.reg !== 0) return undefinedOpcode;
      if (size !== 4) return move.moveImmediate;
      return d.i.isMemory ? move.moveImmediateToMemory : move.moveImmediateToRegister;
    };
  }
  table[0x8d] = (d) => {
    modrm(d, d.size);
    if (!d.i.isMemory) return undefinedOpcode;
    return d.size === 4 ? move.loadEffectiveAddress : move.loadEffectiveAddress16;
  };
}

/*
 * From here on two bytes: MOVZX and MOVSX came with the 386, SETcc too, CMOVcc ten years later with the Pentium
 * Pro, when branches had become expensive and it paid to do something that might not be needed rather than to
 * guess.
 */
/** MOVZX and MOVSX, CMOVcc and SETcc. */
function extensions(table: Decode[]): void {
  const wide: Record<number, [Execute, Execute]> = {
    438: [move.zeroExtendRegister8, move.zeroExtendMemory8],
    439: [move.zeroExtendRegister16, move.zeroExtendMemory16],
    446: [move.signExtendRegister8, move.signExtendMemory8],
    447: [move.signExtendRegister16, move.signExtendMemory16],
  };
  for (const opcode of [0x1b6, 0x1b7, 0x1be, 0x1bf]) {
    table[opcode] = (d) => {
      modrm(d, opcode & 1 ? 2 : 1, d.size);
      if (d.size === 4) return wide[opcode]![d.i.isMemory ? 1 : 0];
      return opcode < 0x1b8 ? move.zeroExtendTo16 : move.signExtendTo16;
    };
  }
  for (let condition = 0; condition < 16; condition++) {
    table[0x140 + condition] = (d) => {
      modrm(d, d.size);
      d.i.operation = condition;
      return move.moveIf;
    };
    table[0x190 + condition] = (d) => {
      modrm(d, 1);
      d.i.operation = condition;
      return move.setIf;
    };
  }
}

/*
 * Whoever loads a segment register may have changed what the instructions behind it must be decoded for. Mostly it is
 * one flat segment for another, and nothing is new; if it is, `newEpoch` sees to it that the block is left. A kernel
 * loads six of them on the way in and out of each system call. Only a new SS ends its block, since no interrupt may
 * come before the next instruction, and who may interrupt is asked between blocks.
 */
function segmentMoves(table: Decode[]): void {
  table[0x8c] = (d) => {
    modrm(d, d.size);
    d.i.operation = d.reg;
    return d.reg > GS ? undefinedOpcode : move.moveFromSegment;
  };
  table[0x8e] = (d) => {
    modrm(d, 2);
    d.i.operation = d.reg;
    d.ends = d.reg === SS;
    return d.reg > GS || d.reg === CS ? undefinedOpcode : stack.moveToSegment;
  };
  const pointers: [number, number][] = [
    [0xc4, ES],
    [0xc5, DS],
    [0x1b2, SS],
    [0x1b4, FS],
    [0x1b5, GS],
  ];
  for (const [opcode, segment] of pointers) {
    table[opcode] = (d) => {
      modrm(d, d.size);
      d.i.operation = segment;
      return d.i.isMemory ? loadFarPointer : undefinedOpcode;
    };
  }
}

/*
 * The accumulator has its privileges. `a1` loads EAX from an address with no ModRM byte in between.
 */
function accumulatorMoves(table: Decode[]): void {
  for (const opcode of [0xa0, 0xa1, 0xa2, 0xa3]) {
    table[opcode] = (d) => {
      d.i.size = opcode & 1 ? d.size : 1;
      d.i.reg = EAX;
      absoluteAddress(d);
      if (opcode < 0xa2) return d.i.size === 4 ? move.moveMemoryToRegister : move.moveOffsetToAccumulator;
      return d.i.size === 4 ? move.moveRegisterToMemory : move.moveAccumulatorToOffset;
    };
  }
  table[0x98] = (d) => (d.size === 4 ? move.convertWordToDoubleword : move.convertByteToWord);
  table[0x99] = (d) => (d.size === 4 ? move.spreadSign32 : move.spreadSign16);
  table[0xd7] = (d) => {
    d.i.base = EBX;
    d.i.addressMask = d.wideAddress ? -1 : 0xffff;
    d.i.operation = d.override >= 0 ? d.override : DS;
    return move.translateByte;
  };
}

/*
 * `90` is `xchg eax, eax`, which does nothing, and has been the official name of doing nothing ever since.
 * Exchanging with memory is the one instruction that locks the bus without having been asked to.
 */
function exchanges(table: Decode[]): void {
  for (const bytes of [true, false]) {
    table[bytes ? 0x86 : 0x87] = (d) => {
      modrm(d, bytes ? 1 : d.size);
      d.lockable = true;
      return d.i.isMemory ? move.exchangeMemory : move.exchangeRegisters;
    };
  }
  table[0x90] = () => move.doNothing;
  // Eight long NOPs of the Pentium Pro: an operand that is never looked at. Later processors take some of them for
  // hints, and compilers of today begin each function with one, `endbr32`.
  for (let opcode = 0x118; opcode <= 0x11f; opcode++) {
    table[opcode] = (d) => {
      modrm(d, d.size);
      return move.doNothing;
    };
  }
  for (let register = 1; register < 8; register++) {
    table[0x90 + register] = (d) => {
      d.i.size = d.size;
      d.i.reg = EAX;
      d.i.rm = registerIndex(register, d.size);
      return move.exchangeRegisters;
    };
  }
}

/*
 * `a4` to `a7`, `aa` to `af` and `6c` to `6f` need no operands. Theirs are where ESI and EDI point, and these go on by
 * themselves: the odd opcodes by a word, the even ones by a byte.
 */
function stringOpcodes(table: Decode[]): void {
  const operations: [number, number][] = [
    [0xa4, strings.MOVS],
    [0xa6, strings.CMPS],
    [0xaa, strings.STOS],
    [0xac, strings.LODS],
    [0xae, strings.SCAS],
    [0x6c, strings.INS],
    [0x6e, strings.OUTS],
  ];
  for (const [opcode, operation] of operations) {
    table[opcode] = (d) => stringForm(d, operation, 1);
    table[opcode + 1] = (d) => stringForm(d, operation, d.size);
  }
}

/*
 * String instructions in flat segments with 32-bit addresses are marked FLAT, and that is what lets whole pages
 * be copied at a stroke.
 */
function stringForm(d: Decoder, operation: number, size: number): Execute {
  const i = d.i;
  i.size = size;
  i.operation = operation;
  i.addressMask = d.wideAddress ? -1 : 0xffff;
  i.repeat = d.repeat;
  const flat = d.override < 0 && d.wideAddress && (d.cpu.mode & MODE_FLAT_DATA) !== 0;
  i.segment = flat ? FLAT : d.override >= 0 ? d.override : DS;
  d.alone = d.repeat !== REPEAT_NONE || operation === strings.INS || operation === strings.OUTS;
  return d.repeat !== REPEAT_NONE ? strings.stringRepeated : strings.stringOnce;
}
