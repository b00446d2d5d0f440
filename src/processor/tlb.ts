import { CR0, FILLED, FILLED_LIST, FILLED_MOST, RAM_BASE, READ_SUPERVISOR, READ_USER } from './layout.ts';
import { WRITE_SUPERVISOR, WRITE_USER } from './layout.ts';
import { CR0_WP, type Processor } from './processor.ts';

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
  const page = linear >>> 12;
  const entry = (RAM_BASE + (physical & ~0xfff) - (linear & ~0xfff)) | 1;
  const known = words[READ_SUPERVISOR + page]!;
  if (known === 0) rememberFilled(cpu, page);
  else if (known !== entry) forgetPage(words, page);
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

/** Sends all writes to a frame down the slow path, because it now holds decoded code. */
export function watchFrame(cpu: Processor, frame: number): void {
  const words = cpu.words;
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
  cpu.epoch++;
  cpu.stopAt = 0;
}
