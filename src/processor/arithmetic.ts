/*
 * # Adding and subtracting
 *
 * Five forms of each operation, all alike: two registers; a register and a constant; a register and memory,
 * either way round; memory and a constant. They could be one function with a parameter. They are five because V8
 * looks at a function and asks what it has seen there: a function that has always added two registers becomes a
 * handful of machine instructions, a function that has seen everything becomes a small interpreter.
 *
 * So if you have read the first five, you have read the file.
 */
import { read32, readForWrite32, write32 } from './access.ts';
import {
  add32,
  addWithCarry32,
  decrement32,
  increment32,
  subtract32,
  subtractWithBorrow32,
} from './flags.ts';
import { addressForRead, addressForWrite, type Instruction } from './instruction.ts';
import type { Processor } from './processor.ts';

export function addRegisterToRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  words[i.rm] = add32(words, words[i.rm]!, words[i.reg]!);
}

export function addImmediateToRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  words[i.rm] = add32(words, words[i.rm]!, i.immediate);
}

export function addMemoryToRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const value = read32(cpu, addressForRead(cpu, i, 4));
  words[i.reg] = add32(words, words[i.reg]!, value);
}

export function addRegisterToMemory(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const address = addressForWrite(cpu, i, 4);
  const value = readForWrite32(cpu, address);
  write32(cpu, address, add32(words, value, words[i.reg]!));
}

export function addImmediateToMemory(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const address = addressForWrite(cpu, i, 4);
  const value = readForWrite32(cpu, address);
  write32(cpu, address, add32(words, value, i.immediate));
}

/*
 * Additions of more than 32 bits go word by word, and ADC takes along the carry that the word before it left.
 */
export function addWithCarryRegisterToRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  words[i.rm] = addWithCarry32(words, words[i.rm]!, words[i.reg]!);
}

export function addWithCarryImmediateToRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  words[i.rm] = addWithCarry32(words, words[i.rm]!, i.immediate);
}

export function addWithCarryMemoryToRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const value = read32(cpu, addressForRead(cpu, i, 4));
  words[i.reg] = addWithCarry32(words, words[i.reg]!, value);
}

export function addWithCarryRegisterToMemory(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const address = addressForWrite(cpu, i, 4);
  const value = readForWrite32(cpu, address);
  write32(cpu, address, addWithCarry32(words, value, words[i.reg]!));
}

export function addWithCarryImmediateToMemory(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const address = addressForWrite(cpu, i, 4);
  const value = readForWrite32(cpu, address);
  write32(cpu, address, addWithCarry32(words, value, i.immediate));
}

/*
 * SBB, the other way. `sbb eax, eax` is a well-known riddle: it makes CF into a mask.
 */
export function subtractWithBorrowRegisterToRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  words[i.rm] = subtractWithBorrow32(words, words[i.rm]!, words[i.reg]!);
}

export function subtractWithBorrowImmediateToRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  words[i.rm] = subtractWithBorrow32(words, words[i.rm]!, i.immediate);
}

export function subtractWithBorrowMemoryToRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const value = read32(cpu, addressForRead(cpu, i, 4));
  words[i.reg] = subtractWithBorrow32(words, words[i.reg]!, value);
}

export function subtractWithBorrowRegisterToMemory(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const address = addressForWrite(cpu, i, 4);
  const value = readForWrite32(cpu, address);
  write32(cpu, address, subtractWithBorrow32(words, value, words[i.reg]!));
}

export function subtractWithBorrowImmediateToMemory(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const address = addressForWrite(cpu, i, 4);
  const value = readForWrite32(cpu, address);
  write32(cpu, address, subtractWithBorrow32(words, value, i.immediate));
}

/*
 * SUB:
 */
export function subtractRegisterToRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  words[i.rm] = subtract32(words, words[i.rm]!, words[i.reg]!);
}

export function subtractImmediateToRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  words[i.rm] = subtract32(words, words[i.rm]!, i.immediate);
}

export function subtractMemoryToRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const value = read32(cpu, addressForRead(cpu, i, 4));
  words[i.reg] = subtract32(words, words[i.reg]!, value);
}

export function subtractRegisterToMemory(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const address = addressForWrite(cpu, i, 4);
  const value = readForWrite32(cpu, address);
  write32(cpu, address, subtract32(words, value, words[i.reg]!));
}

export function subtractImmediateToMemory(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const address = addressForWrite(cpu, i, 4);
  const value = readForWrite32(cpu, address);
  write32(cpu, address, subtract32(words, value, i.immediate));
}

/*
 * And CMP, which subtracts and forgets the result. It only reads, so it goes through the table for loads.
 */
export function compareRegisters(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  subtract32(words, words[i.rm]!, words[i.reg]!);
}

export function compareRegisterWithImmediate(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  subtract32(words, words[i.rm]!, i.immediate);
}

export function compareRegisterWithMemory(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const value = read32(cpu, addressForRead(cpu, i, 4));
  subtract32(words, words[i.reg]!, value);
}

export function compareMemoryWithRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const value = read32(cpu, addressForRead(cpu, i, 4));
  subtract32(words, value, words[i.reg]!);
}

export function compareMemoryWithImmediate(cpu: Processor, i: Instruction): void {
  const value = read32(cpu, addressForRead(cpu, i, 4));
  subtract32(cpu.words, value, i.immediate);
}

/*
 * INC, DEC and NEG. Zero minus something is a subtraction like any other, and so is its carry: CF is set unless
 * the something was zero.
 */
export function incrementRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  words[i.rm] = increment32(words, words[i.rm]!);
}

export function decrementRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  words[i.rm] = decrement32(words, words[i.rm]!);
}

export function incrementMemory(cpu: Processor, i: Instruction): void {
  const address = addressForWrite(cpu, i, 4);
  const value = readForWrite32(cpu, address);
  write32(cpu, address, increment32(cpu.words, value));
}

export function decrementMemory(cpu: Processor, i: Instruction): void {
  const address = addressForWrite(cpu, i, 4);
  const value = readForWrite32(cpu, address);
  write32(cpu, address, decrement32(cpu.words, value));
}

export function negateRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  words[i.rm] = subtract32(words, 0, words[i.rm]!);
}
