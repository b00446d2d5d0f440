/*
 * # Who looks at flags
 *
 * Backwards through a block one sees for each instruction whether anybody will ever look at the flags it makes. Two
 * questions are asked. Are they *live*: will they be read, or can the region be left before they are overwritten,
 * so that the interpreter might read them? And are they *wanted*: will compiled code read them, so that it must be
 * known what they are?
 *
 * Live is cheap: two copies of operands that are at hand anyway. Wanted is dearer, and rare.
 */
import { loopOrJump } from '../jumps.ts';
import type { Node } from './node.ts';
import { isBackEdge } from './structure.ts';
import { FLAGS_CHANGED, FLAGS_MASK, FLAGS_READ, FLAGS_SET, FLAGS_STEPPED, MAY_LEAVE } from './shape.ts';

/** What is known of flags at some point: two bits. */
export const LIVE = 1;
export const WANTED = 2;

/*
 * ## Around the loops
 *
 * What is live at the end of a block is what is live at the beginning of those behind it, and in a loop one of them is
 * the block itself. So one goes through all of them, last to first, until nothing changes any more. Two rounds are the
 * rule.
 */
/** Fills in `flagsLive` and `flagsWanted` of all nodes. */
export function findLiveFlags(order: readonly Node[]): void {
  for (let changed = true; changed; ) {
    changed = false;
    for (let index = order.length - 1; index >= 0; index--) {
      const node = order[index]!;
      const known = backwards(node, undefined);
      const live = (known & LIVE) !== 0;
      const wanted = (known & WANTED) !== 0;
      if (live !== node.flagsLive || wanted !== node.flagsWanted) {
        node.flagsLive = live;
        node.flagsWanted = wanted;
        changed = true;
      }
    }
  }
}

/** For each instruction of a block, whether the flags behind it are live or wanted. */
export function livenessIn(node: Node): number[] {
  const notes: number[] = new Array(node.body).fill(0);
  backwards(node, notes);
  return notes;
}

/*
 * ## Through a block
 *
 * An instruction that sets all flags ends the matter for those above it. One that changes some of them, as INC does,
 * hands the question on. One that may fault makes the flags live: the handler will save them, and hand them to the
 * debugger of somebody who is having a bad day.
 */
function backwards(node: Node, notes: number[] | undefined): number {
  const { flows } = node.shape;
  let known = atEnd(node);
  for (let position = node.body - 1; position >= 0; position--) {
    if (notes) notes[position] = known;
    const flow = flows[position]!;
    switch (flow & FLAGS_MASK) {
      case FLAGS_SET:
      case FLAGS_STEPPED:
        known = 0;
        break;
      case FLAGS_READ:
        known = LIVE | WANTED;
        break;
      case FLAGS_CHANGED:
        known = known & LIVE ? LIVE | WANTED : 0;
        break;
      default:
    }
    if (flow & MAY_LEAVE) known |= LIVE;
  }
  // Whether the second page is where it was is asked before the first instruction.
  return node.block.secondPage === -1 ? known : known | LIVE;
}

/*
 * And at the lower end stands the jump, which is itself somebody who looks.
 */
/** Behind the last instruction that is compiled in the common way. */
function atEnd(node: Node): number {
  const { end, edges } = node;
  if (end === 'branch') return LIVE | WANTED;
  // An interpreter is to come, or pushing and popping may fail, or it may lead anywhere.
  let known = end === 'falls' || end === 'jump' || end === 'loop' ? 0 : LIVE;
  for (const { to } of edges) {
    if (!to || to.flagsLive || mayLeave(node, to)) known |= LIVE;
    if (to?.flagsWanted) known |= WANTED;
  }
  if (end === 'repeats') return LIVE;
  if (end !== 'loop') return known;
  const last = node.block.code[node.block.length - 1]!;
  return last.execute === loopOrJump && last.operation < 2 ? LIVE | WANTED : known;
}

/**
 * Whether the region may be left on the way from one node to another: where it is time to look at the budget, or
 * whether the next page is there.
 */
function mayLeave(from: Node, to: Node): boolean {
  return isBackEdge(from, to) || from.block.eip >>> 12 !== to.block.eip >>> 12;
}
