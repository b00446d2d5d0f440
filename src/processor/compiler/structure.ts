/*
 * # Structure
 *
 * In 1968 Edsger Dijkstra wrote a letter about the `goto`, and WebAssembly has taken it to heart. Machine code jumps
 * wherever it likes; WebAssembly has blocks that can be left and loops that can be begun again, one inside the other.
 * What turns the first into the second is a question about the graph: which block *must* one have passed to get here?
 * It is said to *dominate*.
 *
 * If A dominates B, B can be written inside A's block. And if a jump goes back to a block that dominates it, that is
 * a loop, with one door. Compilers of tidy languages make nothing else. The others are two sections down.
 */
import type { Node } from './node.ts';

/**
 * Orders the nodes of a region, finds dominators, loop headers and merges, and cuts what no structure can hold.
 *
 * @returns the nodes that can be reached, in reverse postorder
 */
export function structure(entry: Node): Node[] {
  while (true) {
    const order = reversePostorder(entry);
    findDominators(order);
    if (!cutIrreducible(order)) {
      markMerges(order);
      measure(order);
      return order;
    }
  }
}

function reversePostorder(entry: Node): Node[] {
  const post: Node[] = [];
  visit(entry, {}, post);
  post.reverse();
  for (let index = 0; index < post.length; index++) post[index]!.order = index;
  return post;
}

/** Puts a node behind all that can be reached from it. `round` is a new object each time. */
function visit(node: Node, round: object, post: Node[]): void {
  node.visitedIn = round;
  for (const { to } of node.edges) if (to && to.visitedIn !== round) visit(to, round, post);
  post.push(node);
}

/*
 * ## Who dominates whom
 *
 * The way of Cooper, Harvey and Kennedy: guess, and walk up from both sides until you meet.
 */
function findDominators(order: Node[]): void {
  const [entry] = order as [Node];
  const into: Node[][] = order.map(() => []);
  for (const node of order) {
    node.dominator = undefined;
    for (const { to } of node.edges) if (to) into[to.order]!.push(node);
  }
  entry.dominator = entry;
  for (let changed = true; changed; ) {
    changed = false;
    for (const node of order) {
      if (node === entry) continue;
      let best: Node | undefined;
      for (const from of into[node.order]!) {
        if (from.dominator) best = best ? meet(best, from) : from;
      }
      if (best !== node.dominator) {
        node.dominator = best;
        changed = true;
      }
    }
  }
}

function meet(a: Node, b: Node): Node {
  let one = a;
  let other = b;
  while (one !== other) {
    while (one.order > other.order) one = one.dominator!;
    while (other.order > one.order) other = other.dominator!;
  }
  return one;
}

function dominates(above: Node, below: Node): boolean {
  let node = below;
  while (node.order > above.order) node = node.dominator!;
  return node === above;
}

/*
 * ## Loops with two doors
 *
 * An edge that goes back to a block which does not dominate it makes a loop that can be entered in two places.
 * WebAssembly has none of these. So such a jump back is cut, and leaves the region; if there is compiled code where it
 * leads, the dispatcher finds it.
 */
function cutIrreducible(order: Node[]): boolean {
  let cut = false;
  for (const node of order) {
    for (const edge of node.edges) {
      if (edge.to && isBackEdge(node, edge.to) && !dominates(edge.to, node)) {
        edge.to = undefined;
        cut = true;
      }
    }
  }
  return cut;
}

function markMerges(order: Node[]): void {
  const forward = order.map(() => 0);
  const last = order.map(() => -1); // from where the last jump back comes
  for (const node of order) {
    node.merges = [];
    for (const { to } of node.edges) {
      if (!to) continue;
      if (isBackEdge(node, to)) last[to.order] = node.order;
      else forward[to.order]!++;
    }
  }
  for (const node of order) if (last[node.order]! >= 0) markLoop(order, node, last[node.order]!);
  for (const node of order) {
    node.isMerge = forward[node.order]! > 1;
    if (node.isMerge) node.dominator!.merges.push(node);
  }
}

/**
 * Whoever stands between the head of a loop and the last jump back to it is part of the loop, or nearly always. (It is
 * only asked to find out where [a guess](#the-page-of-last-time) is worth most.)
 */
function markLoop(order: Node[], head: Node, last: number): void {
  head.isHeader = true;
  for (let index = head.order; index <= last; index++) order[index]!.loops++;
}

/*
 * ## How far it is to the next look at the clock
 *
 * The budget is looked at on entering, on every jump that goes back, and behind each REP. Whoever has got past one of
 * these must be able to walk to the next.
 */
function measure(order: Node[]): void {
  for (let index = order.length - 1; index >= 0; index--) {
    const node = order[index]!;
    let farthest = 0;
    for (const { to } of node.edges) {
      if (node.end === 'repeats' || !to || isBackEdge(node, to)) continue;
      farthest = Math.max(farthest, to.need);
    }
    node.need = node.block.length + farthest;
  }
}

/** Whether a jump from one node to another closes a loop. */
export function isBackEdge(from: Node, to: Node): boolean {
  return to.order <= from.order;
}
