/*
 * # From linear to physical
 *
 * You are in ring 3 and you ask for the byte at `0x0804a123`. There is no such place. There are thirty-two
 * megabytes of RAM, numbered from 0, and this number is a hundred and thirty-four million. But somebody has left
 * you a map.
 *
 * The map is a tree of two levels and it is read like a street address. The upper ten bits of the number choose
 * one of 1024 entries in the *page directory*, which is the page that CR3 points to. That entry names another
 * page, a *page table*. The middle ten bits choose one of its 1024 entries. That one names the page at last, and
 * the lower twelve bits say which byte of it.
 *
 * ```text
 *   0x0804a123 =  0000100000   0001001010   000100100011
 *                 directory        table         offset
 *                      32             74          0x123
 *                       |              |             |
 *    CR3 -> +--------+  |  +--------+  |  +--------+ |
 *           |        |  |  |        |  |  |        | |
 *           | entry  |<-+  | entry  |<-+  |  byte  |<+
 *           |      ------->|      ------->|        |
 *           +--------+     +--------+     +--------+
 * ```
 *
 * Each entry has twenty bits that name a page and twelve that say what may be done with it. We meet five of them
 * here:
 *
 * ```text
 *   31                                  12 11   9  8  7  6  5  4  3  2  1  0
 *  +--------------------------------------+------+--+--+--+--+--+--+--+--+--+
 *  | page                                 | free | G|PS| D| A|CD|WT| U| W| P|
 *  +--------------------------------------+------+--+--+--+--+--+--+--+--+--+
 * ```
 *
 * P is *present*; without it the other 31 bits belong to the kernel, to note where on disk the page has gone. W and U
 * are permissions, and both levels must grant them. PS came with the Pentium, and G with the Pentium Pro; CPUID says
 * that we have neither.
 */
import { PAGE_FAULT, raise } from './faults.ts';
import { CR0, CR2, CR3 } from './layout.ts';
import { readPhysical, writePhysical } from './physical.ts';
import { CR0_PG, CR0_WP, type Processor } from './processor.ts';
import { fillTlb } from './tlb.ts';

/** Bits of a directory or table entry. */
export const PAGE_PRESENT = 1 << 0;
export const PAGE_WRITABLE = 1 << 1;
export const PAGE_USER = 1 << 2;
export const PAGE_ACCESSED = 1 << 5;
export const PAGE_DIRTY = 1 << 6;
const FRAME = ~0xfff;

/*
 * When the answer is no, the processor leaves the address in CR2 and pushes three bits that say what it was
 * about. A kernel learns from them whether it has just been asked to read a page in from disk, to copy one that
 * two processes share, or to kill somebody.
 */
/** Bits of the error code of #PF: the page was there (so it was forbidden), it was a write, it was ring 3. */
export const FAULT_PRESENT = 1 << 0;
export const FAULT_WRITE = 1 << 1;
export const FAULT_USER = 1 << 2;

/*
 * ## The walk
 *
 * Note what is *not* checked: whether the address is sane, whether the tables lie in RAM, whether a table is
 * really a table. A directory that lists itself as one of its tables is perfectly fine, and a popular trick, for
 * then the page tables show up in memory as an array.
 *
 * A page that is written gets D for *dirty*, any page that is touched gets A for *accessed*. The processor only
 * ever sets them. Clearing them is for the kernel, which comes by now and then to see who has been touched since
 * last time.
 *
 * Rings 0, 1 and 2 are all *supervisor* to the paging unit. Keep that in mind: it is the hole through which a
 * guest kernel in ring 1 could reach its hypervisor, and how lguest stops it is told in chapter 6.
 */
/**
 * Linear to physical, by the page tables, with all their checks and marks (Intel SDM vol. 3, 4.3, 4.6 to 4.8).
 *
 * @returns the physical address, as a signed 32-bit number
 * @throws #PF, with CR2 set to `linear`
 */
export function translate(cpu: Processor, linear: number, write: boolean, user: boolean): number {
  if ((cpu.words[CR0]! & CR0_PG) === 0) {
    fillTlb(cpu, linear, linear, true, true, true);
    return linear;
  }
  const directoryAt = (cpu.words[CR3]! & FRAME) + ((linear >>> 22) << 2);
  const directoryEntry = readPhysical(cpu, directoryAt, 4);
  if ((directoryEntry & PAGE_PRESENT) === 0) pageFault(cpu, linear, 0, write, user);

  const tableAt = (directoryEntry & FRAME) + (((linear >>> 12) & 0x3ff) << 2);
  const tableEntry = readPhysical(cpu, tableAt, 4);
  if ((tableEntry & PAGE_PRESENT) === 0) pageFault(cpu, linear, 0, write, user);

  const rights = directoryEntry & tableEntry;
  const userPage = (rights & PAGE_USER) !== 0;
  const writable = (rights & PAGE_WRITABLE) !== 0;
  if (user && !userPage) pageFault(cpu, linear, FAULT_PRESENT, write, user);
  if (write && !writable && (user || (cpu.words[CR0]! & CR0_WP) !== 0)) {
    pageFault(cpu, linear, FAULT_PRESENT, write, user);
  }

  if ((directoryEntry & PAGE_ACCESSED) === 0)
    writePhysical(cpu, directoryAt, 4, directoryEntry | PAGE_ACCESSED);
  const marked = tableEntry | PAGE_ACCESSED | (write ? PAGE_DIRTY : 0);
  if (marked !== tableEntry) writePhysical(cpu, tableAt, 4, marked);

  const physical = (tableEntry & FRAME) | (linear & 0xfff);
  fillTlb(cpu, linear, physical, userPage, writable, (marked & PAGE_DIRTY) !== 0);
  return physical;
}

function pageFault(cpu: Processor, linear: number, present: number, write: boolean, user: boolean): never {
  cpu.words[CR2] = linear;
  return raise(PAGE_FAULT, present | (write ? FAULT_WRITE : 0) | (user ? FAULT_USER : 0));
}
