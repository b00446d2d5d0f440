/*
 * # Going in
 *
 * From an outer ring to an inner one there is no way that the outer one could choose. It can knock (a gate), and
 * if the gate opens it comes out at the one place the gate names, on the one stack the TSS names, and what it
 * had for a stack before lies on the new one so that it can be given back.
 *
 * Everything is checked before anything is changed, in two steps. The first looks at descriptors only: the stack must
 * exist, belong to the ring, be writable, be present and have room. Two exceptions share these five complaints, #TS
 * the first three and #SS the others, and the blame goes to the selector in the TSS. The kernel's author is being told
 * off here, not the program.
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
import { CPL, SS } from './layout.ts';
import { type Processor, setPrivilege } from './processor.ts';
import { checkStack, isInside, setSegment } from './segments.ts';
import { setStackPointer } from './stack.ts';
import { readRingStack } from './tss.ts';

/** The stack that `findInnerStack` found: what the TSS says, and what was made of its descriptor, `low` and `high`. */
const found = { selector: 0, pointer: 0, low: 0, high: 0, base: 0, limit: 0, access: 0 };

/**
 * Finds the stack of an inner ring in the TSS, and checks that `count` items have room on it. Changes nothing but
 * the descriptor last read. `moveToInnerStack` then goes there.
 *
 * @param level    the inner ring, 0 to 2
 * @param size     bytes of an item, 2 or 4
 * @param external bit 0 of error codes
 * @throws #TS and #SS with the selector of the stack, or #TS with that of the TSS (SDM vol. 3, 6.15, 10 and 12)
 */
export function findInnerStack(
  cpu: Processor,
  level: number,
  size: number,
  count: number,
  external: number,
): void {
  readRingStack(cpu, level, external, found);
  const { selector } = found;
  if (isNull(selector)) raise(INVALID_TSS, external);
  checkStack(cpu, selector, level, INVALID_TSS, external);
  found.low = cpu.descriptorLow;
  found.high = cpu.descriptorHigh;
  found.base = baseOf(cpu.descriptorLow, cpu.descriptorHigh);
  found.limit = limitOf(cpu.descriptorLow, cpu.descriptorHigh);
  found.access = accessOf(cpu.descriptorHigh);
  if (!hasRoom(size, count)) raise(STACK_FAULT, (selector & 0xfffc) | external);
}

/*
 * ## Room
 *
 * A frame of five words below `0x7000` ends at `0x6fec`. Nearly every stack is four gigabytes long, and then nothing
 * needs to be asked. In the others each item is looked at by itself: a 16-bit stack pointer goes round from 0 to
 * `0xfffe`, and the frame may be inside with its upper half and outside with the lower.
 */
/** Offset in the stack of item number `item`, the first one being 1. A small stack goes round at 64 KiB. */
function offsetOf(item: number, size: number): number {
  return (found.pointer - item * size) & (found.access & BIG ? -1 : 0xffff);
}

function hasRoom(size: number, count: number): boolean {
  const { limit, access } = found;
  if (limit === -1 && (access & EXPAND_DOWN) === 0) return true;
  for (let item = 1; item <= count; item++) {
    if (!isInside(limit, access, offsetOf(item, size), size)) return false;
  }
  return true;
}

/*
 * ## Moving
 *
 * The second step is about pages, and it is done *as* the inner ring, since its stack may be on pages that the outer
 * one must not touch. If one of them is missing, the page fault is the inner ring's (bit 2 of its error code is 0), but
 * we are back in the outer ring as if nothing had been.
 *
 * Only then is the first byte of the frame written. From here to the end nothing can fail.
 */
/** Enters the ring whose stack was found, and pushes the first `count` of `items` on it, the first one first. */
export function moveToInnerStack(
  cpu: Processor,
  level: number,
  size: number,
  items: Int32Array,
  count: number,
): void {
  cpu.descriptorHigh = found.high;
  markDescriptor(cpu, found.selector, ACCESSED);
  const outer = cpu.words[CPL]!;
  setPrivilege(cpu, level);
  try {
    probeFrame(cpu, size, count);
  } catch (error) {
    setPrivilege(cpu, outer);
    throw error;
  }
  for (let item = 1; item <= count; item++) {
    writeLinear(cpu, (found.base + offsetOf(item, size)) | 0, size, items[item - 1]!);
  }
  cpu.descriptorLow = found.low;
  setSegment(cpu, SS, found.selector);
  setStackPointer(cpu, offsetOf(count, size));
}

/** Faults now if pushing so many items would fault later. Asks once a page, unless an item lies across two. */
function probeFrame(cpu: Processor, size: number, count: number): void {
  let tried = -1;
  for (let item = 1; item <= count; item++) {
    const at = (found.base + offsetOf(item, size)) | 0;
    if (at >>> 12 !== tried || (at & 0xfff) + size > 0x1000) probeWrite(cpu, at, size, size);
    tried = at >>> 12;
  }
}
