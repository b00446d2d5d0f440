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
  if ((linear & 0xfff) + size <= 0x1000) {
    return readPhysical(cpu, lookUp(cpu, READ_SUPERVISOR, linear, false, false), size);
  }
  return readAcross(cpu, linear, size, READ_SUPERVISOR, false, false);
}

/** A store the processor makes for itself. */
export function writeSystem(cpu: Processor, linear: number, size: number, value: number): void {
  writeVia(cpu, WRITE_SUPERVISOR, linear, size, value, false);
}

/** Faults now if a store of `size` bytes would fault later. `size` may be up to a page. */
export function probeWrite(cpu: Processor, linear: number, size: number): void {
  const user = cpu.words[CPL] === 3;
  const table = cpu.words[WRITE_TABLE]!;
  lookUp(cpu, table, linear, true, user);
  if ((linear & 0xfff) + size > 0x1000) lookUp(cpu, table, (linear + size - 1) & ~0xfff, true, user);
}

/** #AC: ring 3 asked to be told about misaligned accesses, and made one. */
function checkAlignment(cpu: Processor, linear: number, size: number): void {
  const words = cpu.words;
  if ((linear & (size - 1)) === 0 || words[CPL] !== 3) return;
  if (words[SYSTEM_FLAGS]! & ALIGNMENT && words[CR0]! & CR0_AM) raise(ALIGNMENT_CHECK, 0);
}
