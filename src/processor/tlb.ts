/*
 * # The page you asked for last time
 *
 * Two memory reads before each memory read: paging as written would make a processor three times as slow. So
 * since the 386 there is a small memory of recent answers, the *translation lookaside buffer*. The 386 had room
 * for 32 pages. The kernel is told about it in one sentence: *when you change a page table, say so*. Everything
 * else is left to the kernel's conscience, and most of the worst bugs you will ever hear of are somebody's
 * conscience failing.
 *
 * Ours has room for all of them. One word for every page there is, a million words a table, four tables: loads
 * and stores, ring 3 and the rest. What stands in the word is not where the page is, but how far away:
 *
 * ```text
 *    entry = (where the page is in our memory - its linear address) | 1
 * ```
 *
 * Add that to a linear address and you have the place in the `WebAssembly.Memory`. That is a load, an addition,
 * a load: the whole of segmentation, paging and protection, if all goes well. The 1 is there because fresh
 * memory is full of zeros, and zero must mean *not known*. It costs nothing, for the low two bits of the sum
 * fall off when the address of a byte becomes the number of a word.
 */
import { CR0, FILLED, FILLED_LIST, FILLED_MOST, RAM_BASE, READ_SUPERVISOR, READ_USER } from './layout.ts';
import { WRITE_SUPERVISOR, WRITE_USER } from './layout.ts';
import { CR0_WP, type Processor, tire } from './processor.ts';

/*
 * ## Learning
 *
 * The four tables are also the four permissions. A page that ring 3 may read and nobody may write is entered in
 * two of them and missing from the other two, and a word that is missing leads to the slow path, which walks,
 * finds out who is asking for what, and raises #PF if it must. Nobody has to *check* permissions on the fast
 * path. They are where they stand.
 *
 * Two more things hide in that. A page that is not yet dirty is not entered for stores, so that the first store
 * walks and sets D. And a page with decoded code is not entered for stores either, so that every store to it can
 * be looked at.
 */
/**
 * Remembers a translation.
 *
 * @param linear   any address in the page
 * @param physical any physical address in the frame
 * @param user     whether ring 3 may use the page
 * @param writable whether the page is marked writable
 * @param dirty    whether the page is already marked dirty; until it is, writes must take the slow path
 */
export function fillTlb(
  cpu: Processor,
  linear: number,
  physical: number,
  user: boolean,
  writable: boolean,
  dirty: boolean,
): void {
  const frame = physical >>> 12;
  if (frame >= cpu.codePages.length) return;
  const words = cpu.words;
  cpu.learned++;
  const page = linear >>> 12;
  const entry = (RAM_BASE + (physical & ~0xfff) - (linear & ~0xfff)) | 1;
  const known = words[READ_SUPERVISOR + page]!;
  if (known === 0) rememberFilled(cpu, page);
  else if (known !== entry) invalidatePage(cpu, linear);
  words[READ_SUPERVISOR + page] = entry;
  if (user) words[READ_USER + page] = entry;
  if (!dirty || cpu.codePages[frame] !== undefined) return;
  if (writable || (words[CR0]! & CR0_WP) === 0) words[WRITE_SUPERVISOR + page] = entry;
  if (writable && user) words[WRITE_USER + page] = entry;
}

function rememberFilled(cpu: Processor, page: number): void {
  const words = cpu.words;
  if (words[FILLED] === FILLED_MOST) flushTlb(cpu);
  words[FILLED_LIST + words[FILLED]!] = page;
  words[FILLED]!++;
}

/*
 * ## Forgetting
 *
 * A load of CR3 means forget everything. Sweeping four tables of four megabytes at each task switch would take longer
 * than most tasks, so we keep a list of the pages we know. It is usually short; it has room for eight thousand, and
 * when it is full, everything is forgotten, too.
 *
 * Forgetting pages means that a linear address may lead to other code than before. Decoded blocks know each
 * other by linear address; so with each flush a new *epoch* begins, and in a new epoch nobody trusts an old
 * acquaintance before having looked at its papers. That is what `newEpoch` does, and by setting `stopAt` to 0 it
 * also asks the block in progress to step aside after its current instruction.
 */
/** Forgets everything: a load of CR3, a change of CR0.PG or CR0.WP. */
export function flushTlb(cpu: Processor): void {
  const words = cpu.words;
  for (let i = FILLED_LIST + words[FILLED]! - 1; i >= FILLED_LIST; i--) forgetPage(words, words[i]!);
  words[FILLED] = 0;
  newEpoch(cpu);
}

/** Forgets one page: INVLPG. */
export function invalidatePage(cpu: Processor, linear: number): void {
  forgetPage(cpu.words, linear >>> 12);
  newEpoch(cpu);
}

function forgetPage(words: Int32Array, page: number): void {
  words[READ_SUPERVISOR + page] = 0;
  words[WRITE_SUPERVISOR + page] = 0;
  words[READ_USER + page] = 0;
  words[WRITE_USER + page] = 0;
}

/*
 * When the first block of a page is decoded, stores to it that we had allowed must be taken back, whichever
 * linear address they go through. The list serves here too.
 */
/** Sends all writes to a frame down the slow path, because it now holds decoded code. */
export function watchFrame(cpu: Processor, frame: number): void {
  const words = cpu.words;
  tire(cpu, words[FILLED]! >>> 4);
  for (let i = FILLED_LIST + words[FILLED]! - 1; i >= FILLED_LIST; i--) {
    const page = words[i]!;
    const physical = (words[READ_SUPERVISOR + page]! - 1 - RAM_BASE + (page << 12)) | 0;
    if (physical >>> 12 !== frame) continue;
    words[WRITE_SUPERVISOR + page] = 0;
    words[WRITE_USER + page] = 0;
  }
}

/** Addresses may have come to mean other code: blocks must be looked up again. */
export function newEpoch(cpu: Processor): void {
  cpu.epoch = Math.max(cpu.epoch, cpu.otherEpoch) + 1;
  cpu.otherEpoch = cpu.epoch + 1;
  cpu.stopAt = 0;
}
