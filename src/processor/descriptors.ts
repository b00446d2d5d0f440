/*
 * # Eight bytes about a segment
 *
 * A *descriptor* is what stands behind a selector: where a segment begins, where it ends, what it is for, and
 * who may use it. It is eight bytes long, and it looks as if it had been dropped and put together again in a
 * hurry.
 *
 * ```text
 *   31          24 23 22 21 20 19   16 15 14 13 12 11    8 7            0
 *  +--------------+--+--+--+--+-------+--+-----+--+-------+--------------+
 *  | base 31..24  | G|DB| 0|AV| limit | P| DPL | S| type  | base 23..16  |  high word
 *  +--------------+--+--+--+--+-------+--+-----+--+-------+--------------+
 *  | base 15..0                       | limit 15..0                      |  low word
 *  +----------------------------------+----------------------------------+
 * ```
 *
 * It has an excuse. The 286 had descriptors of six bytes, with 24 bits of base and 16 of limit, and told
 * everybody to leave the last two bytes at zero. Three years later its successor needed eight more bits of base
 * and four of limit, and there was exactly one place left to put them. With G set the limit counts in pages
 * instead of bytes, so that twenty bits are enough for four gigabytes.
 *
 * The type means one thing for code, another for data, and something else entirely if S is 0. Three of its four
 * bits:
 *
 * | | bit 3 | bit 2 | bit 1 |
 * | --- | --- | --- | --- |
 * | data | 0 | grows downwards | may be written |
 * | code | 1 | conforming: runs at its caller's level | may also be read |
 */
import { readSystem, writeSystem } from './access.ts';
import { GENERAL_PROTECTION, raise } from './faults.ts';
import { ACCESS, BASE, GDT_BASE, GDT_LIMIT, LDTR, LIMIT } from './layout.ts';
import type { Processor } from './processor.ts';

/** Bits of `ACCESS`: the middle of a descriptor's high word, moved down by 8. */
export const TYPE = 0xf;
export const ACCESSED = 1 << 0;
/** Data: may be written. */
export const WRITABLE = 1 << 1;
/** Code: may also be read. */
export const READABLE = 1 << 1;
/** Data: the limit is the bottom, not the top. */
export const EXPAND_DOWN = 1 << 2;
/** Code: runs at the caller's level. */
export const CONFORMING = 1 << 2;
export const CODE = 1 << 3;
/** S: a code or data segment, not one of the system's. */
export const MEMORY_SEGMENT = 1 << 4;
export const DPL_SHIFT = 5;
export const DPL = 3 << DPL_SHIFT;
export const PRESENT = 1 << 7;
/** D/B: 32-bit code, a 32-bit stack pointer, or an upper bound of 4 GiB. */
export const BIG = 1 << 14;

/** A flat segment of ring 0 that has been used before: the low word of its descriptor, and the high one. */
export const FLAT_LOW = 0x0000_ffff;
export const FLAT_CODE = 0x00cf_9b00;
export const FLAT_DATA = 0x00cf_9300;

/*
 * With S = 0 it is no segment at all. It is furniture of the system: a local descriptor table, a task state segment, or
 * a gate. Nearly everything comes twice, for 16 bits and for 32, because the 286's must still work. Number 2, the LDT,
 * is the same for both, and so is number 5, the task gate, and ours does not open: switching tasks was a thing the i386
 * did in hardware, in some three hundred cycles, with every register saved whether you wanted it or not. Linux gave it
 * up between 2.0 and 2.2, because software was quicker. Here it is #GP.
 */
/** Types of system descriptors (S = 0). */
export const TSS_16 = 1;
export const LDT = 2;
export const CALL_GATE_16 = 4;
export const INTERRUPT_GATE_16 = 6;
export const TRAP_GATE_16 = 7;
export const TSS_32 = 9;
export const CALL_GATE_32 = 12;
export const INTERRUPT_GATE_32 = 14;
export const TRAP_GATE_32 = 15;

/*
 * Putting the pieces back together.
 */
/** The bits of `ACCESS` that matter, out of a descriptor's high word. */
export function accessOf(high: number): number {
  return (high >>> 8) & 0xf0ff;
}

export function baseOf(low: number, high: number): number {
  return (low >>> 16) | ((high & 0xff) << 16) | (high & 0xff00_0000);
}

/** The limit in bytes: the last offset that is inside (a signed 32-bit number, -1 is 4 GiB). */
export function limitOf(low: number, high: number): number {
  const limit = (low & 0xffff) | (high & 0xf_0000);
  return high & (1 << 23) ? (limit << 12) | 0xfff : limit;
}

export function dplOf(access: number): number {
  return (access >> DPL_SHIFT) & 3;
}

/*
 * ## Selectors
 *
 * A selector is thirteen bits of index, a bit that chooses between the global table and the local one, and two
 * bits called RPL, the *requested privilege level*. RPL is a way for a kernel to act in someone else's name:
 * with a selector that a program handed it, and that program's ring written into the RPL, it can reach no more
 * than the program could have reached itself.
 *
 * ```text
 *   15                              3  2  1  0
 *  +---------------------------------+--+-----+
 *  | index                           |TI| RPL |
 *  +---------------------------------+--+-----+
 * ```
 *
 * Index 0 of the global table is never used. A selector of 0 to 3 is *null*: you may load it, and you may not
 * use it.
 */
export function isNull(selector: number): boolean {
  return (selector & 0xfffc) === 0;
}

/** Whether the table that a selector names is there, and long enough. */
function isInTable(cpu: Processor, selector: number): boolean {
  const words = cpu.words;
  const last = (selector & 0xfff8) + 7;
  if (selector & 4) return (words[ACCESS + LDTR]! & PRESENT) !== 0 && last <= words[LIMIT + LDTR]! >>> 0;
  return last <= words[GDT_LIMIT]!;
}

function descriptorAddress(cpu: Processor, selector: number): number {
  const words = cpu.words;
  return ((selector & 4 ? words[BASE + LDTR]! : words[GDT_BASE]!) + (selector & 0xfff8)) | 0;
}

/**
 * Reads the descriptor of a selector into `descriptorLow` and `descriptorHigh`.
 *
 * @returns its access bits, or -1 if the selector is null or beyond its table
 */
export function findDescriptor(cpu: Processor, selector: number): number {
  if (isNull(selector) || !isInTable(cpu, selector)) return -1;
  const address = descriptorAddress(cpu, selector);
  cpu.descriptorLow = readSystem(cpu, address, 4);
  cpu.descriptorHigh = readSystem(cpu, (address + 4) | 0, 4);
  return accessOf(cpu.descriptorHigh);
}

/*
 * Most of those who ask for a descriptor fault if there is none, and it is always the selector that is blamed in the
 * error code, with the RPL cut off. In its place stands a bit that says whether something other than an INT was on its
 * way when it happened.
 */
/**
 * Like `findDescriptor`, but a selector that names nothing faults.
 *
 * @param external bit 0 of error codes: 1 while an interrupt or a fault is being delivered
 * @param vector   the exception to raise: #GP, or #TS for what a TSS named
 * @throws with the selector as error code; a null selector gives `external` alone
 */
export function readDescriptor(
  cpu: Processor,
  selector: number,
  external = 0,
  vector: number = GENERAL_PROTECTION,
): number {
  const access = findDescriptor(cpu, selector);
  if (access < 0) raise(vector, (selector & 0xfffc) | external);
  return access;
}

/*
 * A descriptor is also written to. The first load of a segment sets its *accessed* bit, LTR marks a TSS busy. If
 * the table lies in a page that is read-only, that is a page fault. The guests of lguest have read-only
 * descriptor tables, so the Host sets the bit for them in advance; forget it, and the machine stops in the one
 * place where it has no business to stop.
 */
/** Sets bits of a descriptor's type (accessed, busy) in its table, if they are not set already. */
export function markDescriptor(cpu: Processor, selector: number, bits: number): void {
  const high = cpu.descriptorHigh;
  const marked = high | (bits << 8);
  if (marked === high) return;
  cpu.descriptorHigh = marked;
  writeSystem(cpu, (descriptorAddress(cpu, selector) + 5) | 0, 1, marked >> 8);
}
