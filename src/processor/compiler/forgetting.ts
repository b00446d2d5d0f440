/*
 * # Forgetting
 *
 * Four things end a region. Its page is written to, so the code is no longer that code. It was made too hopefully, or
 * too narrow. Or there is too much of everything, and then all go: the ones that matter come back by themselves.
 */
import { type Region, withdraw } from './cache.ts';
import type { Compiler } from './compiler.ts';
import { EAGER } from './making.ts';

/** The most regions that are kept: each with some kilobytes of bookkeeping. */
export const MOST_REGIONS = 3000;

/** How many doublings of patience with a page that is rewritten. */
const MOST_PATIENCE = 8;

/*
 * ## Pages that will not keep still
 *
 * Who rewrites a page of code once will do it again: a loader, a compiler, a kernel that patches itself. Each time
 * costs us a region, and from then on blocks of that page must be twice as hot as before to be compiled, up to 256
 * times.
 */
/** A page of code is about to be written to. */
export function noteRewriting(compiler: Compiler, frame: number): void {
  const { regions, rewritten } = compiler;
  if (rewritten[frame] === MOST_PATIENCE || compiler.hottest === EAGER) return;
  for (const region of regions) {
    if (region.entry.frame === frame) {
      rewritten[frame]!++;
      return;
    }
  }
}
/*
 * ## Dead and buried
 *
 * A region may be forgotten while it runs: it is a store that it has just had done for it which changed its page. So it
 * is taken out of everything by which it could be found, at once, and its slot is given back only when nobody can be
 * inside any more.
 */
/** Forgets a region. It may be running: then it stays where it is until that is over. */
export function forgetRegion(compiler: Compiler, region: Region): void {
  if (!region.alive) return;
  region.alive = false;
  region.entry.region = undefined;
  region.entry.heat = compiler.warm;
  region.entry.due = compiler.hot;
  for (const block of region.blocks) {
    const others = block.regions!.filter((other) => other !== region);
    block.regions = others.length > 0 ? others : undefined;
  }
  withdraw(compiler.cpu, region);
  compiler.size -= region.size;
  compiler.regions.delete(region);
  compiler.dead.push(region);
}
/** Forgets every region. */
export function forgetAllRegions(compiler: Compiler): void {
  for (const region of compiler.regions) forgetRegion(compiler, region);
}
/** Gives back the slots of the dead. To be called when no compiled code is running. */
export function bury(compiler: Compiler): void {
  for (const region of compiler.dead) {
    compiler.table.set(region.slot, null);
    compiler.bySlot[region.slot] = undefined;
    compiler.freeSlots.push(region.slot);
  }
  compiler.dead.length = 0;
}
