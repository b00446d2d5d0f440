/*
 * # A block and its ways out
 *
 * Compilers call this a control flow graph and draw it with boxes. A box is a block; an arrow is a jump; an arrow
 * without a head leaves the region.
 */
import type { Block } from '../blocks.ts';
import type { End } from './ends.ts';
import type { Plan } from './plan.ts';
import { type Shape, shapeOf } from './shape.ts';

/*
 * A function that is called from five places is compiled five times, in each place once more. It costs room, and
 * it is worth it: each copy has one way in and one way out, and its RET knows where it goes.
 */
/** A call within a region, or the outermost level. */
export interface Frame {
  readonly id: number;
  readonly depth: number;
  readonly caller: Frame | undefined;
  /** Where the function begins that was called; -1 for the outermost level. */
  readonly entry: number;
  /** Where its RETs may lead. */
  readonly sites: { eip: number; frame: Frame }[];
  /** What has been gathered of it, by address. */
  readonly nodes: Map<number, Node>;
}

/** A way from one block to another, or out of the region. */
export interface Edge {
  /** Offset in the code segment. */
  eip: number;
  to: Node | undefined;
}

/** A block in a region. */
export class Node {
  readonly block: Block;
  readonly shape: Shape;
  readonly end: End;
  /** How many of its instructions are compiled before the one that ends it. */
  readonly body: number;
  /** The ways out: for a condition the taken one first; for an indirect jump those that were seen. */
  edges: Edge[] = [];
  /** Number in reverse postorder; -1 until reached. */
  order = -1;
  visitedIn: object | undefined = undefined;
  dominator: Node | undefined = undefined;
  /** Dominated blocks that are reached from more than one side. */
  merges: Node[] = [];
  isHeader = false;
  /** How many loops it is part of, one inside the other. */
  loops = 0;
  isMerge = false;
  /** Instructions from here to the next check of the budget, at most. */
  need = 0;
  /** Flags when it begins: whether they matter, whether they must be known exactly, and what they are. */
  flagsLive = false;
  flagsWanted = false;
  flagsIn = -1;
  /** Where it touches memory. */
  plan: Plan | undefined = undefined;
  /** The number of the exit that leads from here to another address, or -1. */
  away = -1;
  /** The number of the exit in front of it that is taken when the budget ends, or -1. */
  tired = -1;

  /** The call in which it stands. */
  readonly frame: Frame;

  constructor(block: Block, frame: Frame) {
    this.block = block;
    this.frame = frame;
    this.shape = shapeOf(block);
    this.end = this.shape.end;
    this.body = this.shape.body;
  }
}
