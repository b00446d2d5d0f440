/*
 * # Pages to give away
 *
 * You own some thousands of frames of 4 KiB, and from now on people will come and ask for one. Never for two in a
 * row and never for half of one: every structure of this kernel that is made at run time is exactly a page, or
 * fits into one. It wastes a little, and in exchange the allocator is so simple that it cannot fragment, which is
 * a word for the slow death of all the others.
 *
 * Free pages are kept in a list. Where do you keep a list whose members are all free memory? In them. The first
 * four bytes of each free page hold the address of the next; the oldest trick in the trade, costing nothing.
 */
import { bootInformation } from './boot.ts';
import { archiveAddress, archiveSize } from './command-line.ts';
import type { u32, u8 } from './language.ts';
import { at, load32, store32 } from './language.ts';
import { DEVICE_WINDOW, KERNEL_BASE, PAGE_SIZE, linear, pageRoundUp, physical } from './layout.ts';
import { panic } from './panic.ts';
import { print, printNumber } from './print.ts';
import { clearBytes } from './text.ts';

/** Kernel addresses: the first page never given out yet, and the end of those. */
let untouched: u32 = 0;
let untouchedEnd: u32 = 0;

/** The pages that came back, each holding the address of the next. */
let returned: u32 = 0;
let returnedCount: u32 = 0;

/** How many page table entries hold each page, by page number. */
let holders: u8[] = at<u8[]>(0);

/*
 * There is one snag, and it is a Guest's snag. To thread 65,536 pages on that string (256 MB) you would have to
 * *touch* them all, and under a Host each first touch of a page is a page fault of his, a trip out and back, for
 * memory that perhaps nobody is ever going to want. So the string starts out empty. Pages that were never given
 * out lie behind a mark, `untouched`, and the mark moves up one page at a time. A pup with 256 MB comes up nearly as
 * fast as one with 8.
 */

/** Takes stock: between the boot page tables and the initial file system, all is free. */
export function countPages(): void {
  const memory: u32 = bootInformation.memory;
  if (memory > DEVICE_WINDOW - KERNEL_BASE)
    panic('more than 1008 MB of memory: I only brought tables for that');
  holders = at<u8[]>(linear(bootInformation.firstFree));
  untouched = linear(pageRoundUp(bootInformation.firstFree + memory / PAGE_SIZE));
  untouchedEnd = archiveSize() === 0 ? linear(memory) : archiveAddress();
  if (untouched >= untouchedEnd) panic('no memory left behind the kernel');
}

export function describeMemory(): void {
  print('pup: ');
  printNumber(bootInformation.memory >>> 20);
  print(' MB of memory, ');
  printNumber(freePages() * 4);
  print(' KB of it free\n');
}

/** How many pages could be allocated right now. */
export function freePages(): u32 {
  return returnedCount + (untouchedEnd - untouched) / PAGE_SIZE;
}

/*
 * ## One page
 *
 * Pages that came back are used first: they have been mapped, they are warm. Each page is handed over full of
 * zeros. That is not housekeeping; it is a promise that no process ever reads what another one left behind.
 */

/** A page of zeros with one holder: its kernel address, or 0 if there is none left. */
export function allocatePage(): u32 {
  let page: u32 = returned;
  if (page !== 0) {
    returned = load32(page);
    returnedCount--;
  } else {
    if (untouched === untouchedEnd) return 0;
    page = untouched;
    untouched += PAGE_SIZE;
  }
  clearBytes(page, PAGE_SIZE);
  holders[physical(page) / PAGE_SIZE] = 1;
  return page;
}

/*
 * How does a page know that it is no longer needed? It keeps count of its holders, in one byte for each page of
 * RAM. You will see in a moment who shares.
 */

/** One holder less; the last one puts out the light. */
export function releasePage(page: u32): void {
  const number: u32 = physical(page) / PAGE_SIZE;
  holders[number]--;
  if (holders[number] !== 0) return;
  store32(page, returned);
  returned = page;
  returnedCount++;
}

/** One holder more. A byte can count 255 of them, and nobody holds a page more often than there are processes: 64. */
export function sharePage(page: u32): void {
  holders[physical(page) / PAGE_SIZE]++;
}

/** Whether somebody else holds this page as well. */
export function isShared(page: u32): boolean {
  return holders[physical(page) / PAGE_SIZE] > 1;
}
