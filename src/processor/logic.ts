/*
 * # And, or, either
 *
 * The same five forms, for the operations whose bits do not talk to each other. CF and OF come out 0.
 */
import { read32, readForWrite32, write32 } from './access.ts';
import { logic } from './flags.ts';
import { addressForRead, addressForWrite, type Instruction } from './instruction.ts';
import type { Processor } from './processor.ts';

export function orRegisterToRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  words[i.rm] = logic(words, words[i.rm]! | words[i.reg]!);
}

export function orImmediateToRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  words[i.rm] = logic(words, words[i.rm]! | i.immediate);
}

export function orMemoryToRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const value = read32(cpu, addressForRead(cpu, i, 4));
  words[i.reg] = logic(words, words[i.reg]! | value);
}

export function orRegisterToMemory(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const address = addressForWrite(cpu, i, 4);
  const value = readForWrite32(cpu, address);
  write32(cpu, address, logic(words, value | words[i.reg]!));
}

export function orImmediateToMemory(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const address = addressForWrite(cpu, i, 4);
  const value = readForWrite32(cpu, address);
  write32(cpu, address, logic(words, value | i.immediate));
}

/*
 * AND:
 */
export function andRegisterToRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  words[i.rm] = logic(words, words[i.rm]! & words[i.reg]!);
}

export function andImmediateToRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  words[i.rm] = logic(words, words[i.rm]! & i.immediate);
}

export function andMemoryToRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const value = read32(cpu, addressForRead(cpu, i, 4));
  words[i.reg] = logic(words, words[i.reg]! & value);
}

export function andRegisterToMemory(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const address = addressForWrite(cpu, i, 4);
  const value = readForWrite32(cpu, address);
  write32(cpu, address, logic(words, value & words[i.reg]!));
}

export function andImmediateToMemory(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const address = addressForWrite(cpu, i, 4);
  const value = readForWrite32(cpu, address);
  write32(cpu, address, logic(words, value & i.immediate));
}

/*
 * XOR, of which nine in ten are `xor eax, eax`, the two-byte way to write zero.
 */
export function exclusiveOrRegisterToRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  words[i.rm] = logic(words, words[i.rm]! ^ words[i.reg]!);
}

export function exclusiveOrImmediateToRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  words[i.rm] = logic(words, words[i.rm]! ^ i.immediate);
}

export function exclusiveOrMemoryToRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const value = read32(cpu, addressForRead(cpu, i, 4));
  words[i.reg] = logic(words, words[i.reg]! ^ value);
}

export function exclusiveOrRegisterToMemory(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const address = addressForWrite(cpu, i, 4);
  const value = readForWrite32(cpu, address);
  write32(cpu, address, logic(words, value ^ words[i.reg]!));
}

export function exclusiveOrImmediateToMemory(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const address = addressForWrite(cpu, i, 4);
  const value = readForWrite32(cpu, address);
  write32(cpu, address, logic(words, value ^ i.immediate));
}

/*
 * TEST is to AND as CMP is to SUB. NOT sets no flags at all, for which no reason has ever been given.
 */
export function testRegisters(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  logic(words, words[i.rm]! & words[i.reg]!);
}

export function testRegisterWithImmediate(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  logic(words, words[i.rm]! & i.immediate);
}

export function testMemoryWithRegister(cpu: Processor, i: Instruction): void {
  const value = read32(cpu, addressForRead(cpu, i, 4));
  logic(cpu.words, value & cpu.words[i.reg]!);
}

export function testMemoryWithImmediate(cpu: Processor, i: Instruction): void {
  const value = read32(cpu, addressForRead(cpu, i, 4));
  logic(cpu.words, value & i.immediate);
}

export function notRegister(cpu: Processor, i: Instruction): void {
  cpu.words[i.rm] = ~cpu.words[i.rm]!;
}
