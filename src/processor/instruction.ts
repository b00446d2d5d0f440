/*
 * # One instruction
 *
 * Here is what becomes of `8b 44 98 10`, that is `mov eax, [eax+ebx*4+0x10]`, when it has been decoded:
 *
 * ```text
 *   execute       moveMemoryToRegister     what to do
 *   eip, next     0x8048123, 0x8048127     where it was, what comes behind
 *   reg           0                        EAX, as an index into words
 *   base, index   0, 3                     EAX and EBX
 *   shift         2                        times four
 *   displacement  0x10
 *   segment       FLAT                     DS, but DS is flat
 * ```
 *
 * Doing it takes some twenty nanoseconds, decoding it takes far longer, and loops exist. So the work of finding out
 * what an instruction *is* is done once and kept (folded up small, as you will see). All records have the same fields
 * in the same order, and that is not tidiness: V8 compiles a field access to one machine instruction if all objects
 * that ever pass there were built alike, and to a search if they were not.
 *
 * The heart of the record is `execute`, a function. There are some two hundred and eighty of them in the gallery, each
 * for one operation with one kind of operands. The busy ones never ask what their operands are. They were chosen
 * because somebody knew.
 */
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

/*
 * ## The record
 */
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
  /** 1 if the other operand is memory: base + (index << shift) + displacement. */
  isMemory: 0 | 1 = 0;
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
  /** Whatever of this `packed.ts` unpacks together, as a number; -1 before it has. */
  manner = -1;
}

/*
 * ## The address of an operand
 *
 * Base plus index times 1, 2, 4 or 8 plus a constant: one addressing mode that has them all in it. A missing
 * base or index is register number 8, which is zero. The check for a flat segment is a branch that always goes
 * the same way, and processors of today guess those right.
 */
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
