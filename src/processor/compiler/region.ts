/*
 * # Regions
 *
 * A block is too small to be worth a function of its own: a loop has two or three, and going from one to the next would
 * cost more than what they do. So blocks are gathered into *regions*, from a hot one outward, along every way that
 * execution has been seen to take: up to 150 instructions, and where that has proved worth more trouble up to 600,
 * whole loops with the functions they call, across as many pages as it takes.
 *
 * A block belongs if it has been interpreted at least once for each eight times that the hot one was. What is rarer is
 * left outside, and the way there is a way out. It is no loss: if it becomes hot one day, it gets a region of its own.
 *
 * Only, what is compiled is not interpreted any more, and so nobody counts it. A sort that is compiled from the inside
 * outwards, first the loop that compares, then what calls it, would leave its own heart outside, for when the caller's
 * turn comes, nobody has counted the loop for long. So a block that is part of a region counts as often as that
 * region's entry had been interpreted when it was made; and when a wide region is made, it belongs in any case.
 */
import { type Block, instructionsOf } from '../blocks.ts';
import { blockAt } from '../code-pages.ts';
import { CPL, RAM_BASE, READ_SUPERVISOR, READ_USER } from '../layout.ts';
import type { Processor } from '../processor.ts';
import { type Frame, Node } from './node.ts';

/** The most instructions and blocks of one region. */
const MOST_INSTRUCTIONS = 600;
const MOST_NODES = 96;
/** The same for the first try. */
const FEW_INSTRUCTIONS = 150;
const FEW_NODES = 32;
/** A block is taken along if it was interpreted one time in so many. */
const WARM = 8;
/** Return sites that one RET compares with. */
const MOST_SITES = 8;
/** Calls within calls that are compiled in line. */
const DEEPEST = 4;

/** A region while it is being gathered. */
export class Gathering {
  readonly cpu: Processor;
  /** How often a block must have been interpreted to be taken along. */
  readonly warm: number;
  /** With all that it calls. */
  readonly isDeep: boolean;
  readonly nodes: Node[] = [];
  readonly outermost: Frame = { id: 0, depth: 0, caller: undefined, entry: -1, sites: [], nodes: new Map() };
  frames = 1;
  size = 0;
  /** Something was left out that might have been taken along. */
  isPart = false;

  constructor(cpu: Processor, seed: Block) {
    this.cpu = cpu;
    this.warm = Math.max(1, timesOf(seed) / WARM);
    this.isDeep = seed.isDeep;
  }
}

/*
 * ## Outward
 *
 * A list that grows while it is walked through: each node, when its turn comes, puts those behind it at the end.
 */
/** How often a block was interpreted: its heat rises faster if it is the head of a loop. */
export function timesOf(block: Block): number {
  return block.heat / block.pace;
}

/** Gathers the blocks around `seed`. The first is the seed's. */
export function gather(cpu: Processor, seed: Block): Gathering {
  const g = new Gathering(cpu, seed);
  instructionsOf(cpu, seed);
  include(g, new Node(seed, g.outermost));
  for (let next = 0; next < g.nodes.length; next++) follow(g, g.nodes[next]!);
  for (const node of g.nodes) if (node.end === 'return') addReturnSites(g, node);
  return g;
}

function include(g: Gathering, node: Node): Node {
  const { block, frame } = node;
  frame.nodes.set(block.eip, node);
  g.nodes.push(node);
  g.size += block.length;
  return node;
}

function isWorthTaking({ warm, isDeep }: Gathering, block: Block): boolean {
  if (timesOf(block) >= warm) return true;
  return block.regions !== undefined && (isDeep || block.regions.some(({ times }) => times >= warm));
}

/** The node at `eip` within a call, which is taken in if it is worth it and there is room. */
function admit(g: Gathering, from: Block, eip: number, frame: Frame): Node | undefined {
  const known = frame.nodes.get(eip);
  if (known) return known;
  const block = findExecuted(g.cpu, from, eip);
  if (!block || !isWorthTaking(g, block)) return undefined;
  const { isDeep, nodes, size } = g;
  if (
    nodes.length >= (isDeep ? MOST_NODES : FEW_NODES) ||
    size + block.length > (isDeep ? MOST_INSTRUCTIONS : FEW_INSTRUCTIONS)
  ) {
    g.isPart = true;
    return undefined;
  }
  instructionsOf(g.cpu, block);
  const node = new Node(block, frame);
  return node.end === 'interpreted' && node.body === 0 ? undefined : include(g, node);
}

/** Takes in what a block leads to. */
function follow(g: Gathering, node: Node): void {
  const { block, frame } = node;
  const calls = node.end === 'call' || node.end === 'indirect call';
  for (const eip of waysOut(node)) {
    if (node.end === 'return') {
      // Whoever called the outermost function may be worth having.
      if (frame === g.outermost) admit(g, block, eip, frame);
      continue;
    }
    const into = calls ? calledFrame(g, frame, eip) : frame;
    node.edges.push({ eip, to: into && admit(g, block, eip, into) });
    if (calls) into?.sites.push({ eip: block.end, frame });
  }
  if (calls && g.isDeep) admit(g, block, block.end, frame);
}

/*
 * A function that calls itself is not compiled in itself for ever: it is the same frame again, with one more place
 * to return to.
 */
function calledFrame(g: Gathering, caller: Frame, entry: number): Frame | undefined {
  if (!g.isDeep) {
    g.isPart = true;
    return undefined;
  }
  for (let frame: Frame | undefined = caller; frame; frame = frame.caller) {
    if (frame.entry === entry || frame.nodes.has(entry)) return frame;
  }
  if (caller.depth === DEEPEST) return undefined;
  return { id: g.frames++, depth: caller.depth + 1, caller, entry, sites: [], nodes: new Map() };
}

function addReturnSites(g: Gathering, node: Node): void {
  const { frame } = node;
  const seenSites = frame === g.outermost ? seen(node.block).map((eip) => ({ eip, frame })) : [];
  for (const site of [...frame.sites, ...seenSites]) {
    const to = site.frame.nodes.get(site.eip);
    if (!to || node.edges.length >= MOST_SITES) continue;
    if (node.edges.every((edge) => edge.eip !== site.eip)) node.edges.push({ eip: site.eip, to });
  }
}

/*
 * ## Ways out
 *
 * Of a jump one can read where it leads. Of a RET, or of a jump through a table, one can only ask where it has gone so
 * far.
 */
/** Where execution may go from a block, as far as one can see. */
function waysOut(node: Node): number[] {
  const { block } = node;
  const last = block.code[block.length - 1]!;
  switch (node.end) {
    case 'falls':
    case 'repeats':
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

/** Where an indirect jump has been seen to go. */
function seen({ successor, otherSuccessor, formerSuccessors }: Block): number[] {
  const eips = new Set<number>();
  for (const block of [successor, otherSuccessor, ...formerSuccessors]) {
    if (block.epoch >= 0) eips.add(block.eip);
  }
  return [...eips];
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
  const page = cpu.codePages[frame];
  let block = page && blockAt(page, eip & 0xfff);
  while (block !== undefined) {
    if (block.eip === eip && block.mode === from.mode) return block;
    block = block.variant;
  }
  return undefined;
}
