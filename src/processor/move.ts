/*
 * # Moving
 *
 * Half of all instructions that are ever executed only carry something from one place to another. They set no
 * flags, and they fault only where memory does. The first eight lines of this file are where your processor
 * spends its life.
 */
import { read16, read32, read8, readForWrite, write16, write32, write8 } from './access.ts';
import { condition } from './eflags.ts';
import { addressForRead, addressForWrite, type Instruction, offsetOf } from './instruction.ts';
import { EAX, SELECTOR } from './layout.ts';
import { readOperand, readRegister, registerIndex, writeOperand, writeRegister } from './operands.ts';
import type { Processor } from './processor.ts';
import { linearAddress } from './segments.ts';

export function moveRegisterToRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  words[i.rm] = words[i.reg]!;
}

export function moveMemoryToRegister(cpu: Processor, i: Instruction): void {
  cpu.words[i.reg] = read32(cpu, addressForRead(cpu, i, 4));
}

export function moveRegisterToMemory(cpu: Processor, i: Instruction): void {
  write32(cpu, addressForWrite(cpu, i, 4), cpu.words[i.reg]!);
}

export function moveImmediateToRegister(cpu: Processor, i: Instruction): void {
  cpu.words[i.rm] = i.immediate;
}

export function moveImmediateToMemory(cpu: Processor, i: Instruction): void {
  write32(cpu, addressForWrite(cpu, i, 4), i.immediate);
}

/*
 * Bytes and 16-bit words leave the rest of the register alone. Compilers dislike them for it.
 */
export function moveRegisterToRegister8(cpu: Processor, i: Instruction): void {
  cpu.bytes[i.rm] = cpu.bytes[i.reg]!;
}

export function moveMemoryToRegister8(cpu: Processor, i: Instruction): void {
  cpu.bytes[i.reg] = read8(cpu, addressForRead(cpu, i, 1));
}

export function moveRegisterToMemory8(cpu: Processor, i: Instruction): void {
  write8(cpu, addressForWrite(cpu, i, 1), cpu.bytes[i.reg]!);
}

export function moveMemoryToRegister16(cpu: Processor, i: Instruction): void {
  cpu.halves[i.reg] = read16(cpu, addressForRead(cpu, i, 2));
}

export function moveRegisterToMemory16(cpu: Processor, i: Instruction): void {
  write16(cpu, addressForWrite(cpu, i, 2), cpu.halves[i.reg]!);
}

/** MOV of a 16-bit register. */
export function moveRegisterToRegister16(cpu: Processor, i: Instruction): void {
  cpu.halves[i.rm] = cpu.halves[i.reg]!;
}

export function moveImmediate(cpu: Processor, i: Instruction): void {
  writeOperand(cpu, i, i.immediate);
}

/*
 * LEA works out an address and does not go there. It was meant for pointers and is used for sums: it adds two
 * registers and a constant in one go, with a shift thrown in, and leaves the flags alone.
 */
export function loadEffectiveAddress(cpu: Processor, i: Instruction): void {
  cpu.words[i.reg] = offsetOf(cpu, i);
}

export function loadEffectiveAddress16(cpu: Processor, i: Instruction): void {
  cpu.halves[i.reg] = offsetOf(cpu, i);
}

/*
 * ## Widening
 *
 * A byte that goes into a 32-bit register must have 24 more bits from somewhere: zeros, or copies of its sign.
 * The pair of shifts that copies the sign is worth a second look if you have not met it.
 */
/** MOVZX and MOVSX to a 32-bit register, from bytes and 16-bit words. */
export function zeroExtendRegister8(cpu: Processor, i: Instruction): void {
  cpu.words[i.reg] = cpu.bytes[i.rm]!;
}

export function zeroExtendMemory8(cpu: Processor, i: Instruction): void {
  cpu.words[i.reg] = read8(cpu, addressForRead(cpu, i, 1));
}

export function zeroExtendRegister16(cpu: Processor, i: Instruction): void {
  cpu.words[i.reg] = cpu.halves[i.rm]!;
}

export function zeroExtendMemory16(cpu: Processor, i: Instruction): void {
  cpu.words[i.reg] = read16(cpu, addressForRead(cpu, i, 2));
}

export function signExtendRegister8(cpu: Processor, i: Instruction): void {
  cpu.words[i.reg] = (cpu.bytes[i.rm]! << 24) >> 24;
}

export function signExtendMemory8(cpu: Processor, i: Instruction): void {
  cpu.words[i.reg] = (read8(cpu, addressForRead(cpu, i, 1)) << 24) >> 24;
}

export function signExtendRegister16(cpu: Processor, i: Instruction): void {
  cpu.words[i.reg] = (cpu.halves[i.rm]! << 16) >> 16;
}

export function signExtendMemory16(cpu: Processor, i: Instruction): void {
  cpu.words[i.reg] = (read16(cpu, addressForRead(cpu, i, 2)) << 16) >> 16;
}

/** MOVZX and MOVSX to a 16-bit register; `size` is that of the source. */
export function zeroExtendTo16(cpu: Processor, i: Instruction): void {
  cpu.halves[i.reg] = readOperand(cpu, i);
}

export function signExtendTo16(cpu: Processor, i: Instruction): void {
  const value = readOperand(cpu, i);
  cpu.halves[i.reg] = i.size === 1 ? (value << 24) >> 24 : value;
}

/*
 * XCHG with memory reads for writing first, so that it faults before it has changed anything.
 */
export function exchangeRegisters(cpu: Processor, i: Instruction): void {
  const value = readRegister(cpu, i.rm, i.size);
  writeRegister(cpu, i.rm, i.size, readRegister(cpu, i.reg, i.size));
  writeRegister(cpu, i.reg, i.size, value);
}

export function exchangeMemory(cpu: Processor, i: Instruction): void {
  const address = addressForWrite(cpu, i, i.size);
  const value = readForWrite(cpu, address, i.size);
  writeOperand(cpu, i, readRegister(cpu, i.reg, i.size));
  writeRegister(cpu, i.reg, i.size, value);
}

/*
 * CMOVcc is not a small `if`. It always reads, and faults on what it reads, even if the condition does not hold
 * and the value is thrown away.
 */
/** CMOVcc reads its source, and may fault on it, whether or not the condition holds. */
export function moveIf(cpu: Processor, i: Instruction): void {
  const value = readOperand(cpu, i);
  if (condition(cpu.words, i.operation)) writeRegister(cpu, i.reg, i.size, value);
}

export function setIf(cpu: Processor, i: Instruction): void {
  writeOperand(cpu, i, condition(cpu.words, i.operation) ? 1 : 0);
}

/** MOV from a segment register: a 32-bit register gets zeros above, memory gets 16 bits. */
export function moveFromSegment(cpu: Processor, i: Instruction): void {
  const selector = cpu.words[SELECTOR + i.operation]!;
  if (i.isMemory) write16(cpu, addressForWrite(cpu, i, 2), selector);
  else writeRegister(cpu, i.rm, i.size, selector);
}

/*
 * The accumulator's own, down to XLAT, an instruction for people who translated EBCDIC.
 */
/** AL, AX or EAX at an absolute offset. */
export function moveOffsetToAccumulator(cpu: Processor, i: Instruction): void {
  const value = readOperand(cpu, i);
  writeRegister(cpu, EAX, i.size, value);
}

export function moveAccumulatorToOffset(cpu: Processor, i: Instruction): void {
  writeOperand(cpu, i, readRegister(cpu, EAX, i.size));
}

/** XLAT: AL becomes the byte at [EBX + AL]. */
export function translateByte(cpu: Processor, i: Instruction): void {
  const offset = (cpu.words[i.base]! + cpu.bytes[EAX]!) & i.addressMask;
  const segment = i.operation;
  cpu.bytes[EAX] = read8(cpu, linearAddress(cpu, segment, offset, 1, false));
}

/** CBW, CWDE. */
export function convertByteToWord(cpu: Processor): void {
  cpu.halves[EAX] = (cpu.bytes[EAX]! << 24) >> 24;
}

export function convertWordToDoubleword(cpu: Processor): void {
  cpu.words[EAX] = (cpu.halves[EAX]! << 16) >> 16;
}

/** CWD, CDQ: the sign of the accumulator spreads through (E)DX. */
export function spreadSign16(cpu: Processor): void {
  cpu.halves[registerIndex(2, 2)] = (cpu.halves[EAX]! << 16) >> 31;
}

export function spreadSign32(cpu: Processor): void {
  cpu.words[2] = cpu.words[EAX]! >> 31;
}

/** BSWAP is a move through a mirror. (LAHF and SAHF are in system.ts.) */
export function byteSwap(cpu: Processor, i: Instruction): void {
  const value = cpu.words[i.rm]!;
  cpu.words[i.rm] = (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
}

export function doNothing(): void {}
