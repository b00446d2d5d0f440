/*
 * # Going in
 *
 * From an outer ring to an inner one there is no way that the outer one could choose. It can knock (a gate), and
 * if the gate opens it comes out at the one place the gate names, on the one stack the TSS names, and what it
 * had for a stack before lies on the new one so that it can be given back.
 *
 * Everything is checked before anything is changed. The stack must exist, belong to the ring, be writable, have
 * room, and be mapped. Each of these has its own exception, and the blame goes to the selector in the TSS. The
 * kernel's author is being told off here, not the program.
 *
 * The probing is done *as* the inner ring, since its stack may be on pages that the outer one must not touch. If
 * it fails, we are back in the outer ring as if nothing had been.
 */
import { probeWrite, writeLinear } from './access.ts';
import {
  ACCESSED,
  accessOf,
  BIG,
  baseOf,
  EXPAND_DOWN,
  isNull,
  limitOf,
  markDescriptor,
} from './descriptors.ts';
import { INVALID_TSS, raise, STACK_FAULT } from './faults.ts';
import { ACCESS, BASE, CPL, LIMIT, SELECTOR, SS } from './layout.ts';
import { type Processor, setPrivilege } from './processor.ts';
import { checkStack, isInside, updateMode } from './segments.ts';
import { setStackPointer } from './stack.ts';
import { ringStack } from './tss.ts';

/**
 * Enters an inner ring: takes its stack from the TSS and pushes `items` on it, the first one first. Nothing is
 * changed if any of that faults.
 *
 * @param size     bytes of an item, 2 or 4
 * @param external bit 0 of error codes
 */
export function switchStack(
  cpu: Processor,
  level: number,
  size: number,
  items: number[],
  external: number,
): void {
  const { selector, pointer } = ringStack(cpu, level, external);
  if (isNull(selector)) raise(INVALID_TSS, external);
  checkStack(cpu, selector, level, INVALID_TSS, external);
  const base = baseOf(cpu.descriptorLow, cpu.descriptorHigh);
  const limit = limitOf(cpu.descriptorLow, cpu.descriptorHigh);
  const access = accessOf(cpu.descriptorHigh);
  const mask = access & BIG ? -1 : 0xffff;
  const endless = limit === -1 && (access & EXPAND_DOWN) === 0;
  for (let item = 1; item <= items.length && !endless; item++) {
    const offset = (pointer - item * size) & mask;
    if (!isInside(limit, access, offset, size)) raise(STACK_FAULT, (selector & 0xfffc) | external);
  }
  markDescriptor(cpu, selector, ACCESSED);

  const outer = cpu.words[CPL]!;
  setPrivilege(cpu, level);
  try {
    let tried = -1;
    for (let item = 1; item <= items.length; item++) {
      const at = (base + ((pointer - item * size) & mask)) | 0;
      // Once a page, unless the item lies across two.
      if (at >>> 12 !== tried || (at & 0xfff) + size > 0x1000) probeWrite(cpu, at, size);
      tried = at >>> 12;
    }
  } catch (error) {
    setPrivilege(cpu, outer);
    throw error;
  }
  for (let item = 1; item <= items.length; item++) {
    writeLinear(cpu, (base + ((pointer - item * size) & mask)) | 0, size, items[item - 1]!);
  }
  const words = cpu.words;
  words[SELECTOR + SS] = selector;
  words[BASE + SS] = base;
  words[LIMIT + SS] = limit;
  words[ACCESS + SS] = accessOf(cpu.descriptorHigh);
  setStackPointer(cpu, (pointer - items.length * size) & mask);
  updateMode(cpu);
}
