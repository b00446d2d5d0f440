/*
 * # What has been compiled
 *
 * Regions live as long as the blocks they were made of. When a page is written to, its blocks go, and with them
 * every region that has one of them inside, however small a part.
 *
 * A way out of compiled code is a number. What it means stands in a table on our side: in which block that is, at which
 * instruction, how many were counted and have not been done. To prepare for a way out costs two constants, that is,
 * nothing, as you have seen.
 */
import type { Block } from '../blocks.ts';
import type { Instruction } from '../instruction.ts';
import { JUMP_CACHE, JUMP_CACHE_ENTRIES, RAM_BASE } from '../layout.ts';
import type { Processor } from '../processor.ts';
import type { ExitNumbers } from './draft.ts';
import type { Node } from './node.ts';
import { timesOf } from './region.ts';

/*
 * ## Ways out
 *
 * There are four, and they differ in who goes on, and where. In the middle of a block, because a page was not where
 * it was expected, or because the instruction is not one that we compile: then the interpreter goes on in the same
 * block, at the same position, just as if it had been there all the time. Behind an instruction that has changed the
 * world. At another address. And in front of a block, because the budget may not last to the next look at it.
 */
/** What to do after leaving compiled code. */
export class Exit {
  readonly block: Block;
  readonly code: readonly Instruction[];
  /** Which instruction of the block comes next, if the interpreter goes on inside the block. */
  readonly position: number;
  /** Instructions that were counted and not done. */
  readonly refund: number;
  readonly resumes: boolean;
  /** EIP, unless compiled code has written it. */
  readonly eip: number | undefined;
  /** Taken when memory is not where it was expected. */
  readonly isMiss: boolean;
  /** How often it was taken, and from which retired count on. */
  leaves = 0;
  since = 0;
  /**
   * The budget may not last to the next look at it: it stands in front of its block, and nobody has come from there.
   */
  isTired = false;
  /**
   * Instructions from here on that the interpreter does while compiled code waits, and the number of the exit behind
   * the first; those behind the others follow.
   */
  together = 0;
  behind = 0;

  constructor({ block, body, end }: Node, position: number, refund: number, resumes: boolean, eip?: number) {
    this.block = block;
    this.code = block.code;
    this.position = position;
    this.refund = refund;
    this.resumes = resumes;
    this.eip = eip;
    this.isMiss = resumes && (position < body || end !== 'interpreted');
  }
}

/*
 * A region knows its blocks, and its blocks know it, so that either can be dropped.
 */
/** A compiled region. */
export class Region {
  readonly entry: Block;
  readonly blocks: Block[];
  readonly key: number;
  readonly user: boolean;
  /** Its place in the table of functions. */
  readonly slot: number;
  /** The least budget with which it is worth while to enter. */
  readonly need: number;
  readonly size: number;
  /** The ways out, by the lower part of their numbers. */
  readonly exits: readonly Exit[];
  /** There was more to gather, but no room for it, or it was a function that is called. */
  readonly isPart: boolean;
  /** How often its entry had been interpreted when it was made. */
  readonly times: number;
  alive = true;
  /** Instructions at whose end it was found at work. */
  work = 0;

  constructor(
    nodes: readonly Node[],
    key: number,
    user: boolean,
    slot: number,
    exits: Exit[],
    isPart: boolean,
  ) {
    this.entry = nodes[0]!.block;
    this.blocks = [...new Set(nodes.map((node) => node.block))];
    this.key = key;
    this.user = user;
    this.slot = slot;
    this.need = nodes[0]!.need;
    this.size = nodes.reduce((sum, { block }) => sum + block.length, 0);
    this.exits = exits;
    this.isPart = isPart;
    this.times = timesOf(this.entry);
  }
}

/*
 * ## Their numbers
 *
 * The number of an exit is the slot of its region and, in the lower eleven bits, its place in the region's list. (Six
 * hundred instructions, which is the most of one region, have room for three each.) One place in the code may be left
 * in the same way by several instructions of ours, a check for each of three operands, say. They share a number.
 *
 * A way out to where there may be compiled code has its number turned over, bit by bit, which makes it negative. That
 * is how the dispatcher, which knows nothing else about exits, tells *look whether the next place is compiled* from
 * *give it back to the interpreter*.
 */
const EXIT_BITS = 11;

/** Which region an exit belongs to, by its slot; and which of its exits it is. */
export function slotOf(number: number): number {
  return (number < 0 ? ~number : number) >>> EXIT_BITS;
}

export function exitOf(region: Region, number: number): Exit {
  return region.exits[(number < 0 ? ~number : number) & ((1 << EXIT_BITS) - 1)]!;
}

/** The exits of one region in the making. */
export class ExitList implements ExitNumbers {
  readonly exits: Exit[] = [];
  private readonly first: number;
  /** The exit in the middle of a block that was asked for last. */
  private lastNode: Node | undefined = undefined;
  private lastPosition = -1;
  private last = 0;

  constructor(slot: number) {
    this.first = slot << EXIT_BITS;
  }

  private add(exit: Exit): number {
    return this.first + this.exits.push(exit) - 1;
  }

  before(node: Node, position: number): number {
    if (node !== this.lastNode || position !== this.lastPosition) {
      this.last = this.add(new Exit(node, position, node.block.length - position, true));
      this.lastNode = node;
      this.lastPosition = position;
    }
    return this.last;
  }

  stepping(node: Node, position: number, together: number): number {
    const number = this.before(node, position);
    const exit = this.exits[number - this.first]!;
    const { code, length } = node.block;
    exit.together = together;
    exit.behind = this.first + this.exits.length;
    for (let at = position; at < position + together; at++) {
      this.add(new Exit(node, at, length - at - 1, false, code[at]!.next));
    }
    return number;
  }

  away(node: Node): number {
    if (node.away === -1) node.away = this.add(new Exit(node, 0, 0, false));
    return ~node.away;
  }

  somewhere(node: Node): number {
    return ~this.away(node);
  }

  tired(node: Node): number {
    if (node.tired === -1) {
      const exit = new Exit(node, 0, 0, false, node.block.eip);
      exit.isTired = true;
      node.tired = this.add(exit);
    }
    return node.tired;
  }
}

/*
 * ## Finding by address
 *
 * The table that the dispatcher reads has a place for each of so many mixtures of bits. Two regions with the same
 * mixture push each other out of it, and nothing is lost by that but time.
 */
function cacheIndex(eip: number): number {
  return (JUMP_CACHE >>> 2) + (((eip ^ (eip >>> 13)) & (JUMP_CACHE_ENTRIES - 1)) << 2);
}

/** Lets compiled code find a region without asking, until another one takes its place. */
export function publish({ words }: Processor, { entry, key, slot }: Region): void {
  const at = cacheIndex(entry.eip);
  words[at] = entry.eip;
  words[at + 1] = key;
  words[at + 2] = entryOfPage(entry.eip >>> 12, entry.frame);
  words[at + 3] = slot;
}

export function isPublished({ words }: Processor, { entry, slot }: Region): boolean {
  const at = cacheIndex(entry.eip);
  return words[at] === entry.eip && words[at + 3] === slot; // an entry that was withdrawn is all zeros, and 0 is a slot
}

/** What the TLB has for a page that lies in `frame`. */
export function entryOfPage(page: number, frame: number): number {
  return (RAM_BASE + (frame << 12) - (page << 12)) | 1;
}

export function withdraw(cpu: Processor, region: Region): void {
  const { words } = cpu;
  const at = cacheIndex(region.entry.eip);
  if (words[at + 3] === region.slot) words.fill(0, at, at + 4);
}
