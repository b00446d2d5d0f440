/*
 * # Operands of any size
 *
 * Registers overlap. EAX is four bytes; AX is its lower half; AL and AH are the two bytes of AX. In a
 * little-endian memory that costs nothing at all: the same four bytes, seen through three arrays.
 *
 * ```text
 *   bytes     |  0 AL |  1 AH |  2    |  3    |  4 CL |  5 CH |  6    |  7    |
 *   halves    |  0 AX         |  1            |  2 CX         |  3            |
 *   words     |  0 EAX                        |  1 ECX                        |
 * ```
 *
 * Machine code numbers the byte registers AL CL DL BL AH CH DH BH, so number 4 is the *second* byte of EAX.
 * `registerIndex` knows.
 */
import { readForWrite, readLinear, writeLinear } from './access.ts';
import { addressForRead, addressForWrite, type Instruction } from './instruction.ts';
import type { Processor } from './processor.ts';

/** A register of 1, 2 or 4 bytes: zero-extended, 4 bytes signed. */
export function readRegister(cpu: Processor, index: number, size: number): number {
  return size === 4 ? cpu.words[index]! : size === 2 ? cpu.halves[index]! : cpu.bytes[index]!;
}

export function writeRegister(cpu: Processor, index: number, size: number, value: number): void {
  if (size === 4) cpu.words[index] = value;
  else if (size === 2) cpu.halves[index] = value;
  else cpu.bytes[index] = value;
}

/** Index of general register `number` (as machine code counts) in the view for its size. */
export function registerIndex(number: number, size: number): number {
  return size === 4 ? number : size === 2 ? number << 1 : ((number & 3) << 2) + (number >> 2);
}

/*
 * For instructions that are not in a hurry there are operands of any kind: a register or memory, of whichever
 * size. `readOperandForWrite` is for those who will write back what they read.
 */
/** The register-or-memory operand, of the instruction's own size. */
export function readOperand(cpu: Processor, i: Instruction): number {
  if (!i.isMemory) return readRegister(cpu, i.rm, i.size);
  return readLinear(cpu, addressForRead(cpu, i, i.size), i.size);
}

/** The same, when `writeOperand` will follow: what faults there faults here. */
export function readOperandForWrite(cpu: Processor, i: Instruction): number {
  if (!i.isMemory) return readRegister(cpu, i.rm, i.size);
  return readForWrite(cpu, addressForWrite(cpu, i, i.size), i.size);
}

export function writeOperand(cpu: Processor, i: Instruction, value: number): void {
  if (i.isMemory) writeLinear(cpu, addressForWrite(cpu, i, i.size), i.size, value);
  else writeRegister(cpu, i.rm, i.size, value);
}

/** Sign-extends a value of 1, 2 or 4 bytes. */
export function signed(value: number, size: number): number {
  const shift = 32 - size * 8;
  return (value << shift) >> shift;
}

/** Zero-extends a value of 1, 2 or 4 bytes, to an unsigned number. */
export function unsigned(value: number, size: number): number {
  const shift = 32 - size * 8;
  return (value << shift) >>> shift;
}
