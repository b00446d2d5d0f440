/* # Never trust a pointer */
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

/** How much of `count` bytes at `address` lies in its first page. */
function withinPage(address: u32, count: u32): u32 {
  const room: u32 = PAGE_SIZE - (address & PAGE_OFFSET_MASK);
  return count < room ? count : room;
}

/* ## Across */

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

/** Copies a text with its zero, at most `room` bytes. Returns its length without the zero; -1 if it is bad or too long. */
export function copyTextFromUser(to: u32, from: u32, room: u32): i32 {
  for (let i: u32 = 0; i < room; i++) {
    const source: u32 = userByte(from + i, false);
    if (source === 0) return -1;
    store8(to + i, load8(source));
    if (load8(source) === 0) return i as i32;
  }
  return -1;
}
