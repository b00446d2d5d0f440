/*
 * # The map
 *
 * Now that both views exist, here are the lines on the map, in the one file that is allowed to know them.
 */
import type { u32 } from './language.ts';

/** Bytes in a page, and the address bits inside one. */
export const PAGE_SIZE = 4096;
export const PAGE_OFFSET_MASK = 0xfff;

/*
 * ## Who lives where
 *
 * Three gigabytes for the program, one for the kernel: the split that Linux made in the nineties and has been defending
 * since. It is why a pup refuses more than 1,008 MB of RAM. That is what fits between 0xC0000000 and the devices, and a
 * kernel that wants more has to begin *choosing* what to map, which is called highmem and is the reason people were so
 * glad about 64 bits.
 *
 * Note the two pages that belong to nobody. The one at 0 makes a null pointer cost you a fault instead of an
 * evening. The one just below the kernel catches the program that walks off the upper end of its stack.
 */

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

/*
 * Most of memory management is these two lines, applied in the right direction. Mixing them up is the classic
 * beginner's bug of kernels, and no type in the language helps, since both are numbers. What helps is that a physical
 * address used by mistake is below 3 GiB, where nothing of the kernel's is, and nearly always faults at once.
 */

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
