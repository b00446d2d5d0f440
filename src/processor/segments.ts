/*
 * # Segments
 *
 * Paging can say of each page who may use it. Segments could do the same years before, for areas of any size to
 * the byte, and did it so thoroughly that people ran from it. By the time you read this, every system you own
 * has set all its segments to *everything, from 0 to 4 GiB* and gone on to pages. But you cannot turn
 * segmentation off. It stands in front of every access like a doorman who knows everybody and waves them
 * through.
 */
import {
  ACCESSED,
  accessOf,
  baseOf,
  BIG,
  CODE,
  CONFORMING,
  DPL,
  dplOf,
  EXPAND_DOWN,
  isNull,
} from './descriptors.ts';
import {
  limitOf,
  markDescriptor,
  MEMORY_SEGMENT,
  PRESENT,
  READABLE,
  readDescriptor,
  WRITABLE,
} from './descriptors.ts';
import { GENERAL_PROTECTION, NOT_PRESENT, protectionFault, raise, STACK_FAULT } from './faults.ts';
import { ACCESS, BASE, CPL, CS, DS, ES, LIMIT, SELECTOR, SS } from './layout.ts';
import {
  MODE_CODE_32,
  MODE_FLAT_CODE,
  MODE_FLAT_DATA,
  MODE_FLAT_STACK,
  type Processor,
} from './processor.ts';
import { newEpoch } from './tlb.ts';

/*
 * ## Using one
 *
 * So most accesses never come here: `addressForRead` of the next file sees that the segment is flat and does nothing.
 * Here are the others: FS with the kernel's per-processor data behind it, GS with a thread's own, and everything a test
 * or a hostile guest may think of. Three questions, one answer: is there a segment, may it be used this way, is it long
 * enough.
 */
/**
 * The linear address of `size` bytes at `offset` in a segment, after every check that a segment makes
 * (Intel SDM vol. 3, 5.3 to 5.5).
 *
 * @throws #SS(0) for the stack segment, #GP(0) for the others
 */
export function linearAddress(
  cpu: Processor,
  segment: number,
  offset: number,
  size: number,
  write: boolean,
): number {
  const words = cpu.words;
  const access = words[ACCESS + segment]!;
  const allowed = write ? (access & (CODE | WRITABLE)) === WRITABLE : (access & (CODE | READABLE)) !== CODE;
  if ((access & PRESENT) === 0 || !allowed || !isInside(words[LIMIT + segment]!, access, offset, size)) {
    if (segment === SS) raise(STACK_FAULT, 0);
    protectionFault();
  }
  return (words[BASE + segment]! + offset) | 0;
}

/*
 * *Long enough* has a second meaning for stacks. They grow downwards, so there are segments in which the limit
 * is the bottom: everything *above* it is inside. Nobody has been seen using one in this century.
 */
/** Whether `size` bytes at `offset` are within a segment of this limit and access. */
export function isInside(limit: number, access: number, offset: number, size: number): boolean {
  const first = offset >>> 0;
  const last = first + size - 1;
  const bound = limit >>> 0;
  if ((access & (CODE | EXPAND_DOWN)) === EXPAND_DOWN) {
    return first > bound && last <= (access & BIG ? 0xffff_ffff : 0xffff);
  }
  return last <= bound || limit === -1;
}

/*
 * ## Loading one
 *
 * Protection is decided when a selector is loaded, not when it is used. That was the idea that made it
 * affordable: eight bytes of table are read once, checked once, and kept in the hidden half of the register. The
 * rule for data is that neither you nor the one in whose name you ask (RPL) may be further out than the segment
 * (DPL).
 *
 * Data loads are generous: null is allowed, so are segments you may only read. SS is strict. A stack belongs to
 * exactly one ring, and all three numbers, CPL, RPL and DPL, must agree.
 */
/** Loads DS, ES, FS, GS or SS, as MOV and POP do. */
export function loadSegment(cpu: Processor, segment: number, selector: number): void {
  if (segment === SS) loadStack(cpu, selector, cpu.words[CPL]!);
  else loadData(cpu, segment, selector);
}

function loadData(cpu: Processor, segment: number, selector: number): void {
  if (isNull(selector)) {
    setNull(cpu, segment, selector);
    return;
  }
  const blamed = selector & 0xfffc;
  const access = readDescriptor(cpu, selector);
  if ((access & MEMORY_SEGMENT) === 0) raise(GENERAL_PROTECTION, blamed);
  if ((access & (CODE | READABLE)) === CODE) raise(GENERAL_PROTECTION, blamed);
  if ((access & (CODE | CONFORMING)) !== (CODE | CONFORMING)) {
    const level = Math.max(selector & 3, cpu.words[CPL]!);
    if (level > dplOf(access)) raise(GENERAL_PROTECTION, blamed);
  }
  if ((access & PRESENT) === 0) raise(NOT_PRESENT, blamed);
  markDescriptor(cpu, selector, ACCESSED);
  setSegment(cpu, segment, selector);
}

/** Loads SS for a program that runs at `level`. */
function loadStack(cpu: Processor, selector: number, level: number): void {
  checkStack(cpu, selector, level);
  markDescriptor(cpu, selector, ACCESSED);
  setSegment(cpu, SS, selector);
}

/**
 * Whether a selector may be the stack of `level`; leaves its descriptor in the processor.
 *
 * @param vector what to raise if not: #GP, or #TS when the selector came out of a TSS
 */
export function checkStack(
  cpu: Processor,
  selector: number,
  level: number,
  vector: number = GENERAL_PROTECTION,
  external = 0,
): void {
  const blamed = (selector & 0xfffc) | external;
  const access = readDescriptor(cpu, selector, external, vector);
  if ((selector & 3) !== level || dplOf(access) !== level) raise(vector, blamed);
  if ((access & (MEMORY_SEGMENT | CODE | WRITABLE)) !== (MEMORY_SEGMENT | WRITABLE)) raise(vector, blamed);
  if ((access & PRESENT) === 0) raise(STACK_FAULT, blamed);
}

/*
 * The copy itself. After it the table may change as it likes. To whom the segment belongs makes no difference to how it
 * is used, so the same flat segment in another ring's colours, which is what each trap and each return loads, is
 * nothing new.
 */
/** Fills a segment register from the descriptor last read. */
export function setSegment(cpu: Processor, segment: number, selector: number): void {
  const words = cpu.words;
  const base = baseOf(cpu.descriptorLow, cpu.descriptorHigh);
  const limit = limitOf(cpu.descriptorLow, cpu.descriptorHigh);
  const access = accessOf(cpu.descriptorHigh);
  const other =
    ((words[BASE + segment]! ^ base) |
      (words[LIMIT + segment]! ^ limit) |
      ((words[ACCESS + segment]! ^ access) & ~(DPL | ACCESSED))) !==
    0;
  words[SELECTOR + segment] = selector;
  words[BASE + segment] = base;
  words[LIMIT + segment] = limit;
  words[ACCESS + segment] = access;
  if (other && segment <= DS) updateMode(cpu);
  // Blocks of a segment that is not flat depend on where it is, too.
  if (segment === CS && (cpu.mode & MODE_FLAT_CODE) === 0) newEpoch(cpu);
}

/** A segment register that names nothing: loading it is allowed, using it is not. */
export function setNull(cpu: Processor, segment: number, selector: number): void {
  const words = cpu.words;
  words[SELECTOR + segment] = selector;
  if ((words[BASE + segment]! | words[LIMIT + segment]! | words[ACCESS + segment]!) === 0) return;
  words[BASE + segment] = 0;
  words[LIMIT + segment] = 0;
  words[ACCESS + segment] = 0;
  if (segment <= DS) updateMode(cpu);
}

/*
 * ## Waving them through
 *
 * Which of the doormen can be ignored is worked out anew whenever a segment register changes, and blocks are
 * decoded for one answer. A kernel and its programs have the same answer nearly always, so nearly always nothing
 * happens here. If it does, a new epoch begins, and the code is decoded again with the checks in it.
 */
/** Works out which segments are flat, for blocks are decoded for one answer to that. */
function updateMode(cpu: Processor): void {
  const words = cpu.words;
  const code = words[ACCESS + CS]!;
  const flatCode = words[BASE + CS] === 0 && words[LIMIT + CS] === -1;
  const mode =
    (isFlatData(words, DS) && isFlatData(words, ES) ? MODE_FLAT_DATA : 0) |
    (isFlatData(words, SS) && words[ACCESS + SS]! & BIG ? MODE_FLAT_STACK : 0) |
    (flatCode ? MODE_FLAT_CODE : 0) |
    (code & BIG ? MODE_CODE_32 : 0);
  if (mode !== cpu.mode) {
    cpu.mode = mode;
    newEpoch(cpu);
  }
}

const FLAT_ACCESS = PRESENT | MEMORY_SEGMENT | WRITABLE;

function isFlatData(words: Int32Array, segment: number): boolean {
  return (
    words[BASE + segment] === 0 &&
    words[LIMIT + segment] === -1 &&
    (words[ACCESS + segment]! & (FLAT_ACCESS | CODE | EXPAND_DOWN)) === FLAT_ACCESS
  );
}
