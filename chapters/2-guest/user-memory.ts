/*
 * # Never trust a pointer
 *
 * `write(1, 0xc0100000, 4096)`. Please print the memory at 3 GiB and a megabyte: that is you. If a kernel just
 * follows the addresses that it is given, then any program can have it read out its own secrets, or, with `read`,
 * overwrite its own code. This is not an exotic attack. It is the first thing that everybody tries, and the oldest
 * Unixes fell for it.
 *
 * There are two schools. One checks the range of the address and then goes ahead *through the program's mapping*,
 * with a safety net for faults. The other, which you belong to, never uses the program's addresses at all. Each is
 * looked up in the tables, page by page, as the processor would, and what the kernel touches is the frame behind
 * it, through its own linear map. Slower by some instructions, and there is no net, since there is no rope.
 */
import { entryFor, pageOf } from './address-space.ts';
import type { i32, u32 } from './language.ts';
import { load32, load8, store8 } from './language.ts';
import { PAGE_OFFSET_MASK, PAGE_SIZE, USER_BOTTOM, USER_TOP } from './layout.ts';
import { SETTLED, settle } from './page-faults.ts';
import { cpu } from './process.ts';
import { copyBytes } from './text.ts';

/** Where the kernel finds the byte that the current program calls `address`; 0 if the program may not do that to it. */
function userByte(address: u32, write: boolean): u32 {
  if (address < USER_BOTTOM || address >= USER_TOP) return 0;
  if (settle(cpu.process, address, write) !== SETTLED) return 0;
  return pageOf(load32(entryFor(cpu.process.directory, address, false))) + (address & PAGE_OFFSET_MASK);
}

/*
 * `settle` does the rest. It is the same function that handles page faults, so a buffer that has been promised but
 * not delivered gets delivered, and a shared one copied. The kernel asks for the page exactly as the program would
 * have done by touching it.
 */

/** How much of `count` bytes at `address` lies in its first page. */
function withinPage(address: u32, count: u32): u32 {
  const room: u32 = PAGE_SIZE - (address & PAGE_OFFSET_MASK);
  return count < room ? count : room;
}

/*
 * ## Across
 *
 * Both directions in chunks that end where pages end. What comes next in the program's addresses may be anywhere
 * in RAM, or nowhere, in which case the call fails. Half of it may have been copied by then, and that is the
 * program's own affair.
 */

/** Copies `count` bytes from the program to the kernel. False: the program has no such memory. */
export function copyFromUser(to: u32, from: u32, count: u32): boolean {
  for (let done: u32 = 0; done < count; ) {
    const chunk: u32 = withinPage(from + done, count - done);
    const source: u32 = userByte(from + done, false);
    if (source === 0) return false;
    copyBytes(to + done, source, chunk);
    done += chunk;
  }
  return true;
}

/** Copies `count` bytes from the kernel to the program. False: it has no such memory, or may not write there. */
export function copyToUser(to: u32, from: u32, count: u32): boolean {
  for (let done: u32 = 0; done < count; ) {
    const chunk: u32 = withinPage(to + done, count - done);
    const target: u32 = userByte(to + done, true);
    if (target === 0) return false;
    copyBytes(target, from + done, chunk);
    done += chunk;
  }
  return true;
}

/*
 * A text has no length until you have seen its end. So its bytes are taken one at a time, with a limit, and the
 * limit counts from the first byte on. (A kernel that first measures a text and then copies it has read it twice,
 * and between the two somebody may have lengthened it. Not here; but Linux has had that bug more than once.)
 */

/**
 * Copies a text with its zero, at most `room` bytes. Returns its length without the zero; -1 if it is bad or too long.
 */
export function copyTextFromUser(to: u32, from: u32, room: u32): i32 {
  for (let i: u32 = 0; i < room; i++) {
    const source: u32 = userByte(from + i, false);
    if (source === 0) return -1;
    store8(to + i, load8(source));
    if (load8(source) === 0) return i as i32;
  }
  return -1;
}
