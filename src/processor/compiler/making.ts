/*
 * # Worth it?
 *
 * Compiling costs something. In a booting Linux each i386 instruction costs some microseconds in this room and more in
 * the engine below, which charges most of them for having one more module at all. So a block must run often before it
 * is worth a program of its own, and how often is a bargain. Here is that Linux up to its shell, on two processors with
 * nothing else to do. What is not compiled is mostly done by [the sprinter](#the-sprinter), and the time is that of the
 * quickest of seven boots:
 *
 * | compiled when done | modules | instructions compiled | done uncompiled | time |
 * | --- | --- | --- | --- | --- |
 * | 250 times | 1,000 | 113,000 | 3.5 million | 2.17 s |
 * | 1,000 times | 456 | 67,000 | 6.2 million | 1.96 s |
 * | 4,000 times | 279 | 42,000 | 10.6 million | 1.93 s |
 * | 16,000 times | 201 | 33,000 | 12.2 million | 1.90 s |
 *
 * A boot is happiest with sixteen thousand. But it is over after two seconds, and a program that goes on for two hours
 * wants to be compiled some time. So four thousand, and for the head of a loop a sixteenth of that: who goes around two
 * hundred and fifty times will mostly go around ten thousand.
 */
import type { Block } from '../blocks.ts';
import { CPL, READ_SUPERVISOR, READ_USER, WRITE_SUPERVISOR, WRITE_USER } from '../layout.ts';
import { MODE_CODE_32, MODE_FLAT_CODE, MODE_FLAT_DATA, MODE_FLAT_STACK } from '../processor.ts';
import { ExitList, publish, Region } from './cache.ts';
import type { Compiler } from './compiler.ts';
import { Draft, I32_LOCALS, I64_LOCALS } from './draft.ts';
import { bury, forgetAllRegions, MOST_REGIONS } from './forgetting.ts';
import { emitFunction, prepare } from './function.ts';
import { localsOf } from './guesses.ts';
import { beginModule, endModule, type WasmFunction, writeBody } from './module.ts';
import type { Node } from './node.ts';
import { gather } from './region.ts';
import { structure } from './structure.ts';

/** How hot a block must be to be compiled, unless somebody wants it otherwise. */
export const HOT = 4000;

/** How much hotter a block gets each time it is interpreted, if it is the head of a loop. */
export const LOOP_PACE = 16;

/** Then whatever can be compiled is, when it is met, worth it or not, and nobody has second thoughts: for tests. */
export const EAGER = 1;

/** A heat that is not reached for a long time; whoever reaches it begins anew. */
export const NEVER = 0x3fff_ffff;

/*
 * That bargain is struck over a whole boot, of which a thousand regions come. The first few are another matter. Whoever
 * comes first has an interpreter that is as slow as it will ever be, and a program that is short may have nothing else.
 * So the compiler begins with a thirty-second part of its patience, gains a little with each region, and has all of it
 * after some two hundred and forty. A boot does not notice. Small programs that are run once, from cold, are done an
 * eighth sooner.
 */
/** By how much the patience is smaller at first; and by how much it grows with each region. */
const IMPATIENCE = 32;
const PATIENCE_PER_REGION = 16;

/** Sets how hot a block must be now. */
export function growPatient(compiler: Compiler): void {
  const { hottest, compiledEver } = compiler;
  compiler.hot = Math.min(hottest, Math.ceil(hottest / IMPATIENCE) + compiledEver * PATIENCE_PER_REGION);
  compiler.warm = Math.max(1, compiler.hot >> 2);
}

/*
 * ## Twice over the mark
 *
 * A block is looked at when it is a quarter as hot as it must be, and again when it is hot. The first time it is put on
 * a list. The second time everything on the list is compiled together with it, since a module costs a good deal
 * whatever is in it, and what is lukewarm will mostly be hot soon.
 *
 * For a page that keeps being rewritten one waits twice as long, each time, and in no list.
 */
/** A block has become as hot as its mark. */
export function noteHeat(compiler: Compiler, block: Block): void {
  if (block.due === NEVER) {
    block.heat = 0;
    return;
  }
  const waiting = compiler.waiting[compiler.cpu.words[CPL] === 3 ? 1 : 0];
  const rewritten = compiler.rewritten[block.frame]!;
  const hot = compiler.hot << rewritten;
  if (!isFit(block)) {
    block.due = NEVER;
  } else if (block.heat < hot) {
    block.due = hot;
    if (rewritten > 0 || waiting.push(block) < MOST_WAITING) return;
    compileTogether(compiler, waiting.splice(0).filter(isFit));
  } else {
    block.due = NEVER;
    const others = waiting.splice(0).filter((other) => other !== block && isFit(other));
    compileTogether(compiler, [block, ...others]);
  }
}

/** If so many wait, they need not wait for one that is hot. */
const MOST_WAITING = 64;

/*
 * ## Four reasons not to
 *
 * It has been forgotten, or compiled, while it waited. The segments are not flat. It is nothing but an instruction that
 * we cannot compile. Or it is short and ends with one, and the way there and back would cost more than what is in
 * between.
 */
function isFit({ epoch, region, mode }: Block): boolean {
  return epoch >= 0 && region === undefined && mode === EVERYTHING_FLAT;
}

export const EVERYTHING_FLAT = MODE_FLAT_DATA | MODE_FLAT_STACK | MODE_FLAT_CODE | MODE_CODE_32;

/** A block that ends in the interpreter is not worth the way there and back if it has fewer instructions than this. */
const WORTH_ENTERING = 12;

function isWorthIt({ hottest }: Compiler, [entry]: readonly Node[]): boolean {
  return entry!.end !== 'interpreted' || entry!.body >= (hottest === EAGER ? 1 : WORTH_ENTERING);
}
/*
 * ## From blocks to functions
 *
 * Gather what lies around each block, and give it a slot. Whoever has come along with another by then needs no region
 * of its own.
 */
/** A region before it is one. */
interface Part {
  block: Block;
  order: readonly Node[];
  isPart: boolean;
  slot: number;
  exits: ExitList;
}

/** Makes regions around blocks, all in one module. */
export function compileTogether(compiler: Compiler, blocks: readonly Block[]): void {
  const { cpu } = compiler;
  bury(compiler);
  const room = MOST_REGIONS - compiler.regions.size;
  if (compiler.size > MOST_COMPILED || room < blocks.length) forgetAllRegions(compiler);
  const taken = new Set<Block>();
  const parts: Part[] = [];
  for (const block of blocks) {
    if (taken.has(block) || (parts.length > 0 && block.regions !== undefined)) continue;
    const { nodes, isPart } = gather(cpu, block);
    const order = structure(nodes[0]!);
    if (!isWorthIt(compiler, order)) {
      block.due = NEVER;
      continue;
    }
    for (const node of order) taken.add(node.block);
    const slot = compiler.freeSlots.pop()!;
    parts.push({ block, order, isPart: isPart && !block.isDeep, slot, exits: new ExitList(slot) });
  }
  if (parts.length > 0) link(compiler, parts);
  growPatient(compiler);
}

/** The most instructions that are kept compiled. */
const MOST_COMPILED = 150_000;

/*
 * Then write the functions, wrap them in a module, and have it compiled. There are browsers that take no more than four
 * kilobytes at once on the thread that draws the page, and any of them may run out of room. They say so with a
 * `RangeError`. Then it is tried with each region by itself, and whoever is refused alone stays with the interpreter,
 * which needs nobody's leave. (A `CompileError` would mean that we have written nonsense, and is not caught.)
 */
/** Has `parts` compiled, or as many of them as the engine below will take. */
function link(compiler: Compiler, parts: readonly Part[]): void {
  const user = compiler.cpu.words[CPL] === 3;
  let functions: Record<string, unknown>;
  try {
    const module = new WebAssembly.Module(write(compiler, parts, user));
    functions = new WebAssembly.Instance(module, compiler.imports).exports;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    if (parts.length > 1) for (const part of parts) link(compiler, [part]);
    else refuse(compiler, parts[0]!);
    return;
  }
  for (const [number, part] of parts.entries()) {
    settle(compiler, part, user, functions[number] as WasmFunction);
  }
}

function refuse(compiler: Compiler, { block, slot }: Part): void {
  block.due = NEVER;
  compiler.freeSlots.push(slot);
}

function write({ emitter }: Compiler, parts: readonly Part[], user: boolean): Uint8Array {
  const calculates = parts.some(({ order }) => order.some(({ shape }) => shape.calculates));
  const began = beginModule(emitter, parts.length, calculates ? 'calculating regions' : 'regions');
  for (const { order, exits } of parts) {
    const draft = user
      ? new Draft(emitter, exits, READ_USER, WRITE_USER)
      : new Draft(emitter, exits, READ_SUPERVISOR, WRITE_SUPERVISOR);
    prepare(draft, order);
    const locals = { i32: I32_LOCALS, i64: I64_LOCALS, more: draft.pointers + localsOf(draft.guesses) };
    writeBody(emitter, locals, () => emitFunction(draft, order));
  }
  return endModule(emitter, began);
}

/*
 * Last, put the function into its slot, and tell everybody: the blocks it is made of, the entry, and the cache in which
 * the dispatcher looks.
 */
const KEY = 0x100;
const KEY_USER = 0x200;

function settle(compiler: Compiler, part: Part, user: boolean, code: WasmFunction): void {
  const { block, order, slot, exits, isPart } = part;
  const key = block.mode | KEY | (user ? KEY_USER : 0);
  const region = new Region(order, key, user, slot, exits.exits, isPart);
  compiler.table.set(slot, code);
  compiler.bySlot[slot] = region;
  compiler.size += region.size;
  compiler.compiledEver++;
  compiler.regions.add(region);
  for (const inside of region.blocks) {
    if (inside.regions) inside.regions.push(region);
    else inside.regions = [region];
  }
  block.region = region;
  block.due = NEVER;
  publish(compiler.cpu, region);
}
