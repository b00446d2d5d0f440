/*
 * # What has been compiled
 *
 * Regions live as long as the blocks they were made of. When a page is written to, its blocks go, and with them
 * every region that has one of them inside, however small a part.
 *
 * A way out of compiled code is a number. What it means stands in a table on our side: in which block that is, at
 * which instruction, how many were counted and have not been done. To prepare for a way out costs the compiled code
 * two constants in local variables, that is, nothing, since a constant in a variable that is not read is not even
 * loaded.
 */
import type { Block } from '../blocks.ts';
import type { Instruction } from '../instruction.ts';
import { JUMP_CACHE, JUMP_CACHE_ENTRIES } from '../layout.ts';
import type { Processor } from '../processor.ts';
import type { ExitNumbers } from './draft.ts';
import type { Node } from './node.ts';

/*
 * ## Ways out
 *
 * There are five, and they differ in who goes on, and where. In the middle of a block, because a page was not where
 * it was expected, or because the instruction is not one that we compile: then the interpreter goes on in the same
 * block, at the same position, just as if it had been there all the time. Behind an instruction that has changed the
 * world. At another address. At the same address, because the budget is too small for once around. And at the very
 * beginning, when flags are wanted in another form.
 */
/** What to do after leaving compiled code. */
export interface Exit {
  readonly block: Block;
  readonly code: Instruction[];
  /** Which instruction of the block comes next, if the interpreter goes on inside the block. */
  readonly position: number;
  /** Instructions that were counted and not done. */
  readonly refund: number;
  readonly resumes: boolean;
  /** How often this way was taken because memory was not where it was expected. */
  misses: number;
  /** The retired count from which they are counted. */
  since: number;
  /** EIP, unless compiled code has written it. */
  readonly eip: number | undefined;
}

/** A count of misses from which it never gets to be many. */
const NEVER = -0x8000_0000;

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
  readonly exits: number[];
  alive = true;

  constructor(nodes: readonly Node[], key: number, user: boolean, slot: number, exits: number[]) {
    this.entry = nodes[0]!.block;
    this.blocks = [...new Set(nodes.map((node) => node.block))];
    this.key = key;
    this.user = user;
    this.slot = slot;
    this.need = nodes[0]!.need;
    this.size = nodes.reduce((sum, { block }) => sum + block.code.length, 0);
    this.exits = exits;
  }
}

/*
 * Numbers of exits are baked into machine code, so they cannot be moved up when one in the middle goes. They are given out again,
 * like coat checks.
 */
/** Exits by number, with numbers used again. */
export class Exits {
  readonly all: Exit[] = [];
  private readonly free: number[] = [];

  add(exit: Exit): number {
    const number = this.free.pop() ?? this.all.length;
    this.all[number] = exit;
    return number;
  }

  release(numbers: readonly number[]): void {
    this.free.push(...numbers);
  }
}

/*
 * One place in the code may be left in the same way by several instructions of ours, a check for each of three operands, say. They
 * share a number: what is known by block, position and reason is asked for once and remembered.
 *
 * A way out that leads to another address has its number turned over, bit by bit, which makes it negative. That is how the dispatcher, which knows
 * nothing else about exits, tells *look whether the next place is compiled* from *give it back to the interpreter*.
 */
/** The exits of one function; the numbers given out are noted in `given`. */
export function exitNumbers(exits: Exits, given: number[]): ExitNumbers {
  const known = new Map<string, number>();
  const once = (node: Node, name: string, make: () => Exit): number => {
    const key = `${node.order} ${name}`;
    let number = known.get(key);
    if (number === undefined) {
      number = exits.add(make());
      given.push(number);
      known.set(key, number);
    }
    return number;
  };
  const exit = (
    { block, body }: Node,
    position: number,
    refund: number,
    resumes: boolean,
    eip?: number,
  ): Exit => ({
    block,
    code: block.code,
    position,
    refund,
    resumes,
    misses: resumes && position < body ? 0 : NEVER,
    since: 0,
    eip,
  });
  const behind = (node: Node, position: number) => node.block.code.length - position;
  return {
    before: (node, position) =>
      once(node, `before ${position}`, () => exit(node, position, behind(node, position), true)),
    behind: (node, position) =>
      once(node, `behind ${position}`, () =>
        exit(node, position, behind(node, position + 1), false, node.block.code[position]!.next),
      ),
    // Negative: the dispatcher may look for compiled code at the address.
    away: (node) => ~once(node, 'away', () => exit(node, 0, 0, false)),
    tired: (node) => once(node, 'tired', () => exit(node, 0, 0, false, node.block.eip)),
    unsettled: (node) => once(node, 'unsettled', () => exit(node, 0, 0, false, node.block.eip)),
  };
}

/*
 * ## Finding by address
 */
function cacheIndex(eip: number): number {
  return (JUMP_CACHE >>> 2) + (((eip ^ (eip >>> 13)) & (JUMP_CACHE_ENTRIES - 1)) << 2);
}

/** Lets compiled code find a region without asking. `page` is the TLB entry of its first page. */
export function publish(cpu: Processor, region: Region, page: number): void {
  const { words } = cpu;
  const at = cacheIndex(region.entry.eip);
  words[at] = region.entry.eip;
  words[at + 1] = region.key;
  words[at + 2] = page;
  words[at + 3] = region.slot;
}

export function withdraw(cpu: Processor, region: Region): void {
  const { words } = cpu;
  const at = cacheIndex(region.entry.eip);
  if (words[at + 3] === region.slot) words.fill(0, at, at + 4);
}
