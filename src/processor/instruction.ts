import { undefinedOpcode } from './faults.ts';
import { ZERO } from './layout.ts';
import type { Processor } from './processor.ts';
import { linearAddress } from './segments.ts';

/** What an instruction does. */
export type Execute = (cpu: Processor, i: Instruction) => void;

/** `Instruction.segment` of an operand in a segment that needs no checks. */
export const FLAT = -1;

/** `Instruction.repeat`. */
export const REPEAT_NONE = 0;
/** REPNE, F2. */
export const REPEAT_NOT_EQUAL = 2;
/** REP or REPE, F3. */
export const REPEAT_EQUAL = 3;

/** One decoded instruction. All have this shape, in this order. */
export class Instruction {
  execute: Execute = undefinedOpcode;
  /** Offset of the first byte in the code segment, and of the first byte behind. */
  eip = 0;
  next = 0;
  /** The register operand, as an index into `words`, `halves` or `bytes`, whichever suits its size. */
  reg = 0;
  /** The other operand, if it is a register: an index likewise. */
  rm = 0;
  /** The other operand, if it is memory: base + (index << shift) + displacement. */
  isMemory = false;
  base = ZERO;
  index = ZERO;
  shift = 0;
  displacement = 0;
  segment = FLAT;
  /** -1, or 0xffff for 16-bit addresses. */
  addressMask = -1;
  immediate = 0;
  /** Operand size in bytes. */
  size = 4;
  /** Which of its family: the condition of a jump, the operation of an arithmetic row. */
  operation = 0;
  repeat = REPEAT_NONE;
}

/** Linear address of the operand in memory, checked for a load of `size` bytes. */
export function addressForRead(cpu: Processor, i: Instruction, size: number): number {
  const words = cpu.words;
  const offset = (words[i.base]! + (words[i.index]! << i.shift) + i.displacement) | 0;
  return i.segment === FLAT ? offset : linearAddress(cpu, i.segment, offset & i.addressMask, size, false);
}

/** Linear address of the operand in memory, checked for a store of `size` bytes. */
export function addressForWrite(cpu: Processor, i: Instruction, size: number): number {
  const words = cpu.words;
  const offset = (words[i.base]! + (words[i.index]! << i.shift) + i.displacement) | 0;
  return i.segment === FLAT ? offset : linearAddress(cpu, i.segment, offset & i.addressMask, size, true);
}

/** The bare offset: what LEA loads. */
export function offsetOf(cpu: Processor, i: Instruction): number {
  const words = cpu.words;
  return (words[i.base]! + (words[i.index]! << i.shift) + i.displacement) & i.addressMask;
}
