/*
 * # Strings
 *
 * ESI points to where it comes from, EDI to where it goes, ECX says how many, and one byte of code says what. An
 * entire `memcpy` is `f3 a5`.
 *
 * With REP in front, one instruction does the work of a million. It must not make anybody wait, so it can be
 * interrupted after every element. It keeps nothing in its head: whatever it needs to go on is in the three
 * registers, and EIP stays on the instruction until it is done. If a page is missing in the middle, the fault
 * comes with the registers just where they got to, the kernel brings the page, and the instruction is simply
 * started again.
 */
import { mindsCrooked, probeWrite, readLinear, writeLinear } from './access.ts';
import { narrow, DIRECTION, SUB, subtract32 } from './flags.ts';
import { FLAT, type Instruction, REPEAT_NOT_EQUAL } from './instruction.ts';
import { EAX, ECX, EDI, EIP, ES, ESI, FLAG_CARRIES, FLAG_RESULT, SYSTEM_FLAGS } from './layout.ts';
import { EDX, READ_TABLE, WRITE_TABLE } from './layout.ts';
import { readRegister, registerIndex, writeRegister } from './operands.ts';
import type { Processor } from './processor.ts';
import { checkPort, readPort, writePort } from './ports.ts';
import { linearAddress } from './segments.ts';

/** Which string instruction, in `Instruction.operation`. */
export const MOVS = 0;
export const CMPS = 1;
export const STOS = 2;
export const LODS = 3;
export const SCAS = 4;
export const INS = 5;
export const OUTS = 6;

/*
 * Each iteration counts as one instruction retired. The run loop counts one of them; the others are subtracted
 * here.
 */
/** A string instruction without a prefix. */
export function stringOnce(cpu: Processor, i: Instruction): void {
  stringStep(cpu, i);
}

/**
 * A string instruction with REP. Each iteration retires as an instruction of its own, so a slice may end between
 * two of them; EIP then still points here.
 */
export function stringRepeated(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const count = (words[ECX]! & i.addressMask) >>> 0;
  // Whoever may not touch the port is told so even for no times at all. It took a real processor to make us believe it.
  if (i.operation >= INS) checkPort(cpu, words[EDX]! & 0xffff, i.size);
  if (count === 0) return;
  if (!cpu.repeating) rememberFlags(cpu);
  try {
    repeat(cpu, i, count);
  } catch (error) {
    if (comparesData(i)) restoreFlags(cpu);
    cpu.repeating = false;
    throw error;
  }
}

/*
 * ## A promise about flags
 *
 * Here is a sentence of the manual that one reads over: if REPE CMPS faults, the *flags* are those from before
 * the instruction. Not from the last comparison. The instruction will be started again and does not need them;
 * but the kernel sees them in its frame, and so does every recorded answer of a real processor that the tests
 * hold against us.
 *
 * It would be easy but for one thing: a slice may end in the middle, and then *before the instruction* was in
 * another call of `run`. So two words are carried over.
 */
/** Whatever stops REPE CMPS or REPNE SCAS in the middle finds the flags as they were before its first iteration. */
function rememberFlags(cpu: Processor): void {
  cpu.repeatResult = cpu.words[FLAG_RESULT]!;
  cpu.repeatCarries = cpu.words[FLAG_CARRIES]!;
}

export function restoreFlags(cpu: Processor): void {
  cpu.words[FLAG_RESULT] = cpu.repeatResult;
  cpu.words[FLAG_CARRIES] = cpu.repeatCarries;
}

function comparesData(i: Instruction): boolean {
  return i.operation === CMPS || i.operation === SCAS;
}

/*
 * ## Again and again
 *
 * So a REP can be stopped between any two rounds, by the end of the budget or by what it has just written. Then EIP
 * stays where it is, and ECX says how much is left: that is all that is needed to go on, even after an interrupt.
 */
function repeat(cpu: Processor, i: Instruction, total: number): void {
  const words = cpu.words;
  const budget = cpu.attention !== 0 ? 1 : cpu.remaining;
  let count = total;
  let done = 0;
  cpu.stopAt = 1;
  cpu.repeating = false;
  while (true) {
    const bulk = i.operation < INS ? inBulk(cpu, i, Math.min(count, budget - done)) : 0;
    const step = bulk > 0 ? bulk : 1;
    if (bulk === 0) stringStep(cpu, i);
    count -= step;
    done += step;
    setCounter(cpu, i, count);
    // The run loop counts one instruction itself; the last iteration is that one.
    cpu.remaining -= step;
    if (count === 0 || endsEarly(words, i)) break;
    if (done >= budget || cpu.stopAt === 0) {
      words[EIP] = i.eip;
      cpu.repeating = true;
      break;
    }
  }
  cpu.remaining++;
}

/** CMPS and SCAS stop at a difference (REPE) or at a match (REPNE). */
function endsEarly(words: Int32Array, i: Instruction): boolean {
  return comparesData(i) && (words[FLAG_RESULT] === 0) === (i.repeat === REPEAT_NOT_EQUAL);
}

function setCounter(cpu: Processor, i: Instruction, count: number): void {
  if (i.addressMask === -1) cpu.words[ECX] = count;
  else cpu.halves[registerIndex(ECX, 2)] = count;
}

function setIndex(cpu: Processor, i: Instruction, register: number, offset: number): void {
  if (i.addressMask === -1) cpu.words[register] = offset;
  else cpu.halves[registerIndex(register, 2)] = offset;
}

/*
 * ## One element
 *
 * Load, check, store, and only then move the index registers. DF says in which direction.
 */
/** One element: loads and checks first, then the store, then the index registers. */
function stringStep(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const size = i.size;
  const step = words[SYSTEM_FLAGS]! & DIRECTION ? -size : size;
  const source = words[ESI]! & i.addressMask;
  const destination = words[EDI]! & i.addressMask;
  switch (i.operation) {
    case MOVS:
      store(cpu, destination, size, load(cpu, i, source));
      break;
    case CMPS: {
      const second = readLinear(cpu, linearAddress(cpu, ES, destination, size, false), size);
      compare(words, load(cpu, i, source), second, size);
      break;
    }
    case STOS:
      store(cpu, destination, size, readRegister(cpu, EAX, size));
      break;
    case LODS:
      writeRegister(cpu, EAX, size, load(cpu, i, source));
      break;
    case SCAS:
      compare(
        words,
        readRegister(cpu, EAX, size),
        readLinear(cpu, linearAddress(cpu, ES, destination, size, false), size),
        size,
      );
      break;
    case INS:
      inputStep(cpu, destination, size);
      break;
    case OUTS:
      checkPort(cpu, words[EDX]! & 0xffff, size);
      writePort(cpu, words[EDX]! & 0xffff, size, load(cpu, i, source));
      break;
  }
  if (i.operation === MOVS || i.operation === CMPS || i.operation === LODS || i.operation === OUTS) {
    setIndex(cpu, i, ESI, source + step);
  }
  if (i.operation !== LODS && i.operation !== OUTS) setIndex(cpu, i, EDI, destination + step);
}

function load(cpu: Processor, i: Instruction, offset: number): number {
  const address = i.segment === FLAT ? offset : linearAddress(cpu, i.segment, offset, i.size, false);
  return readLinear(cpu, address, i.size);
}

function store(cpu: Processor, offset: number, size: number, value: number): void {
  writeLinear(cpu, linearAddress(cpu, ES, offset, size, true), size, value);
}

function compare(words: Int32Array, a: number, b: number, size: number): void {
  if (size === 4) subtract32(words, a, b);
  else narrow(words, SUB, a, b, 32 - size * 8);
}

/*
 * A port may be the end of a queue. If it has been read, what was in it is gone; so the place for it is tried
 * before.
 */
/** A port must not be read for nothing, so the destination is tried first. */
function inputStep(cpu: Processor, offset: number, size: number): void {
  const port = cpu.words[EDX]! & 0xffff;
  checkPort(cpu, port, size);
  const address = linearAddress(cpu, ES, offset, size, true);
  probeWrite(cpu, address, size, size);
  writeLinear(cpu, address, size, readPort(cpu, port, size));
}

/*
 * ## By the page
 *
 * If the segments are flat, the direction is up, both pages are in the TLB with the right to do this, and nobody has
 * asked to be told of crooked addresses, then nothing can happen before the end of the page. So there is no reason to
 * do it one at a time: `copyWithin` and `fill` do a page in the time of a few elements. It is the difference between
 * fifty million words a second and five thousand million.
 *
 * The trap: `memmove` is not `movs`. If the destination lies a little *behind* the source, MOVS reads what it
 * has just written, and a pattern spreads through memory. Programs have used it to fill screens. In that case it
 * is done the slow way, exactly as asked.
 */
/**
 * REP by the page, upwards, in flat segments, when the TLB knows the pages.
 *
 * @returns iterations done, 0 if this is no case for it
 */
function inBulk(cpu: Processor, i: Instruction, most: number): number {
  const { operation, size } = i;
  if (most < 4 || i.addressMask !== -1 || i.segment !== FLAT || operation === LODS) return 0;
  if (cpu.words[SYSTEM_FLAGS]! & DIRECTION || mindsCrooked(cpu)) return 0;
  const words = cpu.words;
  const to = placeOf(cpu, words[operation === MOVS || operation === STOS ? WRITE_TABLE : READ_TABLE]!, EDI);
  if (to === 0) return 0;
  let bytes = Math.min(most * size, 0x1000 - (words[EDI]! & 0xfff));
  let from = 0;
  if (operation === MOVS || operation === CMPS) {
    from = placeOf(cpu, words[READ_TABLE]!, ESI);
    if (from === 0) return 0;
    bytes = Math.min(bytes, 0x1000 - (words[ESI]! & 0xfff));
  }
  bytes -= bytes % size;
  if (bytes === 0) return 0;
  if (operation === MOVS) bytes = copy(cpu, from, to, bytes);
  else if (operation === STOS) bytes = fill(cpu, to, bytes, size);
  else bytes = search(cpu, i, from, to, bytes);
  words[EDI]! += bytes;
  if (operation === MOVS || operation === CMPS) words[ESI]! += bytes;
  return bytes / size;
}

/*
 * ## Three ways through a page
 *
 * Before any of them, the question where the page is.
 */
/** Where in our memory a register points to, as a table of the TLB has it; 0 if that does not know. */
function placeOf({ words }: Processor, table: number, register: number): number {
  const linear = words[register]!;
  const entry = words[table + (linear >>> 12)]!;
  return entry & 1 ? (linear + entry - 1) >>> 0 : 0;
}

/** Bytes copied: none if a store ahead of the load in the same bytes makes it a pattern that spreads. */
function copy(cpu: Processor, from: number, to: number, bytes: number): number {
  if (to > from && to < from + bytes) return 0;
  cpu.bytes.copyWithin(to, from, from + bytes);
  return bytes;
}

function fill(cpu: Processor, to: number, bytes: number, size: number): number {
  if (size === 1) cpu.bytes.fill(cpu.bytes[EAX]!, to, to + bytes);
  else if (to % size !== 0) return 0;
  else if (size === 2) cpu.halves.fill(cpu.halves[EAX]!, to >>> 1, (to + bytes) >>> 1);
  else cpu.words.fill(cpu.words[EAX]!, to >>> 2, (to + bytes) >>> 2);
  return bytes;
}

/*
 * Searching is the third. REPNE SCAS is `strlen`, written by somebody who had read the manual: look for a zero, and
 * count how far it was. REPE CMPS is `memcmp`. Either ends where it finds what it was looking for, and only the last
 * comparison leaves flags. So all the others need none, and that saves more than the page does. Before somebody
 * measured it, each letter of a name that the kernel looked at cost as much as forty additions.
 */
/** CMPS and SCAS: bytes looked at, with the flags of the last comparison. */
function search(
  cpu: Processor,
  { operation, size, repeat }: Instruction,
  from: number,
  to: number,
  bytes: number,
): number {
  if ((to | from) % size !== 0) return 0;
  const view = size === 1 ? cpu.bytes : size === 2 ? cpu.halves : cpu.words;
  const shift = size >> 1;
  const wanted = repeat === REPEAT_NOT_EQUAL;
  const first = to >>> shift;
  const end = (to + bytes) >>> shift;
  const other = operation === CMPS ? (from >>> shift) - first : 0;
  let at = first;
  let a = readRegister(cpu, EAX, size);
  for (; at < end; at++) {
    if (operation === CMPS) a = view[at + other]!;
    if ((a === view[at]) === wanted) break;
  }
  const last = Math.min(at, end - 1);
  compare(cpu.words, a, view[last]!, size);
  return (last + 1 - first) << shift;
}
