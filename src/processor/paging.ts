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

/** Bits of the error code of #PF: the page was there (so it was forbidden), it was a write, it was ring 3. */
export const FAULT_PRESENT = 1 << 0;
export const FAULT_WRITE = 1 << 1;
export const FAULT_USER = 1 << 2;

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
  // Read again: a directory may be its own table, and then the mark just made is in this entry too.
  const current = readPhysical(cpu, tableAt, 4);
  const marked = current | PAGE_ACCESSED | (write ? PAGE_DIRTY : 0);
  if (marked !== current) writePhysical(cpu, tableAt, 4, marked);

  const physical = (tableEntry & FRAME) | (linear & 0xfff);
  fillTlb(cpu, linear, physical, userPage, writable, (marked & PAGE_DIRTY) !== 0);
  return physical;
}

function pageFault(cpu: Processor, linear: number, present: number, write: boolean, user: boolean): never {
  cpu.words[CR2] = linear;
  return raise(PAGE_FAULT, present | (write ? FAULT_WRITE : 0) | (user ? FAULT_USER : 0));
}
