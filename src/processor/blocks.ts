/*
 * # Blocks
 *
 * A *block* is a run of instructions without a door in the middle: you come in at the top and leave at the
 * bottom. All that a loop of five instructions costs, once it is decoded, is to find the block again each time
 * around. So that is the thing to be good at.
 *
 * Blocks are kept by where their bytes are in *physical* memory, since one page of code may be mapped in many
 * places, and a linear address may mean another page tomorrow. But they are *found* by the address in EIP.
 * Between the two stands the epoch: as long as it has not changed, a block that was at EIP is still at EIP, and
 * nobody needs to ask the page tables. Each block remembers where execution went from it last time, and the time
 * before. For a loop and for an `if` that is all there is. A RET that has more than two callers must look up.
 */
import { translateForFetch } from './access.ts';
import { blockAt, keepBlock, makeRoom, MOST_BLOCKS, MOST_CODE_PAGES } from './code-pages.ts';
import { decodeInstruction } from './decode.ts';
import type { Region } from './compiler/cache.ts';
import { LOOP_PACE } from './compiler/making.ts';
import type { Shape } from './compiler/shape.ts';
import { begin, Decoder } from './decoder.ts';
import { fault, protectionFault } from './faults.ts';
import { type Execute, Instruction } from './instruction.ts';
import { executeOf, immediateOf, lengthOf, PACKED, pack, unpack } from './packed.ts';
import { conditionalJumps, jump, loopOrJump } from './jumps.ts';
import { BASE, CS, EIP, LIMIT } from './layout.ts';
import { type Processor, tire } from './processor.ts';
import { split } from './split.ts';
import { stringRepeated } from './strings.ts';

/** The most instructions of one block. */
const LONGEST_BLOCK = 64;
/** The most former successors that a block remembers. */
const MOST_FORMER = 8;
const NO_BLOCKS: Block[] = [];
const NO_CODE: readonly Instruction[] = [];

/*
 * Most of what a block knows is about others: who comes behind it, who has it compiled, which pages its bytes are on.
 * Of itself it knows its instructions, and how often they have been done, for whoever may want to do something about
 * that.
 */
/** A run of instructions that is entered only at its first and left only behind its last. */
export class Block {
  /** Where its packed instructions begin in the code of the processor, and how many there are. */
  at = 0;
  length = 0;
  /** Offset in the code segment of the first instruction, and behind the last. */
  eip = 0;
  end = 0;
  /** The epoch in which the address of this block was last looked up; -1 once it is dropped. */
  epoch = -1;
  /** Whether its last instruction is like any other: it ends for want of room, or on account of the next. */
  falls = false;
  /** Where execution went from here, the last two times it went elsewhere. */
  successor: Block = this;
  otherSuccessor: Block = this;
  /** The compiled code that begins here. */
  region: Region | undefined = undefined;
  /** How hot it is: it gets hotter by `pace` each time it is interpreted, and is looked at when it is due. */
  heat = 0;
  pace = 1;
  due = 0x3fff_ffff;
  /** Where it went before that, if there were more than two. */
  formerSuccessors: Block[] = NO_BLOCKS;
  /** What it was decoded for: which segments are flat, and how far the code segment reaches. */
  mode = 0;
  limit = 0;
  /** Number of the physical page it begins in. */
  frame = 0;
  /** Physical page of the bytes beyond the page boundary, or -1. */
  secondPage = -1;
  /** Another block that begins at the same byte. */
  variant: Block | undefined = undefined;
  /** Its instructions, once the compiler has asked for them. */
  code: readonly Instruction[] = NO_CODE;
  /** All compiled code that has this block in it, and what the compiler knows of its instructions. */
  regions: Region[] | undefined = undefined;
  shape: Shape | undefined = undefined;
  /**
   * How often compiled code has left here because memory was not where it was expected, and since what count of
   * instructions.
   */
  misses = 0;
  missesSince = 0;
  /** Its accesses often miss the page that compiled code had looked at: better look each time. */
  isCareful = false;
  /** It is worth being compiled with all that it calls. */
  isDeep = false;

  /** Makes it match nothing, and lead nowhere. */
  forget(): void {
    this.code = NO_CODE;
    this.shape = undefined;
    this.epoch = -1;
    this.mode = -1;
    this.successor = NO_BLOCK;
    this.otherSuccessor = NO_BLOCK;
    this.formerSuccessors = NO_BLOCKS;
  }
}

/** Where there is no block yet. Its epoch never comes. */
export const NO_BLOCK = new Block();

/*
 * ## Finding
 *
 * The fast half is four comparisons. The slow half is a translation and three array accesses, and is taken where
 * the path is new.
 */
/** The block at EIP: by the links of the block before, or by looking it up. */
export function nextBlock(cpu: Processor, previous: Block): Block {
  const eip = cpu.words[EIP]!;
  const epoch = cpu.epoch;
  const first = previous.successor;
  if (first.eip === eip && first.epoch === epoch) return first;
  const second = previous.otherSuccessor;
  if (second.eip === eip && second.epoch === epoch) return second;
  const isTarget = previous.epoch >= 0 && jumpsTo(cpu, previous, eip);
  const block = findBlock(cpu, eip, isTarget);
  if (cpu.repeating) stopRepeating(cpu, block);
  if (previous.epoch >= 0 && block.epoch >= 0) {
    if (isTarget && eip <= previous.eip) block.pace = LOOP_PACE;
    if (previous.otherSuccessor.epoch >= 0) rememberFormer(previous, previous.otherSuccessor);
    previous.otherSuccessor = previous.successor;
    previous.successor = block;
  }
  return block;
}

/** Takes no more note of a REP that is not there any more: it may have written over itself. */
function stopRepeating(cpu: Processor, { at }: Block): void {
  if (executeOf(cpu.code, at) !== stringRepeated) cpu.repeating = false;
}

const jumps = new Set<Execute>([jump, loopOrJump, ...conditionalJumps]);

/** Whether a block ends in a jump, with or without a condition, to `eip`. */
function jumpsTo({ code }: Processor, { at, length }: Block, eip: number): boolean {
  const last = at + (length - 1) * PACKED;
  return immediateOf(code, last) === eip && jumps.has(executeOf(code, last));
}

/**
 * The interpreter does not need to know; a compiler wants to see all the ways that a jump through a table takes, or at
 * least eight.
 */
function rememberFormer(block: Block, former: Block): void {
  const { formerSuccessors } = block;
  if (formerSuccessors.length === MOST_FORMER && formerSuccessors[0]!.epoch >= 0) return;
  if (formerSuccessors.includes(former)) return;
  const alive = formerSuccessors.filter(({ epoch }) => epoch >= 0);
  if (alive.length < MOST_FORMER) block.formerSuccessors = [...alive, former];
}

/*
 * The same bytes at another linear address are another block, since its jumps know where they lead. So they
 * are for another set of flat segments. They are chained, and there are rarely two.
 */
function findBlock(cpu: Processor, eip: number, isTarget: boolean): Block {
  const words = cpu.words;
  if (eip >>> 0 > words[LIMIT + CS]! >>> 0) protectionFault();
  const linear = (words[BASE + CS]! + eip) | 0;
  const physical = translateForFetch(cpu, linear);
  // What is looked up further on may cost the TLB this page again: then a new epoch has begun, and this block is of the
  // old one.
  const { epoch } = cpu;
  const page = cpu.codePages[physical >>> 12];
  if (page !== undefined) {
    let block = blockAt(page, physical & 0xfff);
    while (block !== undefined) {
      if (block.eip === eip && block.mode === cpu.mode && block.limit === words[LIMIT + CS]) {
        if (block.secondPage === -1) break;
        const second = translateForFetch(cpu, ((linear & ~0xfff) + 0x1000) | 0) & ~0xfff;
        // To have asked for it may have written to a page table, and somebody may use a page table for code.
        if (second === block.secondPage && block.mode === cpu.mode) break;
      }
      block = block.variant;
    }
    if (block === undefined && isTarget && page === cpu.codePages[physical >>> 12])
      block = split(cpu, page, physical & 0xfff, eip);
    if (block !== undefined) {
      block.epoch = epoch;
      return block;
    }
  }
  return decodeBlock(cpu, eip, physical, epoch);
}

/*
 * ## Decoding ahead
 *
 * Decoding runs ahead of execution, so it may run into what execution would never reach: behind an endless loop
 * there may be bytes that are no instruction. The fault is real only if the very first one meets it. In any other case
 * the block ends before it, and if execution does get there, it is the first of the next block. On the next page
 * decoding ahead looks for nothing. To ask for a page leaves marks, in its entry and in CR2, and whoever has not been
 * there must not have left any.
 *
 * An instruction that lies across two pages depends on both. It gets a block to itself, and both pages know of
 * it.
 */
/** What decoding a block takes at least, in tenths of a microsecond. */
const DECODING = 10;

/** Decodes from `eip` to the next jump, the end of the page, or the first instruction that cannot be fetched. */
function decodeBlock(cpu: Processor, eip: number, physical: number, epoch: number): Block {
  tire(cpu, DECODING);
  const decoder = new Decoder(cpu);
  const block = new Block();
  const frame = physical >>> 12;
  block.eip = eip;
  block.frame = frame;
  block.mode = cpu.mode;
  block.limit = cpu.words[LIMIT + CS]!;
  block.successor = NO_BLOCK;
  block.otherSuccessor = NO_BLOCK;
  if (cpu.compiler !== undefined) block.due = cpu.compiler.warm;
  const isFull = cpu.codeEnd + LONGEST_BLOCK * PACKED > cpu.code.length;
  if (isFull || cpu.blockCount >= MOST_BLOCKS || cpu.codePageCount >= MOST_CODE_PAGES) makeRoom(cpu);
  block.at = cpu.codeEnd;
  let at = eip;
  while (block.length < LONGEST_BLOCK) {
    begin(decoder, at);
    decoder.isAhead = block.length > 0;
    if (decoder.isAhead && ((physical & 0xfff) + ((at - eip) | 0)) >>> 12 !== 0) break;
    try {
      decodeInstruction(decoder);
    } catch (error) {
      // The fault is real only if the first instruction meets it: the others may never be reached.
      if (error !== fault || !decoder.isAhead) throw error;
      break;
    }
    // What crosses into the next page, or counts time, gets a block of its own.
    const alone = decoder.alone || decoder.secondPage !== -1;
    if (alone && decoder.isAhead) break;
    pack(cpu.code, block.at + block.length++ * PACKED, decoder.i);
    block.secondPage = decoder.secondPage;
    at = decoder.i.next;
    block.falls = !alone && !decoder.ends;
    if (!block.falls) break;
  }
  block.end = at;
  block.epoch = epoch;
  const last = block.secondPage === -1 ? frame : block.secondPage >>> 12;
  if (Math.max(frame, last) >= cpu.codePages.length) {
    // Code where there is no RAM: used once, never kept.
    block.epoch = -1;
    return block;
  }
  keepBlock(cpu, block, frame, physical & 0xfff);
  return block;
}

/*
 * ## Taking apart
 *
 * The interpreter reads a block from the first instruction to the last, one at a time. A compiler goes to and fro in
 * it, and gets the records that it wants, for as long as the block lasts.
 */
/** The instructions of a block, each a record of its own. */
export function instructionsOf({ code }: Processor, block: Block): readonly Instruction[] {
  if (block.code.length === 0) {
    let next = block.eip;
    block.code = Array.from({ length: block.length }, (_, position) => {
      const i = new Instruction();
      i.next = next;
      i.execute = unpack(code, block.at + position * PACKED, i);
      next = i.next;
      return i;
    });
  }
  return block.code;
}

/** Offset in the code segment of the instruction at `position` of a block. */
export function eipAt({ code }: Processor, { eip, at }: Block, position: number): number {
  let behind = eip;
  for (let n = 0; n < position; n++) behind += lengthOf(code, at + n * PACKED);
  return behind | 0;
}
