/*
 * # The Host's page tables
 *
 * You are in a maze of twisty little tables, all alike.
 *
 * There are three for every address. The Guest's own, which it wrote and which the processor has never read. Ours,
 * which the processor reads and the Guest has never seen. And the one in the Guest's head, which is the belief that the
 * first is the second. The rest of this chapter keeps that belief true, one page at a time, and as late as we can get
 * away with.
 *
 * ::figure[One load from 0xc0123004, three times over. The Guest believes in the two broken arrows. The processor knows only the other one. This Guest was the first to come, so its window begins where the Host's 32 MiB end, and its frame 0x123 is the machine's 0x2123.]{#three-memories}
 *
 * ## A fault is a question
 *
 * A shadow table starts out empty, so everything a new Guest touches is a surprise to the processor, which does with
 * surprises what it always does: pushes an error code, raises trap 14, and lets the Switcher carry the mess to our
 * door. We hold two facts: the address, and three bits. Was there a page, was it a write, was it ring 3?
 *
 * The question is always the same. *Would this have worked, had the Guest's tables been real?* If not, the fault
 * belongs to the Guest, and it gets it back as a trap 14 of its very own. If so, we owe it one entry.
 */
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

/*
 * ## Walking by hand
 *
 * Now we do what the processor would: take ten bits of the address, read an entry, take ten more, read another. It is
 * the only place where software walks a Guest's tables, and it happens once for each page, not once for each access;
 * from then on the silicon walks ours.
 *
 * In the first moments of its life a Guest has no tables. lguest's oldest versions had the Launcher build some for it.
 * Later ones pretend, as we do: until the first NEW_PGTABLE, every page is mapped to itself by entries that do not
 * exist.
 */
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

/*
 * ## Both must agree
 *
 * The entry in the directory and the one in the table each have a W and a U, and the processor grants what both grant.
 * lguest looked only at the second one here. Imagine a directory entry that is read-only and a table entry that is not.
 * A write faults. *The table allows it*, says the Host, and puts in an entry. The Guest goes on; the processor looks at
 * the copied directory entry, which forbids it, and faults. *The table allows it*, says the Host. A Guest could stand
 * there until the end of days, and burn a processor while it did.
 */
/** Whether both entries allow what `error` says was tried. */
function permits(walk: Walk, error: number): boolean {
  const rights = walk.directoryEntry & walk.tableEntry;
  if (error & FAULT_WRITE && !(rights & WRITABLE)) return false;
  if (error & FAULT_USER && !(rights & USER)) return false;
  return true;
}

/*
 * ## Footprints
 *
 * The processor marks each entry it goes through, and kernels read those marks to decide which pages to throw out. The
 * marks in *our* tables are real, and no Guest will ever see them. So at the moment in which we fill an entry, we leave
 * the marks in the Guest's tables that the processor would have left. A is easy: who faults, touches. D needs a trick,
 * and it comes with `forProcessor`.
 */
/** Marks both entries in the Guest's tables as a processor would, and returns the lower one. */
export function touch(guest: Guest, walk: Walk, error: number): number {
  if (walk.directoryAt === undefined || walk.tableAt === undefined) return walk.tableEntry;
  if ((walk.directoryEntry & ACCESSED) === 0) {
    guest.memory.write32(walk.directoryAt, walk.directoryEntry | ACCESSED);
  }
  // A directory may be its own table. Then this is the entry that has just been marked, and it gets the same mark.
  const after = walk.tableEntry | ACCESSED | (error & FAULT_WRITE ? DIRTY : 0);
  if (after !== walk.tableEntry) guest.memory.write32(walk.tableAt, after);
  return after;
}

/*
 * ## What cannot be obeyed
 *
 * A frame number is twenty bits, and a Guest of 32 MB owns the first eight thousand frames. The check below is the one
 * line that keeps all others from being read by anyone: whatever a Guest writes into its tables, this is where it is
 * measured against the size of its memory.
 */
/** The flags that a directory entry may have. */
const DIRECTORY_FLAGS = PRESENT | WRITABLE | USER | ACCESSED | DIRTY;

function checkDirectoryEntry(guest: Guest, entry: number, address: number): void {
  const strange = entry & (PAGE_SIZE - 1) & ~DIRECTORY_FLAGS;
  if (strange === 0 && frameOf(entry) < guest.pfnLimit) return;
  const what = `bad page directory entry ${hex32(entry)} for ${hex32(address)}`;
  if (strange !== 0) kill(`${what}: flags ${hex(strange)} are not offered`);
  kill(`${what}: ${beyond(guest, entry)}`);
}

/** @throws GuestDied when the entry cannot be obeyed. Pages of devices must have been told apart before. */
export function checkTableEntry(guest: Guest, entry: number, address: number): void {
  if ((entry & LARGE) === 0 && frameOf(entry) < guest.pfnLimit) return;
  const what = `bad page table entry ${hex32(entry)} for ${hex32(address)}`;
  if (entry & LARGE) kill(`${what}: flag ${hex(LARGE)} is not offered`);
  kill(`${what}: ${beyond(guest, entry)}`);
}

function beyond(guest: Guest, entry: number): string {
  return `frame ${hex(frameOf(entry))} is beyond the Guest's ${hex(guest.pfnLimit)}`;
}

/** Whether the entry points at a page of devices. */
export function isDevice(guest: Guest, entry: number): boolean {
  const frame = frameOf(entry);
  return (entry & LARGE) === 0 && frame >= guest.pfnLimit && frame < guest.deviceLimit;
}

/*
 * ## When the Host itself must look
 *
 * Four times we follow a Guest's pointer on our own account: to push a frame onto its stack, to read the instruction it
 * stumbled over, to tell the Launcher which device it touched, and to read the flags at its `iret`. If there is nothing
 * where it points, or the stack is read-only, it dies of *Bad address*. Only over an instruction it is forgiven, with
 * [a page fault](traps.ts).
 */
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
