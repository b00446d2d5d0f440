/*
 * # Pages with code
 *
 * Decoding is paid once and lived on for long, provided that nobody writes to what was decoded. So somebody must know,
 * of every page of memory, whether there is code in it and which blocks would be wrong if it changed. And as programs
 * come and go, somebody must clear up after them.
 *
 * Of each page we note which bytes were decoded. A page may hold code and variables side by side, and a write to
 * the variables is no reason to forget the code.
 *
 * And of each byte, which block begins there. A JavaScript array of four thousand and ninety-six mostly missing blocks
 * takes thirty-two kilobytes, and a kernel has hundreds of such pages. So the table holds numbers of sixteen bits, and
 * the blocks stand in a list.
 */
import type { Block } from './blocks.ts';
import { forgetAllRegions, forgetRegion, noteRewriting } from './compiler/forgetting.ts';
import { MOST_DECODED, PACKED } from './packed.ts';
import { type Processor, tire } from './processor.ts';
import { newEpoch, watchFrame } from './tlb.ts';

/** The most pages that are kept decoded. */
export const MOST_CODE_PAGES = 8192;
/** The most blocks that are decoded before somebody tidies up. */
export const MOST_BLOCKS = 100_000;

/** The most blocks that begin at one byte (for other linear addresses or segments). */
const MOST_VARIANTS = 4;

/** What is decoded of one physical page. */
export interface CodePage {
  /** For each byte, which of `blocks` begins there; 0 for none. */
  readonly starts: Uint16Array;
  /** Number 0 is nobody. */
  readonly blocks: (Block | undefined)[];
  /** Which bytes belong to an instruction. */
  covered: Uint8Array;
  /** Blocks of other pages that reach into this one. */
  readonly visitors: Set<Block>;
}

/** The block that begins at a byte of a page; others may follow it, as its `variant`. */
export function blockAt({ starts, blocks }: CodePage, offset: number): Block | undefined {
  return blocks[starts[offset]!];
}

/*
 * ## Keeping
 *
 * A block is put where its first byte is, in front of others that begin there too. Five of them is a crowd, and nobody
 * asks which four would be the right ones: all make room for the new one.
 */
/**
 * Keeps a block whose instructions have just been packed behind all others, and which begins at byte `start` of page
 * `frame`.
 */
export function keepBlock(cpu: Processor, block: Block, frame: number, start: number): void {
  cpu.codeEnd += block.length * PACKED;
  const page = codePage(cpu, frame);
  const length = (block.end - block.eip) >>> 0;
  page.covered.fill(1, start, Math.min(start + length, 0x1000));
  addBlock(cpu, block, start);
  if (block.secondPage === -1) return;
  const second = codePage(cpu, block.secondPage >>> 12);
  second.covered.fill(1, 0, start + length - 0x1000);
  second.visitors.add(block);
}

/** Puts a block where its first byte is. */
export function addBlock(cpu: Processor, block: Block, start: number): void {
  cpu.blockCount++;
  const page = codePage(cpu, block.frame);
  const first = blockAt(page, start);
  let variants = 0;
  for (let other = first; other !== undefined; other = other.variant) variants++;
  if (variants < MOST_VARIANTS) block.variant = first;
  else for (let other = first; other !== undefined; other = other.variant) forget(cpu, other);
  if (first === undefined) page.starts[start] = page.blocks.push(block) - 1;
  else page.blocks[page.starts[start]!] = block;
}

/** The record of a physical page, made when its first block is; from then on writes to the page are watched. */
function codePage(cpu: Processor, frame: number): CodePage {
  let page = cpu.codePages[frame];
  if (page === undefined) {
    page = {
      starts: new Uint16Array(0x1000),
      blocks: [undefined],
      covered: new Uint8Array(0x1000),
      visitors: new Set(),
    };
    cpu.codePages[frame] = page;
    cpu.codePageCount++;
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
 * If the block that is being executed is one of the dropped, its packed instructions still lie where the run loop is
 * reading. `stopAt` is set to 0, so that it does not go on to the next of them, but looks again at what stands there
 * now.
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

/** What that takes, with the decoding that will follow, in tenths of a microsecond: much, for a store. */
const DEAR = 20;

/** Drops all decoded code of a physical page. */
export function dropPage(cpu: Processor, frame: number): void {
  const page = cpu.codePages[frame];
  if (page === undefined) return;
  cpu.codePages[frame] = undefined;
  cpu.codePageCount--;
  tire(cpu, DEAR);
  if (cpu.compiler !== undefined) noteRewriting(cpu.compiler, frame);
  for (const block of blocksOf(page)) forget(cpu, block);
  for (const visitor of page.visitors) {
    if (visitor.epoch >= 0) forget(cpu, visitor);
    // It may still stand in the list of the page it begins in: make it match nothing.
    visitor.mode = -1;
  }
  // The block being executed may be one of these: leave it after the current instruction.
  cpu.stopAt = 0;
}

/** All blocks that begin in a page. */
function blocksOf({ blocks }: CodePage): Block[] {
  const all: Block[] = [];
  for (const first of blocks) {
    for (let block = first; block !== undefined; block = block.variant) all.push(block);
  }
  return all;
}

function forget(cpu: Processor, block: Block): void {
  for (const region of [...(block.regions ?? [])]) forgetRegion(cpu.compiler!, region);
  block.forget();
  if (block.secondPage !== -1) cpu.codePages[block.secondPage >>> 12]?.visitors.delete(block);
}

/*
 * ## Moving together
 *
 * Packed instructions are written one behind the other, and what a dropped block leaves is a hole. When the end is
 * reached, whoever is still in use moves down, until there are no holes and all that is free is at the end. It is how
 * one tidies a bookshelf, and takes about as much thought.
 *
 * If more than half of the shelf is in use even so, the guest is one that does nothing but make new code. The same if
 * it has visited thirty-two megabytes of pages: each costs twelve kilobytes, however little of it was looked at. And
 * the same if there are too many blocks to carry: a guest that calls each byte of three megabytes of `ret` fills the
 * shelf with leaflets, and we were a fifth of a second carrying four hundred thousand of them. Then everything is
 * thrown away at once, and what is still needed comes back by itself. An old rule: if forgetting is rare, it need not
 * be clever.
 */
/** Makes room for more packed instructions, at least half of all that there is room for. */
export function makeRoom(cpu: Processor): void {
  const { code } = cpu;
  const inUse = cpu.codePages
    .flatMap((page) => (page === undefined ? [] : blocksOf(page)))
    .filter(({ mode }) => mode !== -1);
  const instructions = inUse.reduce((sum, { length }) => sum + length, 0);
  const isMuch = instructions > MOST_DECODED / 2 || inUse.length > MOST_BLOCKS / 2;
  if (isMuch || cpu.codePageCount >= MOST_CODE_PAGES) {
    dropAllCode(cpu);
    return;
  }
  cpu.blockCount = inUse.length;
  cpu.codeEnd = 0;
  for (const block of inUse.sort((a, b) => a.at - b.at)) {
    const size = block.length * PACKED;
    code.copyWithin(cpu.codeEnd, block.at, block.at + size);
    block.at = cpu.codeEnd;
    cpu.codeEnd += size;
  }
}

function dropAllCode(cpu: Processor): void {
  if (cpu.compiler !== undefined) forgetAllRegions(cpu.compiler);
  for (const page of cpu.codePages) {
    if (page !== undefined) for (const block of blocksOf(page)) block.forget();
  }
  cpu.codePages.fill(undefined);
  cpu.codePageCount = 0;
  cpu.blockCount = 0;
  cpu.codeEnd = 0;
  newEpoch(cpu);
}
