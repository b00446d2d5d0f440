/*
 * # The task state segment
 *
 * It was to be the heart of every operating system: a place for all registers of a task, and a processor that saves and
 * loads them by itself. What survived is six words of its hundred and four bytes, and a number near the end; the back
 * link is read once more, by an IRET that will fail:
 *
 * ```text
 *    +0x00  back link
 *    +0x04  ESP of ring 0      +0x08  SS of ring 0
 *    +0x0c  ESP of ring 1      +0x10  SS of ring 1
 *    +0x14  ESP of ring 2      +0x18  SS of ring 2
 *     ...
 *    +0x66  where the map of allowed ports begins
 * ```
 *
 * When a program in ring 3 is interrupted, the handler in ring 0 must have a stack, and it cannot be the
 * program's: ESP may point anywhere, by accident or on purpose. So the processor takes it from here. A kernel
 * writes its stack of the moment into the TSS at each change of process. lguest's guests ask the Host to do it
 * for them, by LHCALL_SET_STACK.
 */
import { readSystem } from './access.ts';
import { TSS_32, TYPE } from './descriptors.ts';
import { INVALID_TSS, raise } from './faults.ts';
import { ACCESS, BASE, LIMIT, SELECTOR, TR } from './layout.ts';
import type { Processor } from './processor.ts';

/** The stack a TSS keeps for a ring. */
export interface RingStack {
  selector: number;
  pointer: number;
}

/**
 * Reads the stack of ring `level` (0 to 2) from the TSS of either size.
 *
 * @throws #TS if the TSS is too short for it
 */
export function readRingStack(cpu: Processor, level: number, external: number, into: RingStack): void {
  const words = cpu.words;
  const wide = (words[ACCESS + TR]! & TYPE & ~2) === TSS_32;
  const offset = wide ? 4 + level * 8 : 2 + level * 4;
  const width = wide ? 4 : 2;
  if (offset + width + 1 > words[LIMIT + TR]! >>> 0) {
    raise(INVALID_TSS, (words[SELECTOR + TR]! & 0xfffc) | external);
  }
  const at = words[BASE + TR]! + offset;
  into.pointer = readSystem(cpu, at | 0, width);
  into.selector = readSystem(cpu, (at + width) | 0, 2);
}
