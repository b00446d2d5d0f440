/*
 * # A load, a store
 *
 * This is the busiest corridor of the building. One instruction in three reads or writes memory, and each of
 * them comes through here. `read32` is five operations when all is well: load the table, load the entry, look at
 * two bits, add, load.
 *
 * The two bits are three questions at once. The entry must be known (its bit 0 is 1). The address must be a
 * multiple of four (its bits 0 and 1 are 0), for otherwise the word may reach into the next page, which may be
 * anywhere. Turn bit 0 of the entry over, or the address in, and if both bits are 0 then all three answers are
 * yes. Everything else, the rare, the crooked and the forbidden, goes to `readSlowly` and can take its time.
 */
import { ALIGNMENT_CHECK, raise } from './faults.ts';
import { ALIGNMENT } from './flags.ts';
import { CPL, CR0, RAM_BASE, READ_SUPERVISOR, READ_TABLE, SYSTEM_FLAGS, WRITE_SUPERVISOR } from './layout.ts';
import { WRITE_TABLE } from './layout.ts';
import { translate } from './paging.ts';
import { readPhysical, readPhysical8, writePhysical } from './physical.ts';
import { CR0_AM, type Processor } from './processor.ts';

/** A 32-bit load from a linear address. */
export function read32(cpu: Processor, linear: number): number {
  const words = cpu.words;
  const entry = words[words[READ_TABLE]! + (linear >>> 12)]!;
  return ((entry ^ 1) | linear) & 3 ? readSlowly(cpu, linear, 4) : words[(linear + entry) >>> 2]!;
}

/** A 16-bit load, zero-extended. */
export function read16(cpu: Processor, linear: number): number {
  const words = cpu.words;
  const entry = words[words[READ_TABLE]! + (linear >>> 12)]!;
  return ((entry ^ 1) | linear) & 1 ? readSlowly(cpu, linear, 2) : cpu.halves[(linear + entry) >>> 1]!;
}

/** An 8-bit load, zero-extended. */
export function read8(cpu: Processor, linear: number): number {
  const words = cpu.words;
  const entry = words[words[READ_TABLE]! + (linear >>> 12)]!;
  return entry & 1 ? cpu.bytes[(linear + entry - 1) >>> 0]! : readSlowly(cpu, linear, 1);
}

/*
 * Stores are the same through the other table. What they cannot do is fail halfway: until the last word of
 * `writeSlowly` nothing has been written.
 */
export function write32(cpu: Processor, linear: number, value: number): void {
  const words = cpu.words;
  const entry = words[words[WRITE_TABLE]! + (linear >>> 12)]!;
  if (((entry ^ 1) | linear) & 3) writeSlowly(cpu, linear, 4, value);
  else words[(linear + entry) >>> 2] = value;
}

export function write16(cpu: Processor, linear: number, value: number): void {
  const words = cpu.words;
  const entry = words[words[WRITE_TABLE]! + (linear >>> 12)]!;
  if (((entry ^ 1) | linear) & 1) writeSlowly(cpu, linear, 2, value);
  else cpu.halves[(linear + entry) >>> 1] = value;
}

export function write8(cpu: Processor, linear: number, value: number): void {
  const words = cpu.words;
  const entry = words[words[WRITE_TABLE]! + (linear >>> 12)]!;
  if (entry & 1) cpu.bytes[(linear + entry - 1) >>> 0] = value;
  else writeSlowly(cpu, linear, 1, value);
}

/*
 * ## Loads with intent
 *
 * `add [counter], 1` reads first and writes later, but if the page is read-only the fault is a *write* fault,
 * and it must come before anything has happened. So such instructions load through the table for stores. The
 * store that follows cannot fail any more.
 */
/** A load that a store to the same place will follow: faults if that store would. */
export function readForWrite32(cpu: Processor, linear: number): number {
  const words = cpu.words;
  const entry = words[words[WRITE_TABLE]! + (linear >>> 12)]!;
  return ((entry ^ 1) | linear) & 3 ? readForWriteSlowly(cpu, linear, 4) : words[(linear + entry) >>> 2]!;
}

export function readForWrite16(cpu: Processor, linear: number): number {
  const words = cpu.words;
  const entry = words[words[WRITE_TABLE]! + (linear >>> 12)]!;
  return ((entry ^ 1) | linear) & 1
    ? readForWriteSlowly(cpu, linear, 2)
    : cpu.halves[(linear + entry) >>> 1]!;
}

export function readForWrite8(cpu: Processor, linear: number): number {
  const words = cpu.words;
  const entry = words[words[WRITE_TABLE]! + (linear >>> 12)]!;
  return entry & 1 ? cpu.bytes[(linear + entry - 1) >>> 0]! : readForWriteSlowly(cpu, linear, 1);
}

/*
 * The gallery's rarer instructions come in three sizes and do not deserve three functions each.
 */
/** A load of 1, 2 or 4 bytes: zero-extended, 4 bytes signed. */
export function readLinear(cpu: Processor, linear: number, size: number): number {
  return size === 4 ? read32(cpu, linear) : size === 2 ? read16(cpu, linear) : read8(cpu, linear);
}

export function writeLinear(cpu: Processor, linear: number, size: number, value: number): void {
  if (size === 4) write32(cpu, linear, value);
  else if (size === 2) write16(cpu, linear, value);
  else write8(cpu, linear, value);
}

export function readForWrite(cpu: Processor, linear: number, size: number): number {
  if (size === 4) return readForWrite32(cpu, linear);
  return size === 2 ? readForWrite16(cpu, linear) : readForWrite8(cpu, linear);
}

/*
 * ## The slow path
 *
 * Here a page has not been seen before, or the address is crooked, or there is no RAM, or it is simply not
 * allowed. `lookUp` asks the TLB once more, since a crooked address in a known page is no reason to walk the
 * tables.
 */
/** The load that missed: not in the TLB, not aligned, or not RAM. */
function readSlowly(cpu: Processor, linear: number, size: number): number {
  checkAlignment(cpu, linear, size);
  const user = cpu.words[CPL] === 3;
  const table = cpu.words[READ_TABLE]!;
  if ((linear & 0xfff) + size <= 0x1000) {
    return readPhysical(cpu, lookUp(cpu, table, linear, false, user), size);
  }
  return readAcross(cpu, linear, size, table, false, user);
}

function readForWriteSlowly(cpu: Processor, linear: number, size: number): number {
  checkAlignment(cpu, linear, size);
  const user = cpu.words[CPL] === 3;
  const table = cpu.words[WRITE_TABLE]!;
  if ((linear & 0xfff) + size <= 0x1000) {
    return readPhysical(cpu, lookUp(cpu, table, linear, true, user), size);
  }
  return readAcross(cpu, linear, size, table, true, user);
}

function writeSlowly(cpu: Processor, linear: number, size: number, value: number): void {
  checkAlignment(cpu, linear, size);
  writeVia(cpu, cpu.words[WRITE_TABLE]!, linear, size, value, cpu.words[CPL] === 3);
}

/*
 * The worst that can happen to a store is to begin on one page and end on the next. Four bytes at `0xbffe`: two
 * here, two there, and *there* is read-only. A processor that writes the first two and then faults has broken
 * its word. So both pages are asked first, in order, and only when both have agreed is the first byte written.
 */
function writeVia(
  cpu: Processor,
  table: number,
  linear: number,
  size: number,
  value: number,
  user: boolean,
): void {
  const first = lookUp(cpu, table, linear, true, user);
  if ((linear & 0xfff) + size <= 0x1000) {
    writePhysical(cpu, first, size, value);
    return;
  }
  // Two pages: both must be writable before either is written.
  const second = lookUp(cpu, table, (linear + size - 1) & ~0xfff, true, user);
  const inFirst = 0x1000 - (linear & 0xfff);
  for (let byte = 0; byte < size; byte++) {
    const at = byte < inFirst ? first + byte : second + byte - inFirst;
    writePhysical(cpu, at, 1, value >> (byte * 8));
  }
}

function readAcross(
  cpu: Processor,
  linear: number,
  size: number,
  table: number,
  write: boolean,
  user: boolean,
): number {
  const first = lookUp(cpu, table, linear, write, user);
  const second = lookUp(cpu, table, (linear + size - 1) & ~0xfff, write, user);
  const inFirst = 0x1000 - (linear & 0xfff);
  let value = 0;
  for (let byte = 0; byte < size; byte++) {
    const at = byte < inFirst ? first + byte : second + byte - inFirst;
    value |= readPhysical8(cpu, at) << (byte * 8);
  }
  return value;
}

/*
 * The processor reads memory on its own account, too: descriptors, gates, the TSS. Ring 3 may load a segment
 * although it could never read the table the segment is described in, so these accesses are made in the name of
 * the supervisor, whoever caused them.
 */
/** Physical address by the TLB if it knows, by the page tables if not. */
function lookUp(cpu: Processor, table: number, linear: number, write: boolean, user: boolean): number {
  const entry = cpu.words[table + (linear >>> 12)]!;
  return entry & 1 ? (linear + entry - 1 - RAM_BASE) | 0 : translate(cpu, linear, write, user);
}

/** Physical address of a byte of code. */
export function translateForFetch(cpu: Processor, linear: number): number {
  return lookUp(cpu, cpu.words[READ_TABLE]!, linear, false, cpu.words[CPL] === 3);
}

/** A load the processor makes for itself (descriptors, TSS): always with the rights of a supervisor. */
export function readSystem(cpu: Processor, linear: number, size: number): number {
  const entry = cpu.words[READ_SUPERVISOR + (linear >>> 12)]!;
  if (size === 4 && (((entry ^ 1) | linear) & 3) === 0) return cpu.words[(linear + entry) >>> 2]!;
  if ((linear & 0xfff) + size <= 0x1000) {
    return readPhysical(cpu, lookUp(cpu, READ_SUPERVISOR, linear, false, false), size);
  }
  return readAcross(cpu, linear, size, READ_SUPERVISOR, false, false);
}

/** A store the processor makes for itself. */
export function writeSystem(cpu: Processor, linear: number, size: number, value: number): void {
  writeVia(cpu, WRITE_SUPERVISOR, linear, size, value, false);
}

/**
 * Faults now if a store of `size` bytes would fault later. `size` may be up to a page.
 *
 * @param unit what the address should be a multiple of, in bytes
 */
export function probeWrite(cpu: Processor, linear: number, size: number, unit: number): void {
  checkAlignment(cpu, linear, unit);
  const user = cpu.words[CPL] === 3;
  const table = cpu.words[WRITE_TABLE]!;
  lookUp(cpu, table, linear, true, user);
  if ((linear & 0xfff) + size > 0x1000) lookUp(cpu, table, (linear + size - 1) & ~0xfff, true, user);
}

/*
 * Finally a curiosity. Since the 486 a program can ask to be stopped when it loads a word from an address that is not a
 * multiple of the word's size. Hardly anybody does, since the C library would be the first to be stopped. It costs us
 * next to nothing: crooked addresses come this way anyhow, and who would do without (compiled code, and REP by the
 * page) asks once before it begins.
 */
/** #AC: ring 3 asked to be told about misaligned accesses, and made one. `unit` is a power of two. */
export function checkAlignment(cpu: Processor, linear: number, unit: number): void {
  if ((linear & (unit - 1)) !== 0 && mindsCrooked(cpu)) raise(ALIGNMENT_CHECK, 0);
}

/** Whether misaligned accesses are faults just now. */
export function mindsCrooked({ words }: Processor): boolean {
  return (words[SYSTEM_FLAGS]! & ALIGNMENT) !== 0 && words[CPL] === 3 && (words[CR0]! & CR0_AM) !== 0;
}
