/*
 * # Shadows
 *
 * A process switch is a load of CR3. If that meant throwing away the shadow and building another one, fault by fault, a
 * Guest with two busy processes would do nothing else. So we keep a number of directories for each Guest, and remember
 * which of the Guest's own each one stands for. Coming back to one that we know costs a store.
 *
 * In lguest the number was four: enough for a shell, an editor, a compiler and whatever you forgot to stop. It was four
 * here as well, until somebody ran `hackbench`: sixty processes taking turns, and whoever's turn it was had lost its
 * shadow since the last. Two page faults a turn, to be told again what had been forgotten. A shadow costs a page or
 * three, and pages are cheaper than they were in 2007.
 */
import {
  ACCESSED,
  CACHE_DISABLED,
  DIRTY,
  directoryOffset,
  PRESENT,
  pageOf,
  TABLE_REACH,
  tableOffset,
  USER,
  WRITABLE,
  WRITE_THROUGH,
} from '../1-preparation/paging.ts';
import { SWITCHER_ADDRESS } from '../6-switcher/pages.ts';
import { kill } from './death.ts';
import type { Guest } from './guest.ts';
import { pinStack } from './stack.ts';

/** One page directory that the processor can walk, in place of one of the Guest's. */
export interface Shadow {
  /** Physical address of the directory; 0 when it was never needed. */
  directory: number;
  /** Guest-physical address of the one it stands for, or `NOBODY`. */
  guestAddress: number;
  /** Indices of the entries that lead to a table of its own. */
  readonly tables: Set<number>;
}

/** All shadows of one Guest. */
export interface Shadows {
  readonly all: readonly Shadow[];
  current: Shadow;
  /** Which is given up when the Guest comes with one too many. */
  nextVictim: number;
  /** Indices of the entries, the same in all directories, that lead to tables of the Guest's kernel. */
  readonly kernelTables: Set<number>;
  /** Physical address of the page table for the last 4 MiB: the same under every directory. */
  readonly switcherTable: number;
}

/*
 * ## One entry that is not theirs
 *
 * Each directory ends with the Switcher. Its page table is the same under all of them, and the Guest's other address
 * spaces never have to be told of it; it is there from the moment a directory exists, since without it there would be
 * no way out.
 *
 * And below it is the kernel. From its address on, a Guest's address spaces are all the same; it promised so at
 * LGUEST_INIT. lguest kept the kernel's part when it gave a shadow to somebody else. We go one step further and have it
 * only once: one set of tables, entered in every directory, so that what one process's system call has faulted in is
 * there for all the others, and for those who are not yet born.
 */
/** No guest-physical address of a directory: those are multiples of 4096. */
const NOBODY = -1;
export const SHADOWS = 64;

/** The first entry of a directory that is not the Guest's. */
export const SWITCHER_INDEX = SWITCHER_ADDRESS / TABLE_REACH;

/** The shadows of a newborn Guest: one blank directory, standing for nobody's. */
export function createShadows(guest: Guest, directory: number, switcherTable: number): Shadows {
  const all = Array.from({ length: SHADOWS }, blankShadow);
  guest.ground.switcher.map(switcherTable, guest.registerPage);
  const shadows = { all, current: all[0]!, nextVictim: 1, kernelTables: new Set<number>(), switcherTable };
  raise(guest, shadows, all[0]!, directory);
  guest.directory = directory;
  return shadows;
}

function blankShadow(): Shadow {
  return { directory: 0, guestAddress: NOBODY, tables: new Set() };
}

function raise(guest: Guest, shadows: Shadows, shadow: Shadow, directory: number): void {
  const { ram } = guest.ground.machine;
  ram.write32(directory + SWITCHER_INDEX * 4, shadows.switcherTable | PRESENT | WRITABLE);
  for (const index of shadows.kernelTables) {
    ram.write32(directory + index * 4, ram.read32(shadows.current.directory + index * 4));
  }
  shadow.directory = directory;
}

/** Whether a directory entry leads to a table that all shadows share. */
export function isShared(guest: Guest, index: number): boolean {
  return index * TABLE_REACH >= guest.kernelAddress;
}

/** Stores an entry in the directory of `shadow`, or of every shadow if it is the kernel's. */
function setDirectoryEntry(guest: Guest, shadow: Shadow, index: number, entry: number): void {
  const { ram } = guest.ground.machine;
  if (shadow.tables.has(index)) {
    ram.write32(shadow.directory + index * 4, entry);
    return;
  }
  for (const { directory } of guest.shadows.all)
    if (directory !== 0) ram.write32(directory + index * 4, entry);
}

/*
 * ## One too many
 *
 * When a Guest comes with a sixty-fifth address space, one of the sixty-four is given up. lguest rolled dice. We take
 * them in turn, since chance is not to be had in this chapter. It would be worth having. With sixty-five processes that
 * run in strict turn, turns miss every time, and dice three times in a hundred.
 *
 * What is given up is only the lower part. The kernel is everybody's, so a new process starts with its kernel in place.
 *
 * The very first NEW_PGTABLE is different. It ends the pretence that virtual is physical, and there is no way back to
 * it.
 *
 * :::exercise{#least-recent points=10 minutes=20}
 * Next to those dice, lguest's author left a note: he knew a better choice, and this one was less work. Taking turns is
 * just as easy, and hardest on the one who deserves it least. A shell that runs between any two of its children is
 * visited more than anybody else, and every sixty-fourth child takes its shadow all the same.
 *
 * Do it better. When a Guest comes with a directory that no shadow stands for, give up the one whose directory it has
 * been away from for longest. A shadow that never stood for anybody goes before all others, and everything else stays
 * as it is. How many faults it saves, `pagesFilled` can tell you.
 * :::
 */
/** LHCALL_NEW_PGTABLE: from now on the Guest's tables are those at guest-physical `cr3`. */
export function newPageTable(guest: Guest, cr3: number): void {
  const wanted = pageOf(cr3);
  if (guest.linear) {
    leaveLinearPhase(guest, wanted);
    return;
  }
  const { shadows } = guest;
  const known = shadows.all.find(({ guestAddress }) => guestAddress === wanted);
  const shadow = known ?? replaceOne(guest, wanted);
  if (shadow === shadows.current) return;
  if (shadow.directory === 0) raise(guest, shadows, shadow, allocateTable(guest));
  shadows.current = shadow;
  guest.directory = shadow.directory;
  guest.translationsStale = true;
  if (known === undefined) pinStack(guest);
}

function leaveLinearPhase(guest: Guest, guestAddress: number): void {
  dropEverything(guest);
  guest.linear = false;
  guest.shadows.current.guestAddress = guestAddress;
  pinStack(guest);
}

function replaceOne(guest: Guest, guestAddress: number): Shadow {
  const { shadows } = guest;
  const victim = shadows.all[shadows.nextVictim]!;
  shadows.nextVictim = (shadows.nextVictim + 1) % SHADOWS;
  victim.guestAddress = guestAddress;
  if (victim.directory !== 0) dropUserPart(guest, victim);
  return victim;
}

/*
 * ## One entry
 *
 * Here is where `demandPage` ends: a table is found or made, and one word is stored in it. If something else was there
 * before, the processor may remember it, and has to be told to forget. But nothing is stale where nothing was, and that
 * is the usual case.
 *
 * The entry in the directory gets the rights that the Guest's has *now*. They may have changed since the table was
 * made.
 */
/** Puts what `entry` of the Guest's tables means into the current shadow. `directoryEntry` is the one above it. */
export function install(guest: Guest, address: number, directoryEntry: number, entry: number): void {
  const { ram } = guest.ground.machine;
  const at = tableFor(guest, address, directoryEntry) + tableOffset(address);
  const before = ram.read32(at);
  const after = forProcessor(guest, entry);
  ram.write32(at, after);
  if (before & PRESENT && takesAway(before, after)) guest.translationsStale = true;
}

/** Whether a processor that remembers `before` may do something that `after` forbids. */
export function takesAway(before: number, after: number): boolean {
  return pageOf(before) !== pageOf(after) || (before & ~after & (WRITABLE | USER)) !== 0;
}

/** The current shadow's page table for `address`, made if there is none, with the rights that `directoryEntry` has. */
function tableFor(guest: Guest, address: number, directoryEntry: number): number {
  const { current, kernelTables } = guest.shadows;
  const index = directoryOffset(address) / 4;
  const before = guest.ground.machine.ram.read32(current.directory + index * 4);
  const table = before & PRESENT ? pageOf(before) : allocateTable(guest);
  const after = (table | PRESENT | ACCESSED | (directoryEntry & (WRITABLE | USER))) >>> 0;
  if (after !== before) {
    (isShared(guest, index) ? kernelTables : current.tables).add(index);
    setDirectoryEntry(guest, current, index, after);
    if (before & PRESENT) guest.translationsStale = true;
  }
  return table;
}

/*
 * ## A lie to the processor
 *
 * Suppose the Guest says that a page is writable, and has not been written yet. If we shadow it as it stands, the first
 * write goes straight to memory, the *shadow's* D is set, and the Guest's copy keeps swearing that the page is clean.
 * So we lie to the processor instead of the Guest: until the Guest's own entry says dirty, ours says read-only.
 *
 * The first write faults, `touch` marks the page dirty in the Guest's table, and this time we tell the truth. One fault
 * a page buys an exact bit. A bargain; lguest thought so too.
 *
 * :::figure{#two-faults caption="The life of one page that the Guest may write: P present, W writable, A accessed, D dirty."}
 * ```text
 *                          the Guest's entry     ours
 *      nobody has come         P W . .           . . . .
 *   read    -- fault -->       P W A .           P . A .    the lie
 *   write   -- fault -->       P W A D           P W A D    the truth
 *   write                      P W A D           P W A D    nobody is asked
 * ```
 * :::
 *
 * G is not passed on. *Global* tells the processor to keep a translation when CR3 is loaded, and a Guest's kernel would
 * be global in another Guest's world.
 */
/**
 * A table entry as the processor shall see it: the Guest's frame where it really lies, and not writable until dirty.
 */
export function forProcessor(guest: Guest, entry: number): number {
  const honest = (guest.memory.base + pageOf(entry)) | (entry & PASSED_ON);
  return (entry & DIRTY ? honest : honest & ~WRITABLE) >>> 0;
}

const PASSED_ON = PRESENT | WRITABLE | USER | WRITE_THROUGH | CACHE_DISABLED | ACCESSED | DIRTY;

/*
 * When the share is used up, everything is dropped, and the table in hand is the first of a new beginning. It sounds
 * drastic. But a shadow is a cache of something that the Guest still has, and the one thing you can always do with a
 * cache is to empty it. (The pinned stack goes with it. The next trap faults on it and finds it mended, as
 * [stack.ts](stack.ts) allows.)
 */
function allocateTable(guest: Guest): number {
  const frame = guest.share.allocate();
  if (frame !== undefined) return frame;
  dropEverything(guest);
  return guest.share.allocate() ?? kill('out of memory allocating pte page: the Host has no frames left');
}

/*
 * ## Forgetting
 *
 * In three sizes: the lower part of one shadow, everything, one table. Nothing is lost by it but time. The Guest's own
 * tables are where they were, and its next step on a forgotten page is a fault that puts the entry back.
 */
/** Empties what a shadow has below the Guest's kernel. */
export function dropUserPart(guest: Guest, shadow: Shadow): void {
  for (const index of shadow.tables) dropTable(guest, shadow, index);
}

/** Empties every shadow, down to the Switcher. */
export function dropEverything(guest: Guest): void {
  const { all, current, kernelTables } = guest.shadows;
  for (const shadow of all) dropUserPart(guest, shadow);
  for (const index of kernelTables) dropTable(guest, current, index);
}

/** Forgets the table behind entry `index`: the shadow's own, or else the one that it shares. */
export function dropTable(guest: Guest, shadow: Shadow, index: number): void {
  const { current, kernelTables } = guest.shadows;
  const owner = shadow.tables.has(index) ? shadow.tables : kernelTables;
  if (!owner.has(index)) return;
  guest.share.release(pageOf(guest.ground.machine.ram.read32(shadow.directory + index * 4)));
  setDirectoryEntry(guest, shadow, index, 0);
  owner.delete(index);
  if (shadow === current) guest.translationsStale = true;
}
