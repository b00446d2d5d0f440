import {
  ACCESSED,
  CACHE_DISABLED,
  DIRTY,
  directoryOffset,
  FAULT_WRITE,
  PAGE_SIZE,
  PRESENT,
  pageOf,
  TABLE_REACH,
  tableOffset,
  USER,
  WRITABLE,
  WRITE_THROUGH,
} from '../1-preparation/paging.ts';
import { ringOf, GUEST_KERNEL_RING } from '../1-preparation/rings.ts';
import { SWITCHER_ADDRESS } from '../6-switcher/pages.ts';
import { type Guest, hex, hex32 } from './guest.ts';
import { checkTableEntry, demandPage, isDevice } from './page-tables.ts';

/** One page directory that the processor can walk, in place of one of the Guest's. */
export interface Shadow {
  /** Physical address of the directory; 0 when it was never needed. */
  directory: number;
  /** Guest-physical address of the one it stands for, or `NOBODY`. */
  guestAddress: number;
}

/** All shadows of one Guest. */
export interface Shadows {
  readonly all: readonly Shadow[];
  current: Shadow;
  /** Which is given up when the Guest comes with a fifth. */
  nextVictim: number;
  /** Physical address of the page table for the last 4 MiB: the same under every directory. */
  readonly switcherTable: number;
}

/** No guest-physical address of a directory: those are multiples of 4096. */
const NOBODY = -1;
const SHADOWS = 4;

const SWITCHER_INDEX = SWITCHER_ADDRESS / TABLE_REACH;

/** The shadows of a newborn Guest: one blank directory, standing for nobody's. */
export function createShadows(guest: Guest, directory: number, switcherTable: number): Shadows {
  const all = Array.from({ length: SHADOWS }, () => ({ directory: 0, guestAddress: NOBODY }));
  guest.ground.switcher.map(switcherTable, guest.registerPage);
  const shadows = { all, current: all[0]!, nextVictim: 1, switcherTable };
  raise(guest, shadows, all[0]!, directory);
  guest.directory = directory;
  return shadows;
}

function raise(guest: Guest, shadows: Shadows, shadow: Shadow, directory: number): void {
  shadow.directory = directory;
  const { ram } = guest.ground.machine;
  ram.write32(directory + SWITCHER_INDEX * 4, shadows.switcherTable | PRESENT | WRITABLE);
}

/** LHCALL_NEW_PGTABLE: from now on the Guest's tables are those at guest-physical `cr3`. */
export function newPageTable(guest: Guest, cr3: number): void {
  const { shadows } = guest;
  const wanted = pageOf(cr3);
  let shadow = guest.linear ? undefined : shadows.all.find((candidate) => candidate.guestAddress === wanted);
  let blank = false;
  if (guest.linear) {
    dropEverything(guest);
    guest.linear = false;
    shadow = shadows.current;
    shadow.guestAddress = wanted;
    blank = true;
  } else if (shadow === undefined) {
    shadow = shadows.all[shadows.nextVictim]!;
    shadows.nextVictim = (shadows.nextVictim + 1) % SHADOWS;
    blank = reuse(guest, shadow, wanted);
  }
  if (shadow !== shadows.current) {
    shadows.current = shadow;
    guest.directory = shadow.directory;
    guest.translationsStale = true;
  }
  if (blank) pinStack(guest);
}

/** Makes `shadow` stand for the directory at `guestAddress`. Returns whether it has no kernel part yet. */
function reuse(guest: Guest, shadow: Shadow, guestAddress: number): boolean {
  shadow.guestAddress = guestAddress;
  if (shadow.directory !== 0) {
    dropUserPart(guest, shadow);
    return false;
  }
  raise(guest, guest.shadows, shadow, allocateTable(guest));
  return true;
}

/** Puts what `entry` of the Guest's tables means into the current shadow. `directoryEntry` is the one above it. */
export function install(guest: Guest, address: number, directoryEntry: number, entry: number): void {
  const { ram } = guest.ground.machine;
  const at = tableFor(guest, address, directoryEntry) + tableOffset(address);
  const before = ram.read32(at);
  const after = forProcessor(guest, entry);
  ram.write32(at, after);
  if (before & PRESENT && takesAway(before, after)) guest.translationsStale = true;
}

function takesAway(before: number, after: number): boolean {
  return pageOf(before) !== pageOf(after) || (before & ~after & (WRITABLE | USER)) !== 0;
}

/** The current shadow's page table for `address`, made if there is none, with the rights that `directoryEntry` has. */
function tableFor(guest: Guest, address: number, directoryEntry: number): number {
  const { ram } = guest.ground.machine;
  const at = guest.shadows.current.directory + directoryOffset(address);
  const before = ram.read32(at);
  const table = before & PRESENT ? pageOf(before) : allocateTable(guest);
  const after = (table | PRESENT | ACCESSED | (directoryEntry & (WRITABLE | USER))) >>> 0;
  if (after !== before) {
    ram.write32(at, after);
    if (before & PRESENT) guest.translationsStale = true;
  }
  return table;
}

/** A table entry as the processor shall see it: the Guest's frame where it really lies, and not writable until dirty. */
function forProcessor(guest: Guest, entry: number): number {
  const honest = (guest.base + pageOf(entry)) | (entry & PASSED_ON);
  return (entry & DIRTY ? honest : honest & ~WRITABLE) >>> 0;
}

const PASSED_ON = PRESENT | WRITABLE | USER | WRITE_THROUGH | CACHE_DISABLED | ACCESSED | DIRTY;

function allocateTable(guest: Guest): number {
  const frame = guest.allocateFrame();
  if (frame !== undefined) return frame;
  dropEverything(guest);
  return (
    guest.allocateFrame() ?? guest.kill('out of memory allocating pte page: the Host has no frames left')
  );
}

/**
 * LHCALL_SET_PTE: the Guest has changed the entry for `address` in the tables under `cr3`.
 *
 * @throws GuestDied when the entry is nothing that can be obeyed
 */
export function setPageTableEntry(guest: Guest, cr3: number, address: number, entry: number): void {
  if (address >= SWITCHER_ADDRESS) {
    guest.kill(
      `attempt to set pte into Switcher pages: ${hex32(address)} is not below ${hex32(SWITCHER_ADDRESS)}`,
    );
  }
  const everywhere = address >= guest.kernelAddress;
  for (const shadow of guest.shadows.all) {
    if (everywhere || shadow.guestAddress === pageOf(cr3)) refresh(guest, shadow, address, entry);
  }
}

function refresh(guest: Guest, shadow: Shadow, address: number, entry: number): void {
  if (shadow.directory === 0) return;
  const { ram } = guest.ground.machine;
  const directoryEntry = ram.read32(shadow.directory + directoryOffset(address));
  if ((directoryEntry & PRESENT) === 0) return;
  const at = pageOf(directoryEntry) + tableOffset(address);
  const before = ram.read32(at);
  const after = readyForUse(guest, entry, address) ? forProcessor(guest, entry) : 0;
  if (after === before) return;
  ram.write32(at, after);
  if (before & PRESENT && shadow === guest.shadows.current) guest.translationsStale = true;
}

/** Whether an entry can go into a shadow before anybody faults on it: no mark of the Guest's would be missed. */
function readyForUse(guest: Guest, entry: number, address: number): boolean {
  if ((entry & (PRESENT | ACCESSED)) !== (PRESENT | ACCESSED) || isDevice(guest, entry)) return false;
  checkTableEntry(guest, entry, address);
  return true;
}

/**
 * LHCALL_SET_PGD: the Guest has changed entry `index` of the directory at `cr3`.
 *
 * @throws GuestDied when that entry is the Switcher's, or does not exist
 */
export function setPageDirectoryEntry(guest: Guest, cr3: number, index: number): void {
  if (index >= SWITCHER_INDEX) {
    guest.kill(`Attempt to set pgd ${index}/${SWITCHER_INDEX}: expected an index below the Switcher's`);
  }
  const shadow = guest.shadows.all.find((candidate) => candidate.guestAddress === pageOf(cr3));
  if (shadow !== undefined && shadow.directory !== 0) dropTable(guest, shadow, index);
}

/** LHCALL_FLUSH_TLB: the Guest has changed entries without saying which: `everything` or the current user part. */
export function flush(guest: Guest, everything: boolean): void {
  if (!everything) {
    dropUserPart(guest, guest.shadows.current);
    return;
  }
  dropEverything(guest);
  pinStack(guest);
}

function dropUserPart(guest: Guest, shadow: Shadow): void {
  const end = Math.min(Math.ceil(guest.kernelAddress / TABLE_REACH), SWITCHER_INDEX);
  for (let index = 0; index < end; index++) dropTable(guest, shadow, index);
}

/** Empties every shadow, down to the Switcher. */
export function dropEverything(guest: Guest): void {
  for (const shadow of guest.shadows.all) {
    if (shadow.directory === 0) continue;
    for (let index = 0; index < SWITCHER_INDEX; index++) dropTable(guest, shadow, index);
  }
}

function dropTable(guest: Guest, shadow: Shadow, index: number): void {
  const { ram } = guest.ground.machine;
  const at = shadow.directory + index * 4;
  const entry = ram.read32(at);
  if ((entry & PRESENT) === 0) return;
  ram.write32(at, 0);
  guest.releaseFrame(pageOf(entry));
  if (shadow === guest.shadows.current) guest.translationsStale = true;
}

/**
 * LHCALL_SET_STACK: where traps from ring 3 put their frames.
 *
 * @throws GuestDied when it is no stack for ring 1
 */
export function setStack(guest: Guest, selector: number, top: number, pages: number): void {
  if (ringOf(selector) !== GUEST_KERNEL_RING) {
    guest.kill(
      `bad stack segment ${hex(selector)}: its ring is ${ringOf(selector)}, expected ${GUEST_KERNEL_RING}`,
    );
  }
  if (pages > MOST_STACK_PAGES) {
    guest.kill(`bad stack pages ${pages}: expected at most ${MOST_STACK_PAGES}`);
  }
  guest.stackSegment = selector & 0xffff;
  guest.stackTop = top;
  guest.stackPages = pages;
  guest.state.setKernelStack(guest.stackSegment, top);
  pinStack(guest);
}

const MOST_STACK_PAGES = 2;

function pinStack(guest: Guest): void {
  for (let i = 0; i < guest.stackPages; i++) {
    const address = (guest.stackTop - 1 - i * PAGE_SIZE) >>> 0;
    if (isWritable(guest, address) || demandPage(guest, address, FAULT_WRITE) === 'filled') continue;
    guest.kill(`bad stack page ${hex32(address)}: the Guest does not map it for writing`);
  }
}

function isWritable(guest: Guest, address: number): boolean {
  if (address >= SWITCHER_ADDRESS) return false;
  const { ram } = guest.ground.machine;
  const needed = PRESENT | WRITABLE;
  const directoryEntry = ram.read32(guest.shadows.current.directory + directoryOffset(address));
  if ((directoryEntry & needed) !== needed) return false;
  return (ram.read32(pageOf(directoryEntry) + tableOffset(address)) & needed) === needed;
}
