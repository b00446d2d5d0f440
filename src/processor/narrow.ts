/*
 * # The same, in less room
 *
 * Bytes first. All of them go through `narrow`, which looks up the operation; and all but CMP share their functions as
 * well. It costs a few nanoseconds, and text is mostly compared.
 */
import { read8, readForWrite8, write8 } from './access.ts';
import { CMP, logic, narrow, narrowStep, SUB, subtract32 } from './flags.ts';
import { addressForRead, addressForWrite, type Instruction } from './instruction.ts';
import { readOperand, readOperandForWrite, readRegister, writeOperand } from './operands.ts';
import type { Processor } from './processor.ts';

/** The arithmetic row on bytes: ADD, OR, ADC, SBB, AND, SUB, XOR by `operation`. */
export function arithmeticRegisterToRegister8(cpu: Processor, i: Instruction): void {
  const bytes = cpu.bytes;
  bytes[i.rm] = narrow(cpu.words, i.operation, bytes[i.rm]!, bytes[i.reg]!, 24);
}

export function arithmeticImmediateToRegister8(cpu: Processor, i: Instruction): void {
  const bytes = cpu.bytes;
  bytes[i.rm] = narrow(cpu.words, i.operation, bytes[i.rm]!, i.immediate & 0xff, 24);
}

export function arithmeticMemoryToRegister8(cpu: Processor, i: Instruction): void {
  const value = read8(cpu, addressForRead(cpu, i, 1));
  cpu.bytes[i.reg] = narrow(cpu.words, i.operation, cpu.bytes[i.reg]!, value, 24);
}

export function arithmeticRegisterToMemory8(cpu: Processor, i: Instruction): void {
  const address = addressForWrite(cpu, i, 1);
  const value = readForWrite8(cpu, address);
  write8(cpu, address, narrow(cpu.words, i.operation, value, cpu.bytes[i.reg]!, 24));
}

export function arithmeticImmediateToMemory8(cpu: Processor, i: Instruction): void {
  const address = addressForWrite(cpu, i, 1);
  const value = readForWrite8(cpu, address);
  write8(cpu, address, narrow(cpu.words, i.operation, value, i.immediate & 0xff, 24));
}

/*
 * Comparing bytes is what `strlen`, `strcmp` and every parser do all day, so these five are on their own.
 */
export function compareRegisters8(cpu: Processor, i: Instruction): void {
  narrow(cpu.words, CMP, cpu.bytes[i.rm]!, cpu.bytes[i.reg]!, 24);
}

export function compareRegisterWithImmediate8(cpu: Processor, i: Instruction): void {
  narrow(cpu.words, CMP, cpu.bytes[i.rm]!, i.immediate & 0xff, 24);
}

export function compareRegisterWithMemory8(cpu: Processor, i: Instruction): void {
  const value = read8(cpu, addressForRead(cpu, i, 1));
  narrow(cpu.words, CMP, cpu.bytes[i.reg]!, value, 24);
}

export function compareMemoryWithRegister8(cpu: Processor, i: Instruction): void {
  const value = read8(cpu, addressForRead(cpu, i, 1));
  narrow(cpu.words, CMP, value, cpu.bytes[i.reg]!, 24);
}

export function compareMemoryWithImmediate8(cpu: Processor, i: Instruction): void {
  const value = read8(cpu, addressForRead(cpu, i, 1));
  narrow(cpu.words, CMP, value, i.immediate & 0xff, 24);
}

/*
 * 16-bit words are rare in 32-bit programs, and get by with operands of any kind.
 */
/** The arithmetic row on 16-bit words: the register into the register-or-memory operand. */
export function arithmeticFromRegister16(cpu: Processor, i: Instruction): void {
  const value = readOperandForWrite(cpu, i);
  writeOperand(cpu, i, narrow(cpu.words, i.operation, value, cpu.halves[i.reg]!, 16));
}

export function arithmeticToRegister16(cpu: Processor, i: Instruction): void {
  const value = readOperand(cpu, i);
  cpu.halves[i.reg] = narrow(cpu.words, i.operation, cpu.halves[i.reg]!, value, 16);
}

export function arithmeticImmediate16(cpu: Processor, i: Instruction): void {
  const value = readOperandForWrite(cpu, i);
  writeOperand(cpu, i, narrow(cpu.words, i.operation, value, i.immediate & 0xffff, 16));
}

export function compareFromRegister16(cpu: Processor, i: Instruction): void {
  narrow(cpu.words, CMP, readOperand(cpu, i), cpu.halves[i.reg]!, 16);
}

export function compareToRegister16(cpu: Processor, i: Instruction): void {
  narrow(cpu.words, CMP, cpu.halves[i.reg]!, readOperand(cpu, i), 16);
}

export function compareImmediate16(cpu: Processor, i: Instruction): void {
  narrow(cpu.words, CMP, readOperand(cpu, i), i.immediate & 0xffff, 16);
}

/*
 * And the operations with one operand.
 */
/** TEST on bytes and 16-bit words. */
export function testRegisterNarrow(cpu: Processor, i: Instruction): void {
  const shift = 32 - i.size * 8;
  const value = readOperand(cpu, i);
  logic(cpu.words, ((value & readRegister(cpu, i.reg, i.size)) << shift) >> shift);
}

export function testImmediateNarrow(cpu: Processor, i: Instruction): void {
  const shift = 32 - i.size * 8;
  logic(cpu.words, ((readOperand(cpu, i) & i.immediate) << shift) >> shift);
}

/** INC and DEC of bytes and 16-bit words; the step is the immediate. */
export function stepNarrow(cpu: Processor, i: Instruction): void {
  const value = readOperandForWrite(cpu, i);
  writeOperand(cpu, i, narrowStep(cpu.words, value, i.immediate, 32 - i.size * 8));
}

/** NOT and NEG of any size, registers or memory. */
export function notOperand(cpu: Processor, i: Instruction): void {
  writeOperand(cpu, i, ~readOperandForWrite(cpu, i));
}

export function negateOperand(cpu: Processor, i: Instruction): void {
  const value = readOperandForWrite(cpu, i);
  const words = cpu.words;
  const result = i.size === 4 ? subtract32(words, 0, value) : narrow(words, SUB, 0, value, 32 - i.size * 8);
  writeOperand(cpu, i, result);
}
