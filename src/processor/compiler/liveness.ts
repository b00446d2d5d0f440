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
import { ADC, SBB } from '../flags.ts';
import type { Instruction } from '../instruction.ts';
import { loopOrJump } from '../jumps.ts';
import type { Lowering } from './lowering.ts';
import type { Node } from './node.ts';
import { lowerings } from './table.ts';

/** For each instruction of a block, whether the flags behind it are live, and whether they are wanted. */
export interface Liveness {
  live: boolean[];
  wanted: boolean[];
}

/** What an instruction does with flags, seen by itself. */
export function flagsOf(i: Instruction, lowering: Lowering): Exclude<Lowering['flags'], 'row'> {
  if (lowering.flags !== 'row') return lowering.flags;
  return i.operation === ADC || i.operation === SBB ? 'uses' : 'sets';
}

/*
 * ## Around the loops
 *
 * What is live at the end of a block is what is live at the beginning of those behind it, and in a loop one of them is the block itself. So one
 * goes through all of them, last to first, until nothing changes any more. Two rounds are the rule.
 */
/** Fills in `flagsLive` and `flagsWanted` of all nodes. */
export function findLiveFlags(order: readonly Node[]): void {
  for (let changed = true; changed; ) {
    changed = false;
    for (let index = order.length - 1; index >= 0; index--) {
      const node = order[index]!;
      const { live, wanted } = atBegin(node);
      if (live !== node.flagsLive || wanted !== node.flagsWanted) {
        node.flagsLive = live;
        node.flagsWanted = wanted;
        changed = true;
      }
    }
  }
}

/** Liveness behind each instruction. */
export function livenessIn(node: Node): Liveness {
  const result: Liveness = { live: [], wanted: [] };
  backwards(node, result);
  return result;
}

function atBegin(node: Node) {
  return backwards(node, undefined);
}

/*
 * ## Through a block
 *
 * An instruction that sets all flags ends the matter for those above it. One that changes some of them, as INC does, hands the question on. One that may fault makes
 * the flags live: the handler will save them, and hand them to the debugger of somebody who is having a bad day.
 */
function backwards(node: Node, note: Liveness | undefined): { live: boolean; wanted: boolean } {
  let { live, wanted } = atEnd(node);
  for (let position = node.body - 1; position >= 0; position--) {
    if (note) {
      note.live[position] = live;
      note.wanted[position] = wanted;
    }
    const i = node.block.code[position]!;
    const lowering = lowerings.get(i.execute);
    if (!lowering?.fits(i)) {
      live = true;
      wanted = false;
      continue;
    }
    switch (flagsOf(i, lowering)) {
      case 'sets':
        live = false;
        wanted = false;
        break;
      case 'uses':
      case 'reads':
        live = true;
        wanted = true;
        break;
      case 'changes':
        wanted = live;
        break;
      case 'passes':
        wanted = false;
        break;
      default:
    }
    if (canLeave(i, lowering)) live = true;
  }
  // The entry and loop headers may leave before they begin.
  if (node.order === 0 || node.isHeader) live = true;
  return { live, wanted };
}

function canLeave(i: Instruction, lowering: Lowering): boolean {
  return lowering.faults || lowering.stack !== 'none' || (i.isMemory && lowering.operand !== 'none');
}

/*
 * And at the lower end stands the jump, which is itself somebody who looks.
 */
/** Behind the last instruction that is compiled in the common way. */
function atEnd(node: Node): { live: boolean; wanted: boolean } {
  let live = node.end === 'interpreted' || node.edges.some(({ to }) => !to || to.flagsLive);
  const wanted = node.edges.some(({ to }) => to?.flagsWanted);
  if (node.end === 'branch') return { live: true, wanted: true };
  const last = node.block.code[node.block.code.length - 1]!;
  if (node.end === 'loop') {
    const reads = last.execute === loopOrJump && last.operation < 2;
    return { live: live || reads, wanted: wanted || reads };
  }
  // Pushing and popping may fail, and an indirect jump may lead anywhere.
  if (node.end !== 'falls' && node.end !== 'jump') live = true;
  return { live, wanted };
}
