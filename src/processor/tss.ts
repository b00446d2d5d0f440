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
 * The stack pointer of ring `level` (0 to 2), from the TSS of either size.
 *
 * @throws #TS if the TSS is too short for it
 */
export function ringStack(cpu: Processor, level: number, external: number): RingStack {
  const words = cpu.words;
  const wide = (words[ACCESS + TR]! & TYPE & ~2) === TSS_32;
  const offset = wide ? 4 + level * 8 : 2 + level * 4;
  const width = wide ? 4 : 2;
  if (offset + width + 1 > words[LIMIT + TR]! >>> 0) {
    raise(INVALID_TSS, (words[SELECTOR + TR]! & 0xfffc) | external);
  }
  const at = words[BASE + TR]! + offset;
  return { pointer: readSystem(cpu, at | 0, width), selector: readSystem(cpu, (at + width) | 0, 2) };
}
