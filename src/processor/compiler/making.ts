/*
 * # Worth it?
 *
 * Compiling costs something: ten to forty microseconds for each i386 instruction while our own code is still cold,
 * most of it spent in this room and not in the engine below. That is a thousand instructions' worth of interpreting.
 * So a block must run often before it is worth a program of its own, and how often is a bargain. Ten small programs, each one
 * loop, would have it soon: at 250 times their first runs took 6.7 times what the real processor took, at 4,000 it was
 * 9.3. A booting Linux does a great many things a few hundred times and never again. It was at its shell after 6.5
 * seconds with 250, 4.4 with 1,000, 3.6 with 4,000; the interpreter alone took 4.5.
 */
import type { Block } from '../blocks.ts';
import { CPL, RAM_BASE, READ_SUPERVISOR, READ_USER, WRITE_SUPERVISOR, WRITE_USER } from '../layout.ts';
import { MODE_CODE_32, MODE_FLAT_CODE, MODE_FLAT_DATA, MODE_FLAT_STACK } from '../processor.ts';
import { type Exit, exitNumbers, publish, Region } from './cache.ts';
import type { Compiler } from './compiler.ts';
import { Draft, I32_LOCALS, I64_LOCALS } from './draft.ts';
import { bury, forgetAllRegions, forgetRegion, MOST_REGIONS } from './forgetting.ts';
import { emitFunction } from './function.ts';
import { regionModule, type WasmFunction } from './module.ts';
import type { Node } from './node.ts';
import { gather, WARM } from './region.ts';
import { structure } from './structure.ts';

/** Times that a block is interpreted before it is compiled, unless somebody wants it otherwise. */
export const HOT = 1000;

/** A block that ends in the interpreter is not worth the way there and back if it has fewer instructions than this. */
const WORTH_ENTERING = 12;

/** The most instructions that are kept compiled. */
const MOST_COMPILED = 150_000;

const EVERYTHING_FLAT = MODE_FLAT_DATA | MODE_FLAT_STACK | MODE_FLAT_CODE | MODE_CODE_32;
const KEY = 0x100;
const KEY_USER = 0x200;

/*
 * ## Five reasons not to
 *
 * The page is rewritten again and again. The segments are not flat, or the block lies across two pages. It begins with an
 * instruction that we cannot compile. Or it is short and ends with one, and the way there and back would cost more than
 * what is in between.
 */
/** Compiles the region around a block that has become hot. */
export function compileAround(compiler: Compiler, block: Block): void {
  const { cpu } = compiler;
  const rewritten = compiler.rewritten[block.frame]!;
  if (rewritten > 0 && !block.hasWaited) {
    // Who rewrites a page once will do it again: wait twice as long each time.
    block.hasWaited = true;
    block.heat -= compiler.hot << rewritten;
    return;
  }
  if (block.mode !== EVERYTHING_FLAT || block.secondPage !== -1 || block.epoch < 0) return;
  bury(compiler);
  if (compiler.size > MOST_COMPILED || compiler.regions.size >= MOST_REGIONS) forgetAllRegions(compiler);
  const user = cpu.words[CPL] === 3;
  const gathered = gather(cpu, block, Math.min(WARM, compiler.hot));
  const [entry] = gathered as [(typeof gathered)[0]];
  if (entry.end === 'interpreted' && entry.body === 0) return;
  const order = structure(entry);
  if (order.length === 1 && entry.end === 'interpreted' && entry.body < WORTH_ENTERING) return;
  link(compiler, block, order, user);
}

/*
 * ## From blocks to a function
 *
 * The order of things is all there is to say: write the function, wrap it in a module, have it compiled, put it in a slot of the
 * table, and tell everybody, the blocks it is made of, the entry, and the cache in which the dispatcher looks.
 */
/** Makes a region of `order` and puts it where it will be found. */
function link(compiler: Compiler, block: Block, order: readonly Node[], user: boolean): void {
  const { cpu } = compiler;
  const given: number[] = [];
  const draft = new Draft(
    exitNumbers(compiler.exits, given),
    user ? READ_USER : READ_SUPERVISOR,
    user ? WRITE_USER : WRITE_SUPERVISOR,
  );
  emitFunction(draft, order);
  const bytes = regionModule([{ i32: I32_LOCALS, i64: I64_LOCALS, more: draft.pointers, code: draft.code }]);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), compiler.imports);
  const slot = compiler.freeSlots.pop()!;
  compiler.table.set(slot, instance.exports['0'] as WasmFunction);
  const region = new Region(order, block.mode | KEY | (user ? KEY_USER : 0), user, slot, given);
  compiler.size += region.size;
  compiler.compiledEver++;
  compiler.regions.add(region);
  for (const part of region.blocks) part.regions = [...(part.regions ?? []), region];
  block.region = region;
  publish(cpu, region, (RAM_BASE + (block.frame << 12) - (block.eip & ~0xfff)) | 1);
}

/*
 * ## Second thoughts
 *
 * Compiled code leaves when memory is not where it was expected. That is the right thing for a page that is touched for the
 * first time, and the wrong one for a loop that walks through data on a page of code, where each store has to be looked
 * at. So misses are counted, and whoever misses more than once in five hundred instructions is compiled anew, more carefully.
 */
/** After so many misses at one exit it is looked how often they come. */
export const MANY_MISSES = 100;
/** More than one miss in so many instructions is too often. */
const WORTH_A_MISS = 500;

/** A block whose accesses miss too often is compiled anew, with a look at the TLB for each of them. */
export function reconsider(compiler: Compiler, exit: Exit): void {
  const { block } = exit;
  const retired = compiler.cpu.retiredAtEnd - compiler.cpu.remaining;
  const often = retired - exit.since < MANY_MISSES * WORTH_A_MISS;
  exit.misses = 0;
  exit.since = retired;
  if (!often || block.isCareful) return;
  block.isCareful = true;
  for (const region of block.regions ?? []) {
    region.entry.heat = compiler.hot - 1;
    forgetRegion(compiler, region);
  }
}
