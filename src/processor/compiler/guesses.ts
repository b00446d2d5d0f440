/*
 * # The page of last time
 *
 * To ask the TLB where a page is takes a load, and the load that it is for has to wait until the answer is there.
 * Mostly nobody notices: a processor of today begins with the next address while it waits for this one. Unless the next
 * address depends on what this load brings. A checksum goes like that: take a number, look it up in a table, make the
 * next number of what you find. There the two loads stand in line, and each turn of the loop takes as long as both of
 * them.
 *
 * But a table is often smaller than a page, and it stays where it is. So for a load with an index that has just been
 * worked out, within a loop, we *guess* that it goes to the page of last time. Where that is, is in a local. Whether
 * the guess was right is still asked. But only a branch waits for the answer, and a processor predicts branches: the
 * load has begun by then. A CRC of a megabyte takes a quarter less time for that.
 *
 * The guess is good until the TLB forgets something. Whatever makes it forget also ends our stay, and whoever comes in
 * again guesses anew.
 */
import { entryOfPage } from './cache.ts';
import { type Draft, FIRST_POINTER } from './draft.ts';
import { AND, IF, XOR } from './emitter.ts';
import type { Node } from './node.ts';
import type { Group } from './plan.ts';

/** The most guesses in one region: each takes two locals, and a processor has sixteen registers. */
export const MOST_GUESSES = 4;
/** Locals of a guess: the page of last time, as its first address, and the way from there to our memory. */
const LOCALS = 2;

export function localsOf(guesses: number): number {
  return guesses * LOCALS;
}

function pageLocal(d: Draft, guess: number): number {
  return FIRST_POINTER + d.pointers + guess * LOCALS;
}

/*
 * ## The first guess
 *
 * It has to be a page that is there, or else the first load would read what no guest should see. There is one of which
 * we are sure, and for which nothing need be asked: the page of the code itself. Hardly a table lies there, and so the
 * first load of each stay asks. If one does, the guess was right.
 */
/** On entering a region that begins with `entry`. */
export function prepareGuesses(d: Draft, entry: Node): void {
  const { eip, frame } = entry.block;
  for (let guess = 0; guess < d.guesses; guess++) {
    const local = pageLocal(d, guess);
    d.code.const(eip & ~0xfff);
    d.code.set(local);
    d.code.const(entryOfPage(eip >>> 12, frame) ^ 1);
    d.code.set(local + 1);
  }
}

/*
 * ## The next
 *
 * If one bit of the page is another, or the address is not a multiple of the size, the TLB is asked, as for everybody
 * else, and what it says is the next guess.
 */
/**
 * Sets the local of a group to how far its page is from its linear address: by a guess, and if that is wrong by what
 * `ask` finds out.
 *
 * @param address the local with the linear address of the group, whose number of bytes is a power of two
 */
export function guessPage(d: Draft, group: Group, address: number, ask: () => void): void {
  const { code } = d;
  const local = pageLocal(d, group.guess);
  code.get(address);
  code.get(local);
  code.op(XOR);
  code.with(~0xfff | (group.high - group.low - 1), AND);
  code.open(IF);
  ask();
  code.get(address);
  code.with(~0xfff, AND);
  code.set(local);
  code.get(group.local);
  code.set(local + 1);
  code.end();
  code.get(local + 1);
  code.set(group.local);
}
