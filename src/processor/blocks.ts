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
import { forgetAllRegions, forgetRegion, noteRewriting } from './compiler/forgetting.ts';
import { decodeInstruction } from './decode.ts';
import type { Region } from './compiler/cache.ts';
import { LOOP_PACE } from './compiler/making.ts';
import type { Shape } from './compiler/shape.ts';
import { begin, Decoder } from './decoder.ts';
import { fault, protectionFault } from './faults.ts';
import type { Instruction } from './instruction.ts';
import { call } from './jumps.ts';
import { BASE, CS, EIP, LIMIT } from './layout.ts';
import type { Processor } from './processor.ts';
import { newEpoch, watchFrame } from './tlb.ts';

/** The most instructions of one block. */
const LONGEST_BLOCK = 64;
/** The most instructions decoded at a time; then all are dropped and it starts anew. */
const MOST_DECODED = 400_000;
/** The most blocks that begin at one byte (for other linear addresses or segments). */
const MOST_VARIANTS = 4;

/** The most of those that are remembered. */
const MOST_FORMER = 8;
const NO_BLOCKS: Block[] = [];

/*
 * Most of what a block knows is about others: who comes behind it, who has it compiled, which pages its bytes are on. Of itself it knows its
 * instructions, and how often they have been done, for whoever may want to do something about that.
 */
/** A run of instructions that is entered only at its first and left only behind its last. */
export class Block {
  code: Instruction[] = [];
  /** Offset in the code segment of the first instruction, and behind the last. */
  eip = 0;
  /** The epoch in which the address of this block was last looked up; -1 once it is dropped. */
  epoch = -1;
  end = 0;
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
  /** All compiled code that has this block in it, and what the compiler knows of its instructions. */
  regions: Region[] | undefined = undefined;
  shape: Shape | undefined = undefined;
  /** How often compiled code has left here because memory was not where it was expected, and since what count of instructions. */
  misses = 0;
  missesSince = 0;
  /** Its accesses often miss the page that compiled code had looked at: better look each time. */
  isCareful = false;
  /** It is worth being compiled with all that it calls. */
  isDeep = false;
}

/** Where there is no block yet. Its epoch never comes. */
export const NO_BLOCK = new Block();

/*
 * Of each page we note which bytes were decoded. A page may hold code and variables side by side, and a write to
 * the variables is no reason to forget the code.
 */
/** What is decoded of one physical page. */
export interface CodePage {
  /** The block that begins at each byte. */
  blocks: (Block | undefined)[];
  /** Which bytes belong to an instruction. */
  covered: Uint8Array;
  /** Blocks of other pages that reach into this one. */
  visitors: Block[];
}

/*
 * ## Finding
 *
 * The fast half is four comparisons. The slow half is a translation and two array accesses, and is taken where
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
  const block = findBlock(cpu, eip);
  if (previous.epoch >= 0 && block.epoch >= 0) {
    if (block.eip <= previous.eip && jumpsTo(previous, block.eip)) block.pace = LOOP_PACE;
    if (previous.otherSuccessor.epoch >= 0) rememberFormer(previous, previous.otherSuccessor);
    previous.otherSuccessor = previous.successor;
    previous.successor = block;
  }
  return block;
}

/** Whether a block ends in a jump, with or without a condition, to `eip`. If that lies before it, there is a loop. */
function jumpsTo({ code }: Block, eip: number): boolean {
  const last = code[code.length - 1]!;
  return last.immediate === eip && last.execute !== call;
}

/** The interpreter does not need to know; a compiler wants to see all the ways that a jump through a table takes. */
function rememberFormer(block: Block, former: Block): void {
  if (block.formerSuccessors.includes(former)) return;
  const alive = block.formerSuccessors.filter(({ epoch }) => epoch >= 0);
  if (alive.length < MOST_FORMER) block.formerSuccessors = [...alive, former];
}

/*
 * The same bytes at another linear address are another block, since its instructions know their EIPs. So they
 * are for another set of flat segments. They are chained, and there are rarely two.
 */
function findBlock(cpu: Processor, eip: number): Block {
  const words = cpu.words;
  if (eip >>> 0 > words[LIMIT + CS]! >>> 0) protectionFault();
  const linear = (words[BASE + CS]! + eip) | 0;
  const physical = translateForFetch(cpu, linear);
  const page = cpu.codePages[physical >>> 12];
  if (page !== undefined) {
    let block = page.blocks[physical & 0xfff];
    while (block !== undefined) {
      if (block.eip === eip && block.mode === cpu.mode && block.limit === words[LIMIT + CS]) {
        if (block.secondPage === -1) break;
        const second = translateForFetch(cpu, ((linear & ~0xfff) + 0x1000) | 0) & ~0xfff;
        if (second === block.secondPage) break;
      }
      block = block.variant;
    }
    if (block !== undefined) {
      block.epoch = cpu.epoch;
      return block;
    }
  }
  return decodeBlock(cpu, eip, physical);
}

/*
 * ## Decoding ahead
 *
 * Decoding runs ahead of execution, so it may run into what execution would never reach: behind an endless loop
 * there may be a page that is not there. The fault is real only if the very first instruction meets it. In any
 * other case the block ends before it, and if execution does get there, it is the first of the next block.
 *
 * An instruction that lies across two pages depends on both. It gets a block to itself, and both pages know of
 * it.
 */
/** Decodes from `eip` to the next jump, the end of the page, or the first instruction that cannot be fetched. */
function decodeBlock(cpu: Processor, eip: number, physical: number): Block {
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
  let at = eip;
  while (block.code.length < LONGEST_BLOCK) {
    begin(decoder, at);
    if (block.code.length > 0 && ((physical & 0xfff) + ((at - eip) | 0)) >>> 12 !== 0) break;
    try {
      decodeInstruction(decoder);
    } catch (error) {
      // The fault is real only if the first instruction meets it: the others may never be reached.
      if (error !== fault || block.code.length === 0) throw error;
      break;
    }
    // What crosses into the next page, or counts time, gets a block of its own.
    const alone = decoder.alone || decoder.secondPage !== -1;
    if (alone && block.code.length > 0) break;
    block.code.push(decoder.i);
    block.secondPage = decoder.secondPage;
    at = decoder.i.next;
    if (alone || decoder.ends) break;
  }
  block.end = at;
  block.epoch = cpu.epoch;
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
 * ## Keeping
 *
 * There is a limit to how much is kept: four hundred thousand instructions, some sixty megabytes of records. A
 * program that writes its own code for ever reaches it, everything is thrown away at once, and what is still in
 * use comes back by itself. An old rule: if forgetting is rare, it need not be clever.
 */
function keepBlock(cpu: Processor, block: Block, frame: number, start: number): void {
  if (cpu.decoded > MOST_DECODED) dropAllCode(cpu);
  cpu.decoded += block.code.length;
  const page = codePage(cpu, frame);
  const length = (block.end - block.eip) >>> 0;
  page.covered.fill(1, start, Math.min(start + length, 0x1000));
  let variants = 0;
  for (let other = page.blocks[start]; other !== undefined; other = other.variant) variants++;
  if (variants < MOST_VARIANTS) block.variant = page.blocks[start];
  else for (let other = page.blocks[start]; other !== undefined; other = other.variant) forget(cpu, other);
  page.blocks[start] = block;
  block.epoch = cpu.epoch;
  if (block.secondPage === -1) return;
  const second = codePage(cpu, block.secondPage >>> 12);
  second.covered.fill(1, 0, start + length - 0x1000);
  second.visitors.push(block);
}

/** The record of a physical page, made when its first block is; from then on writes to the page are watched. */
function codePage(cpu: Processor, frame: number): CodePage {
  let page = cpu.codePages[frame];
  if (page === undefined) {
    page = { blocks: new Array(0x1000).fill(undefined), covered: new Uint8Array(0x1000), visitors: [] };
    cpu.codePages[frame] = page;
    watchFrame(cpu, frame);
  }
  return page;
}

/*
 * ## Dropping
 *
 * Code that writes code is older than compilers, and a kernel does it at every boot when it patches itself for
 * the processor it finds. The i386 of 1985 wanted a jump after such a write, since it had fetched ahead; from
 * the Pentium on the processor noticed by itself. Ours notices the way `tlb.ts` told: stores to such pages take
 * the slow path, and come by here.
 *
 * If the block that is being executed is one of the dropped, its array of instructions is still in the hands of
 * the run loop. `stopAt` is set to 0, so that it does not go on to the next of them, but looks again at what
 * stands there now.
 */
/** Drops the decoded code of a physical page if `size` bytes at physical address `at` are part of it. */
export function dropCode(cpu: Processor, at: number, size: number): void {
  const page = cpu.codePages[at >>> 12]!;
  const start = at & 0xfff;
  for (let offset = start; offset < start + size; offset++) {
    if (page.covered[offset] === 1) {
      dropPage(cpu, at >>> 12);
      return;
    }
  }
}

/** Drops all decoded code of a physical page. */
export function dropPage(cpu: Processor, frame: number): void {
  const page = cpu.codePages[frame];
  if (page === undefined) return;
  cpu.codePages[frame] = undefined;
  if (cpu.compiler !== undefined) noteRewriting(cpu.compiler, frame);
  for (const first of page.blocks) {
    for (let block = first; block !== undefined; block = block.variant) forget(cpu, block);
  }
  for (const visitor of page.visitors) {
    if (visitor.epoch >= 0) forget(cpu, visitor);
    // It may still stand in the list of the page it begins in: make it match nothing.
    visitor.mode = -1;
  }
  // The block being executed may be one of these: leave it after the current instruction.
  cpu.stopAt = 0;
}

function forget(cpu: Processor, block: Block): void {
  for (const region of [...(block.regions ?? [])]) forgetRegion(cpu.compiler!, region);
  cpu.decoded -= block.code.length;
  block.code = [];
  block.shape = undefined;
  block.epoch = -1;
  block.mode = -1;
  block.successor = NO_BLOCK;
  block.otherSuccessor = NO_BLOCK;
  block.formerSuccessors = NO_BLOCKS;
}

function dropAllCode(cpu: Processor): void {
  if (cpu.compiler !== undefined) forgetAllRegions(cpu.compiler);
  cpu.codePages.fill(undefined);
  cpu.decoded = 0;
  newEpoch(cpu);
}
