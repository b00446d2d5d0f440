/*
 * # Watching it run
 *
 * A region is a guess: this much belongs together, memory will be where it was. Compiled code itself has no time to
 * keep accounts of how good the guess was. But each time it comes out, it says why, and from the whys one learns three
 * things: that a region is too narrow, that it lacks a neighbour, or that it trusts memory too much.
 */
import type { Block } from '../blocks.ts';
import { EIP } from '../layout.ts';
import type { Exit, Region } from './cache.ts';
import type { Compiler } from './compiler.ts';
import { forgetRegion } from './forgetting.ts';
import { EAGER, compileTogether, NEVER } from './making.ts';

/*
 * ## A wider view
 *
 * The first region around a block is a small one, without the functions that are called. Mostly that is enough, or more
 * than enough: of all that gets hot in a boot, little stays so. But now and then the budget ends, and whoever is found
 * at work when it does is a sample of those who work the most. So we keep a tally, and who was found at the end of a
 * hundred thousand instructions in all is made anew with all that it calls, and all that *they* call.
 */
/** After how much work a region is worth making with what it calls. */
const MUCH_WORK = 100_000;

/** A region was at work when `budget` instructions had been done. */
export function noteWork(compiler: Compiler, region: Region, budget: number): void {
  region.work += budget;
  if (region.work < MUCH_WORK) return;
  const { entry } = region;
  forgetRegion(compiler, region);
  entry.isDeep = true;
  compileTogether(compiler, [entry]);
}

/*
 * ## A neighbour
 *
 * A loop that was compiled first may have its other half outside, which has not been interpreted often enough yet. Then
 * it is in and out, in and out: a microsecond each time, and the half outside gets warm as slowly as if nobody knew it.
 * We know better. Whoever follows compiled code sixteen times, at most two hundred instructions apart, is hot now. Of
 * the first fifty milliseconds of a quicksort, that takes ten.
 */
/** After so many times that compiled code was left at one place, somebody asks how often that happens. */
const MANY_LEAVES = 16;
/** More than once in so many instructions is too often. */
const WORTH_LEAVING = 200;

/** Compiled code was left for an address where there is none. */
export function noteLeaving({ cpu, hot }: Compiler, exit: Exit): void {
  if (++exit.leaves < MANY_LEAVES) return;
  const retired = cpu.retiredAtEnd - cpu.remaining;
  const often = retired - exit.since < MANY_LEAVES * WORTH_LEAVING;
  exit.leaves = 0;
  exit.since = retired;
  if (!often) return;
  const { successor, otherSuccessor } = exit.block;
  const eip = cpu.words[EIP]!;
  const next = successor.eip === eip ? successor : otherSuccessor;
  if (next.eip !== eip || next.epoch < 0 || next.due === NEVER || next.heat >= hot) return;
  // How often it was interpreted, which is heat by pace, stays about what it is.
  next.pace = Math.ceil((hot * next.pace) / Math.max(next.heat, 1));
  next.heat = hot;
}

/*
 * ## Second thoughts
 *
 * Compiled code leaves when memory is not where it was expected. That is the right thing for a page that is touched for
 * the first time: the interpreter does the one access, the TLB learns where the page is, and the next four kilobytes
 * are good. It is the wrong thing if the TLB has nothing to learn, as with a stack frame that lies across two pages,
 * when several accesses are looked up as one. So a miss from which the TLB has learned is forgiven. Of the others,
 * whoever has more than one in twenty-five thousand instructions is compiled anew, more carefully.
 */
/** After so many misses in one block somebody asks how often they come. */
const MANY_MISSES = 100;
/** More than one miss in so many instructions is too often. */
const WORTH_A_MISS = 25_000;

/** Compiled code was left in `block`, because memory was not where it was expected. */
export function noteMiss(compiler: Compiler, block: Block): void {
  compiler.missed = block;
  compiler.learnedBefore = compiler.cpu.learned;
  if (block.misses >= MANY_MISSES) reconsider(compiler, block);
}

/** Counts the last miss, unless the TLB has learned from it. */
export function judgeMiss(compiler: Compiler): void {
  const { cpu, missed, learnedBefore } = compiler;
  if (missed !== undefined && cpu.learned === learnedBefore) missed.misses++;
  compiler.missed = undefined;
}

/** A block whose accesses miss too often is compiled anew, with a look at the TLB for each of them. */
function reconsider(compiler: Compiler, block: Block): void {
  const { cpu } = compiler;
  const retired = cpu.retiredAtEnd - cpu.remaining;
  const often = retired - block.missesSince < MANY_MISSES * WORTH_A_MISS;
  block.misses = 0;
  block.missesSince = retired;
  if (!often || block.isCareful || compiler.hottest === EAGER) return;
  block.isCareful = true;
  for (const region of [...(block.regions ?? [])]) {
    forgetRegion(compiler, region);
    region.entry.heat = compiler.hot;
  }
}
