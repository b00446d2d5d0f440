/*
 * # Regions
 *
 * A block is too small to be worth a function of its own: a loop has two or three, and going from one to the next
 * would cost more than what they do. So blocks are gathered into *regions*, from a hot one outward, along every way
 * that execution has been seen to take.
 */
import type { Block } from '../blocks.ts';
import { type End, endOf } from './ends.ts';
import { CPL, RAM_BASE, READ_SUPERVISOR, READ_USER } from '../layout.ts';
import type { Processor } from '../processor.ts';
import type { Plan } from './plan.ts';

/** The most instructions and blocks of one region. */
const MOST_INSTRUCTIONS = 600;
const MOST_NODES = 96;
/** How often a block must have been interpreted to be taken along. */
export const WARM = 24;
/** Return sites that one RET compares with. */
const MOST_SITES = 4;

/** A way from one block to another, or out of the region. */
export interface Edge {
  /** Offset in the code segment. */
  eip: number;
  to: Node | undefined;
}

/** A block in a region. */
export class Node {
  readonly block: Block;
  readonly end: End;
  /** How many of its instructions are compiled before the one that ends it. */
  readonly body: number;
  /** The ways out: for a condition the taken one first; for an indirect jump those that were seen. */
  edges: Edge[] = [];
  /** Number in reverse postorder; -1 until reached. */
  order = -1;
  dominator: Node | undefined = undefined;
  /** Dominated blocks that are reached from more than one side. */
  merges: Node[] = [];
  isHeader = false;
  isMerge = false;
  /** Instructions from here to the next check of the budget, at most. */
  need = 0;
  /** Flags when it begins: whether they matter, whether they must be known exactly, and what they are. */
  flagsLive = false;
  flagsWanted = false;
  flagsIn = -1;
  /** Where it touches memory. */
  plan: Plan = { operands: [], stacks: [] };

  constructor(block: Block) {
    this.block = block;
    const last = block.code[block.code.length - 1]!;
    this.end = endOf(last);
    this.body = this.end === 'falls' ? block.code.length : block.code.length - 1;
  }
}

/** Gathers the blocks around `seed`. The first is the seed's. */
export function gather(cpu: Processor, seed: Block, warm: number): Node[] {
  const nodes = [new Node(seed)];
  const byEip = new Map<number, Node>([[seed.eip, nodes[0]!]]);
  let size = seed.code.length;
  const admit = (from: Block, eip: number): Node | undefined => {
    const known = byEip.get(eip);
    if (known) return known;
    const block = findExecuted(cpu, from, eip);
    if (
      !block ||
      block.heat < warm ||
      nodes.length >= MOST_NODES ||
      size + block.code.length > MOST_INSTRUCTIONS
    )
      return undefined;
    const node = new Node(block);
    if (node.end === 'interpreted' && node.body === 0) return undefined;
    byEip.set(eip, node);
    nodes.push(node);
    size += block.code.length;
    return node;
  };
  for (let next = 0; next < nodes.length; next++) {
    const node = nodes[next]!;
    const { block } = node;
    for (const eip of waysOut(node)) {
      const to = admit(block, eip);
      if (to || node.end !== 'return') node.edges.push({ eip, to });
    }
    if (node.end === 'call' || node.end === 'indirect call') admit(block, block.end);
  }
  addReturnSites(nodes, byEip);
  return nodes;
}

/** Where execution may go from a block, as far as one can see. */
function waysOut(node: Node): number[] {
  const { block } = node;
  const last = block.code[block.code.length - 1]!;
  switch (node.end) {
    case 'falls':
      return [block.end];
    case 'jump':
    case 'call':
      return [last.immediate];
    case 'branch':
    case 'loop':
      return [last.immediate, block.end];
    case 'interpreted':
      return [];
    default:
      return seen(block);
  }
}

/** Where an indirect jump went the last two times. */
function seen({ successor, otherSuccessor }: Block): number[] {
  const eips: number[] = [];
  for (const block of [successor, otherSuccessor]) {
    if (block.epoch >= 0 && !eips.includes(block.eip)) eips.push(block.eip);
  }
  return eips;
}

/** The block at `eip`, if it is decoded and where the TLB says it is. */
function findExecuted(cpu: Processor, from: Block, eip: number): Block | undefined {
  let frame = from.frame;
  if (eip >>> 12 !== from.eip >>> 12) {
    const table = cpu.words[CPL] === 3 ? READ_USER : READ_SUPERVISOR;
    const entry = cpu.words[table + (eip >>> 12)]!;
    if ((entry & 1) === 0) return undefined;
    frame = ((eip & ~0xfff) + entry - 1 - RAM_BASE) >>> 12;
  }
  let block = cpu.codePages[frame]?.blocks[eip & 0xfff];
  while (block !== undefined) {
    if (block.eip === eip && block.mode === from.mode && block.secondPage === -1) return block;
    block = block.variant;
  }
  return undefined;
}

/*
 * ## Where a RET may go
 *
 * To behind every call, in this region, of the function that it ends.
 */
function addReturnSites(nodes: Node[], byEip: Map<number, Node>): void {
  for (const caller of nodes) {
    if (caller.end !== 'call') continue;
    const eip = caller.block.end;
    const callee = caller.edges[0]!.to;
    const to = byEip.get(eip);
    if (!callee || !to) continue;
    for (const node of returnsOf(callee, byEip)) {
      if (node.edges.length < MOST_SITES && node.edges.every((edge) => edge.eip !== eip)) {
        node.edges.push({ eip, to });
      }
    }
  }
}

/** The RETs that a function reaches without returning; calls are stepped over. */
function returnsOf(entry: Node, byEip: Map<number, Node>): Node[] {
  const seen = new Set<Node>([entry]);
  const returns: Node[] = [];
  for (const node of seen) {
    if (node.end === 'return') {
      returns.push(node);
    } else if (node.end === 'call' || node.end === 'indirect call') {
      const site = byEip.get(node.block.end);
      if (site) seen.add(site);
    } else {
      for (const { to } of node.edges) if (to) seen.add(to);
    }
  }
  return returns;
}
