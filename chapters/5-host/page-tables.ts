import {
  ACCESSED,
  DIRTY,
  directoryOffset,
  FAULT_USER,
  FAULT_WRITE,
  frameOf,
  LARGE,
  PAGE_SHIFT,
  PAGE_SIZE,
  PRESENT,
  pageOf,
  tableOffset,
  USER,
  WRITABLE,
} from '../1-preparation/paging.ts';
import { SWITCHER_ADDRESS } from '../6-switcher/pages.ts';
import { hex, hex32, kill } from './death.ts';
import type { Guest } from './guest.ts';
import { install } from './shadows.ts';

/** What a page fault turned out to be. */
export type Verdict =
  /** A hole in the shadow, now filled: the Guest can go on. */
  | 'filled'
  /** The Guest's own: its tables forbid the access, or know nothing of the page. */
  | 'forbidden'
  /** An access to a page of devices, behind the end of memory. */
  | 'device';

/**
 * Fills the shadow entry for `address`, if the Guest's own tables allow the access.
 *
 * @param address linear address that faulted, from CR2
 * @param error   the processor's page-fault error code (Intel SDM vol. 3, 4.7)
 * @throws GuestDied when the Guest's tables point outside its memory
 */
export function demandPage(guest: Guest, address: number, error: number): Verdict {
  if (address >= SWITCHER_ADDRESS) return 'forbidden';
  const walk = walkTables(guest, address);
  if (walk === undefined || !permits(walk, error)) return 'forbidden';
  if (isDevice(guest, walk.tableEntry)) return 'device';

  checkTableEntry(guest, walk.tableEntry, address);
  const entry = touch(guest, walk, error);
  install(guest, address, walk.directoryEntry, entry);
  guest.ground.statistics.pagesFilled++;
  return 'filled';
}

/** Both entries that an address leads through in the Guest's own tables, and where they stand. */
export interface Walk {
  directoryEntry: number;
  tableEntry: number;
  /** Guest-physical addresses; `undefined` while there are no tables and the entries are made up. */
  directoryAt: number | undefined;
  tableAt: number | undefined;
}

/**
 * Follows the Guest's tables to the page of `address`.
 *
 * @returns `undefined` when there is no such page
 */
export function walkTables(guest: Guest, address: number): Walk | undefined {
  if (guest.linear) return linearWalk(address);
  const directoryAt = guest.shadows.current.guestAddress + directoryOffset(address);
  const directoryEntry = guest.memory.read32(directoryAt);
  if ((directoryEntry & PRESENT) === 0) return undefined;

  checkDirectoryEntry(guest, directoryEntry, address);
  const tableAt = pageOf(directoryEntry) + tableOffset(address);
  const tableEntry = guest.memory.read32(tableAt);
  if ((tableEntry & PRESENT) === 0) return undefined;
  return { directoryAt, directoryEntry, tableAt, tableEntry };
}

function linearWalk(address: number): Walk {
  return {
    directoryEntry: DIRECTORY_FLAGS,
    tableEntry: pageOf(address) | PRESENT | WRITABLE | ACCESSED | DIRTY,
    directoryAt: undefined,
    tableAt: undefined,
  };
}

/** Whether both entries allow what `error` says was tried. */
function permits(walk: Walk, error: number): boolean {
  const rights = walk.directoryEntry & walk.tableEntry;
  if (error & FAULT_WRITE && !(rights & WRITABLE)) return false;
  if (error & FAULT_USER && !(rights & USER)) return false;
  return true;
}

/** Marks both entries in the Guest's tables as a processor would, and returns the lower one. */
export function touch(guest: Guest, walk: Walk, error: number): number {
  if (walk.directoryAt === undefined || walk.tableAt === undefined) return walk.tableEntry;
  if ((walk.directoryEntry & ACCESSED) === 0) {
    guest.memory.write32(walk.directoryAt, walk.directoryEntry | ACCESSED);
  }
  // Read again: a directory may be its own table, and then the mark just made is in this entry too.
  const before = guest.memory.read32(walk.tableAt);
  const after = before | ACCESSED | (error & FAULT_WRITE ? DIRTY : 0);
  if (after !== before) guest.memory.write32(walk.tableAt, after);
  return after;
}

/** The flags that a directory entry may have. */
const DIRECTORY_FLAGS = PRESENT | WRITABLE | USER | ACCESSED | DIRTY;

function checkDirectoryEntry(guest: Guest, entry: number, address: number): void {
  const strange = entry & (PAGE_SIZE - 1) & ~DIRECTORY_FLAGS;
  const what = `bad page directory entry ${hex32(entry)} for ${hex32(address)}`;
  if (strange !== 0) kill(`${what}: flags ${hex(strange)} are not offered`);
  if (frameOf(entry) >= guest.pfnLimit) kill(`${what}: ${beyond(guest, entry)}`);
}

/** @throws GuestDied when the entry cannot be obeyed. Pages of devices must have been told apart before. */
export function checkTableEntry(guest: Guest, entry: number, address: number): void {
  const what = `bad page table entry ${hex32(entry)} for ${hex32(address)}`;
  if (entry & LARGE) kill(`${what}: flag ${hex(LARGE)} is not offered`);
  if (frameOf(entry) >= guest.pfnLimit) kill(`${what}: ${beyond(guest, entry)}`);
}

function beyond(guest: Guest, entry: number): string {
  return `frame ${hex(frameOf(entry))} is beyond the Guest's ${hex(guest.pfnLimit)}`;
}

/** Whether the entry points at a page of devices. */
export function isDevice(guest: Guest, entry: number): boolean {
  const frame = frameOf(entry);
  return (entry & LARGE) === 0 && frame >= guest.pfnLimit && frame < guest.deviceLimit;
}

/**
 * The guest-physical address of a virtual one, for the few times when the Host itself must look.
 *
 * @returns `undefined` when the Guest's tables do not map it
 */
export function physicalAddress(guest: Guest, address: number): number | undefined {
  const walk = walkTables(guest, address);
  return walk && toPhysical(walk.tableEntry, address);
}

/**
 * As `physicalAddress`, for a store by the Host in the Guest's name: leaves the marks that a processor would.
 *
 * @throws GuestDied when the Guest's tables do not allow a store there
 */
export function physicalForStore(guest: Guest, address: number): number {
  const walk = walkTables(guest, address);
  if (walk === undefined) return kill(`Bad address ${hex(address)}: the Guest does not map it`);
  if (!permits(walk, FAULT_WRITE)) return kill(`Bad address ${hex(address)}: the Guest made it read-only`);
  return toPhysical(touch(guest, walk, FAULT_WRITE), address);
}

/** @throws GuestDied when the Guest's tables do not map `address` */
export function physicalForLoad(guest: Guest, address: number): number {
  const physical = physicalAddress(guest, address);
  return physical ?? kill(`Bad address ${hex(address)}: the Guest does not map it`);
}

function toPhysical(entry: number, address: number): number {
  return pageOf(entry) + (address & ((1 << PAGE_SHIFT) - 1));
}
