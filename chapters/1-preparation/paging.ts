export const PAGE_SIZE = 4096;
export const PAGE_SHIFT = 12;

/** Bytes of address space under one entry of a page directory: 4 MiB. */
export const TABLE_REACH = 1 << 22;
/** Entries in a directory, and in a table. */
export const TABLE_ENTRIES = 1024;

/** Where an address's entry is in the directory, in bytes from its start. */
export function directoryOffset(address: number): number {
  return (address >>> 22) << 2;
}

/** Where an address's entry is in its page table, in bytes from its start. */
export function tableOffset(address: number): number {
  return ((address >>> PAGE_SHIFT) & (TABLE_ENTRIES - 1)) << 2;
}

/** Start of the page that `address` is in. */
export function pageOf(address: number): number {
  return (address & -PAGE_SIZE) >>> 0;
}

/** The low twelve bits of an entry (Intel SDM vol. 3, 4.3). */
export const PRESENT = 1 << 0;
export const WRITABLE = 1 << 1;
export const USER = 1 << 2;
export const WRITE_THROUGH = 1 << 3;
export const CACHE_DISABLED = 1 << 4;
export const ACCESSED = 1 << 5;
export const DIRTY = 1 << 6;
export const LARGE = 1 << 7;
export const GLOBAL = 1 << 8;

/** The number of the frame that an entry points to. */
export function frameOf(entry: number): number {
  return entry >>> PAGE_SHIFT;
}

/** Bits of the error code of a page fault (Intel SDM vol. 3, 4.7). */
export const FAULT_PRESENT = 1 << 0;
export const FAULT_WRITE = 1 << 1;
export const FAULT_USER = 1 << 2;
