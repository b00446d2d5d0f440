/*
 * # Who may touch a port
 *
 * IN and OUT are checked twice, or rather once with a second chance. IOPL in EFLAGS says up to which ring all
 * ports are open. Beyond that there is a map in the TSS, one bit a port, and a 0 lets you pass. It is how an X
 * server in ring 3 used to program the graphics card.
 *
 * The map may end before the last port, and then the rest is forbidden. But since a word at port 7 touches two
 * bytes of it, the processor reads two bytes always, and the map must have one byte more than it needs. Kernels
 * put `0xff` there and most have forgotten why.
 */
import { readSystem } from './access.ts';
import { PRESENT, TSS_32, TYPE } from './descriptors.ts';
import { GENERAL_PROTECTION, protectionFault, refuse } from './faults.ts';
import type { Instruction } from './instruction.ts';
import { ACCESS, BASE, CPL, EAX, EDX, LIMIT, SYSTEM_FLAGS, TR } from './layout.ts';
import { readRegister, unsigned, writeRegister } from './operands.ts';
import type { Processor } from './processor.ts';

/** Where a TSS says at which offset its bitmap of allowed ports begins. */
const TSS_BITMAP_OFFSET = 102;

/** May this ring use these ports? Yes up to IOPL; beyond it the bitmap in the TSS decides. */
function isOpen(cpu: Processor, port: number, size: number): boolean {
  const words = cpu.words;
  if (words[CPL]! <= ((words[SYSTEM_FLAGS]! >> 12) & 3)) return true;
  const limit = words[LIMIT + TR]! >>> 0;
  const access = words[ACCESS + TR]!;
  // Busy or not: the type is that of a 32-bit TSS.
  if ((access & PRESENT) === 0 || (access & TYPE & ~2) !== TSS_32 || limit < TSS_BITMAP_OFFSET + 1)
    return false;
  const bitmap = readSystem(cpu, (words[BASE + TR]! + TSS_BITMAP_OFFSET) | 0, 2);
  const offset = bitmap + (port >> 3);
  // Two bytes are always read, for the ports may straddle them.
  if (offset + 1 > limit) return false;
  const bits = readSystem(cpu, (words[BASE + TR]! + offset) | 0, 2) >> (port & 7);
  return (bits & ((1 << size) - 1)) === 0;
}

/** @throws #GP(0) unless this ring may use these ports */
export function checkPort(cpu: Processor, port: number, size: number): void {
  if (!isOpen(cpu, port, size)) protectionFault();
}

/*
 * What is read from a port is whatever the bus says. What is written is cut to size first.
 */
export function readPort(cpu: Processor, port: number, size: number): number {
  return cpu.bus.in(port, size as 1 | 2 | 4) | 0;
}

export function writePort(cpu: Processor, port: number, size: number, value: number): void {
  cpu.bus.out(port, size as 1 | 2 | 4, unsigned(value, size));
}

/** IN and OUT; the port is the immediate, or DX if that is negative. */
export function input(cpu: Processor, i: Instruction): void {
  const port = i.immediate < 0 ? cpu.words[EDX]! & 0xffff : i.immediate;
  if (!isOpen(cpu, port, i.size)) refuse(cpu, GENERAL_PROTECTION, 0);
  else writeRegister(cpu, EAX, i.size, readPort(cpu, port, i.size));
}

export function output(cpu: Processor, i: Instruction): void {
  const port = i.immediate < 0 ? cpu.words[EDX]! & 0xffff : i.immediate;
  if (!isOpen(cpu, port, i.size)) refuse(cpu, GENERAL_PROTECTION, 0);
  else writePort(cpu, port, i.size, readRegister(cpu, EAX, i.size));
}
