/* # The map */
import type { u32 } from './language.ts';

/** Bytes in a page, and the address bits inside one. */
export const PAGE_SIZE = 4096;
export const PAGE_OFFSET_MASK = 0xfff;

/* ## Who lives where */

/** Physical address 0 appears here, and all of RAM behind it. */
export const KERNEL_BASE = 0xc0000000;

/** Registers of devices are mapped from here; the linear map of RAM ends here at the latest. */
export const DEVICE_WINDOW = 0xff000000;

/** Programs own the addresses from the second page up to the kernel. */
export const USER_BOTTOM = 0x1000;
export const USER_TOP = 0xc0000000;

/** The stack of a program: it ends a page below the kernel and may grow to one megabyte. */
export const USER_STACK_TOP = 0xbffff000;
export const USER_STACK_LIMIT = 0xbfeff000;

/** The physical address of something in the linear map. */
export function physical(address: u32): u32 {
  return address - KERNEL_BASE;
}

/** Where the kernel sees a physical address of RAM. */
export function linear(address: u32): u32 {
  return address + KERNEL_BASE;
}

/** `size` rounded up to whole pages. */
export function pageRoundUp(size: u32): u32 {
  return (size + PAGE_OFFSET_MASK) & ~PAGE_OFFSET_MASK;
}
