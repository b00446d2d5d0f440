/*
 * # From region to function
 *
 * The blocks are there, in order, and who dominates whom is known. What remains is to write them down so that each
 * jump goes to the end of something or to the beginning of a loop. Norman Ramsey showed in 2022 that this takes one
 * walk down the dominator tree and no cleverness at all:
 *
 * - a block that is jumped back to is wrapped in a `loop`;
 * - a block that is reached from two sides stands *behind* a `block`, whose end is the place to jump to;
 * - any other is written right where the jump to it would have been, and the jump disappears.
 *
 * All ways out lead to one place at the end, where the registers are put back into memory.
 */
import { EIP, FLAG_KIND } from '../layout.ts';
import { entryOfPage } from './cache.ts';
import { canonicalize } from './flag-values.ts';
import {
  BUDGET_LEFT,
  type Draft,
  EXIT,
  KIND,
  loadFlags,
  loadRegisters,
  loadWord,
  prepareExit,
  prepareTarget,
  runtimeKind,
  settle,
  step,
  storeLocal,
  storeState,
  TARGET,
} from './draft.ts';
import { BLOCK, END, I32_LOAD, LOOP, LT_S, NE, SUB, UNREACHABLE } from './emitter.ts';
import { CANONICAL, DYNAMIC } from './kinds.ts';
import { findLiveFlags, LIVE, livenessIn, WANTED } from './liveness.ts';
import { emitEnd } from './lower-ends.ts';
import { prepareGuesses } from './guesses.ts';
import { planAccesses } from './plan.ts';
import type { Edge, Node } from './node.ts';
import { isBackEdge } from './structure.ts';

/** Where to branch for a block: the label of its loop, and the one behind which it stands. */
interface Labels {
  loops: Map<Node, number>;
  merges: Map<Node, number>;
}

/** Finds out what must be known before the first byte is written: flags, registers, and where memory is touched. */
export function prepare(d: Draft, order: readonly Node[]): void {
  findLiveFlags(order);
  findKinds(order);
  for (const { shape } of order) {
    d.used |= shape.used;
    d.written |= shape.changed;
  }
  const { pointers, guesses } = planAccesses(order);
  d.pointers = pointers;
  d.guesses = guesses;
}

/*
 * If the entry wants flags, they must be in the plain form. Whoever jumped here may have left them in another: then
 * somebody is asked to settle them first.
 */
/** Writes the function of a region, whose nodes are in reverse postorder. */
export function emitFunction(d: Draft, order: readonly Node[]): void {
  const { code } = d;
  const [entry] = order as [Node];
  d.epilogue = code.open(BLOCK);
  if (entry.flagsWanted) settle(d);
  loadRegisters(d);
  loadFlags(d);
  loadWord(d, FLAG_KIND, KIND);
  prepareGuesses(d, entry);
  d.kind = entry.flagsIn;
  checkBudget(d, entry);
  emitTree(d, entry, { loops: new Map(), merges: new Map() });
  code.op(UNREACHABLE);
  code.end();
  storeState(d);
  storeLocal(d, EIP, TARGET);
  code.get(EXIT);
  code.op(END);
}

/*
 * Flags that come from one side are what they are there. Where ways meet, they are in whatever state they were on
 * the way that was taken, unless somebody wants to know: then they are made canonical before the ways meet.
 */
function findKinds(order: readonly Node[]): void {
  for (const node of order) {
    if (node.order === 0 || node.isHeader || node.isMerge) {
      node.flagsIn = node.flagsWanted ? CANONICAL : DYNAMIC;
    }
  }
}

/*
 * ## The tree
 *
 * What a block dominates is written inside it, or behind it if it is a place where ways meet.
 */
function emitTree(d: Draft, node: Node, labels: Labels): void {
  const { code } = d;
  if (node.isHeader) labels.loops.set(node, code.open(LOOP));
  // The merge that comes last is the outermost: whoever jumps there must jump over the others.
  const merges = [...node.merges].sort((a, b) => b.order - a.order);
  for (const merge of merges) labels.merges.set(merge, code.open(BLOCK));
  emitNode(d, node, labels);
  for (const merge of merges.reverse()) {
    code.end();
    emitTree(d, merge, labels);
  }
  if (node.isHeader) code.end();
}

function emitNode(d: Draft, node: Node, labels: Labels): void {
  const { code } = d;
  d.node = node;
  d.kind = node.flagsIn;
  d.plan = node.plan!;
  d.careful = node.block.isCareful;
  const { block } = node;
  if (block.secondPage !== -1) checkSecondPage(d, node);
  code.get(BUDGET_LEFT);
  code.with(block.length, SUB);
  code.set(BUDGET_LEFT);
  const { lowerings } = node.shape;
  const known = livenessIn(node);
  for (let position = 0; position < node.body; position++) {
    const i = block.code[position]!;
    const lowering = lowerings[position];
    d.position = position;
    d.i = i;
    d.needed = (known[position]! & LIVE) !== 0;
    d.wanted = (known[position]! & WANTED) !== 0;
    if (lowering) {
      lowering.lower(d, i);
    } else {
      let behind = position + 1;
      while (behind < node.body && !lowerings[behind]) behind++;
      step(d, behind - position);
      position = behind - 1;
    }
  }
  d.position = node.body;
  d.i = block.code[node.body] ?? d.i;
  emitEnd(d, node, (edge) => emitEdge(d, node, edge, labels));
}

/*
 * ## Edges
 *
 * The budget is looked at where a loop goes back. At its head, behind the jump, that would be one line less to write.
 * But there are the flags. At the lower end of a loop it is known what was done last, and so what the flags are made
 * of: two numbers that are at hand. At its head they might come from below or from above. Whoever may leave there has
 * to carry them around, in three locals, each time, for a reader who comes once in a hundred thousand instructions. As
 * it is, most loops carry none, and a plain one that only counts and shifts takes a tenth less time.
 */
/** Goes along an edge: into the region's next block, or out. Nothing behind it is reached. */
function emitEdge(d: Draft, node: Node, edge: Edge, labels: Labels): void {
  const { code } = d;
  const { to, eip } = edge;
  if (!to) {
    prepareTarget(d, eip);
    prepareExit(d, d.exits.away(node));
    code.branch(d.epilogue);
    return;
  }
  if (eip >>> 12 !== node.block.eip >>> 12) checkPage(d, node, to);
  if (node.end === 'repeats' || isBackEdge(node, to)) checkBudget(d, to);
  const kind = d.kind;
  if (to.isHeader || to.isMerge || to.order === 0) agreeOnFlags(d, to);
  else to.flagsIn = d.kind;
  if (isBackEdge(node, to)) code.branch(labels.loops.get(to)!);
  else if (to.isMerge) code.branch(labels.merges.get(to)!);
  else emitTree(d, to, labels);
  d.kind = kind;
}

/** Turns the flags into what the next block expects to find. */
function agreeOnFlags(d: Draft, to: Node): void {
  if (!to.flagsLive || d.kind === to.flagsIn) return;
  if (to.flagsIn === DYNAMIC) {
    d.code.const(runtimeKind(d.kind));
    d.code.set(KIND);
  } else {
    canonicalize(d);
  }
}

/** Leaves in front of `to` if the budget may not last until it is looked at again. */
function checkBudget(d: Draft, to: Node): void {
  prepareExit(d, d.exits.tired(to));
  d.code.get(BUDGET_LEFT);
  d.code.with(to.need, LT_S);
  d.code.branchIf(d.epilogue);
}

/*
 * ## From page to page
 *
 * The dispatcher looks whether the first page of a region is where it was. A region that goes on into another page has
 * to look for itself, each time: one load, one comparison. If the page has moved, the way out leads to those who look
 * blocks up.
 */
/** A jump to another page. */
function checkPage(d: Draft, node: Node, { block }: Node): void {
  prepareTarget(d, block.eip);
  prepareExit(d, d.exits.away(node));
  leaveUnlessIn(d, block.eip >>> 12, block.frame);
}

/*
 * One instruction in a thousand or two lies across two pages, like a sentence whose verb is overleaf. Here the
 * dispatcher must not be asked to try again: it would look at the first page, find nothing wrong with it, and come
 * straight back.
 */
function checkSecondPage(d: Draft, node: Node): void {
  const { eip, secondPage } = node.block;
  prepareTarget(d, eip);
  prepareExit(d, d.exits.somewhere(node));
  leaveUnlessIn(d, ((eip >>> 12) + 1) & 0xf_ffff, secondPage >>> 12);
}

function leaveUnlessIn(d: Draft, page: number, frame: number): void {
  d.code.const(0);
  d.code.memory(I32_LOAD, d.readTable + page * 4);
  d.code.with(entryOfPage(page, frame), NE);
  d.code.branchIf(d.epilogue);
}
