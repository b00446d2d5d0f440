/*
 * # The compiler
 *
 * Here is the whole of it from above: when to compile, how compiled code is entered, what to do when it comes out
 * again, when to forget it. The rest of this room is about what is in between.
 *
 * ## Numbers that were tried
 *
 * Compiling costs something: ten to forty microseconds for each i386 instruction while our own code is still cold,
 * most of it spent in this room and not in the engine below. That is a thousand instructions' worth of interpreting.
 * So a block must run often before it is worth a program of its own, and how often is a bargain. Ten small programs, each one
 * loop, would have it soon: at 250 times their first runs took 6.7 times what the real processor took, at 4,000 it was
 * 9.3. A booting Linux does a great many things a few hundred times and never again. It was at its shell after 6.5
 * seconds with 250, 4.4 with 1,000, 3.6 with 4,000; the interpreter alone took 4.5.
 *
 * WebAssembly has a compiler of its own below it, two of them in fact: a hasty one that is ready at once, and a good
 * one that comes later and works in the background. The good code is used from the next *call* on. A loop that is
 * called once and never returns would stay with the hasty code for ever. Hence `SLICE`.
 */
import type { Block } from '../blocks.ts';
import { ALIGNMENT } from '../flags.ts';
import {
  BUDGET,
  CODE_KEY,
  CPL,
  CR0,
  EIP,
  RAM_BASE,
  READ_SUPERVISOR,
  READ_USER,
  SYSTEM_FLAGS,
} from '../layout.ts';
import { WRITE_SUPERVISOR, WRITE_USER } from '../layout.ts';
import {
  CR0_AM,
  MODE_CODE_32,
  MODE_FLAT_CODE,
  MODE_FLAT_DATA,
  MODE_FLAT_STACK,
  type Processor,
} from '../processor.ts';
import { type Exit, Exits, exitNumbers, publish, Region, withdraw } from './cache.ts';
import { dispatcher } from './dispatch.ts';
import { Draft, I32_LOCALS, I64_LOCALS } from './draft.ts';
import { emitFunction } from './function.ts';
import { settleFlags } from './kinds.ts';
import { regionModule, type WasmFunction } from './module.ts';
import { gather, WARM } from './region.ts';
import { structure } from './structure.ts';

/** Times that a block is interpreted before it is compiled, unless somebody wants it otherwise. */
export const HOT = 1000;

/** Instructions after which compiled code comes up for air, so that the engine below can put in better code. */
const SLICE = 500_000;

/** The most instructions that are kept compiled, and regions: each is a module of its own, some 30 KB of bookkeeping. */
const MOST_COMPILED = 150_000;
const MOST_REGIONS = 3000;

/** After so many misses it is looked how often they come: more than one in so many instructions is too often. */
const MANY_MISSES = 100;
const WORTH_A_MISS = 500;

/** A block that ends in the interpreter is not worth the way there and back if it has fewer instructions than this. */
const WORTH_ENTERING = 12;

/** How many doublings of patience with a page that is rewritten. */
const MOST_PATIENCE = 8;

/** Slots for functions: all that live, and all that were just forgotten. */
const SLOTS = 2 * MOST_REGIONS;

const EVERYTHING_FLAT = MODE_FLAT_DATA | MODE_FLAT_STACK | MODE_FLAT_CODE | MODE_CODE_32;
const KEY = 0x100;
const KEY_USER = 0x200;

/*
 * ## In and out
 *
 * Modules are compiled at once, when they are asked for, and not in the background. They are small, between one and
 * thirty kilobytes, which browsers accept even on the thread that draws the page. What matters more: when a block is
 * compiled depends on nothing but what the guest did. (It would not have to; nothing but speed hangs on it. But a bug
 * that comes back at the same instruction is half caught.)
 */
/** Whether there is anybody who takes WebAssembly. */
export function canCompile(): boolean {
  return typeof WebAssembly.Module === 'function';
}

export class Compiler {
  readonly cpu: Processor;
  /** How often a block is interpreted before it is compiled. */
  readonly hot: number;
  readonly exits = new Exits();
  /** Instructions compiled, in all regions that live. */
  size = 0;
  /** How often compiled code was lost because its page was written to, by page; up to MOST_PATIENCE. */
  private readonly rewritten: Uint8Array;
  /** Regions that live; and figures for whoever is curious. */
  readonly regions = new Set<Region>();
  compiledEver = 0;
  private readonly table: WebAssembly.Table;
  private readonly freeSlots: number[] = [];
  private readonly dead: Region[] = [];
  private readonly imports: Record<string, Record<string, unknown>>;
  private readonly dispatch: (slot: number, budget: number) => number;
  /** The exit that stands for the instruction which the interpreter is doing for compiled code. */
  private stepping: Exit | undefined = undefined;

  constructor(cpu: Processor, hot: number) {
    this.cpu = cpu;
    this.hot = hot;
    this.rewritten = new Uint8Array(cpu.ramBytes >>> 12);
    this.table = new WebAssembly.Table({ element: 'anyfunc', initial: SLOTS });
    for (let slot = SLOTS - 1; slot >= 0; slot--) this.freeSlots.push(slot);
    this.imports = { m: { m: cpu.memory, t: this.table, s: (number: number) => this.step(number) } };
    const main = new WebAssembly.Instance(
      new WebAssembly.Module(regionModule([dispatcher()], true)),
      this.imports,
    );
    this.dispatch = main.exports['0'] as (slot: number, budget: number) => number;
  }

  /** Whether a region may be entered now. */
  admits(region: Region): boolean {
    const { cpu } = this;
    const { words } = cpu;
    if (cpu.remaining < region.need || region.user !== (words[CPL] === 3)) return false;
    return !region.user || (words[SYSTEM_FLAGS]! & ALIGNMENT) === 0 || (words[CR0]! & CR0_AM) === 0;
  }

  /** Runs compiled code from the entry of `region`, until it wants something. */
  enter(region: Region): Exit {
    const { cpu } = this;
    const { words } = cpu;
    if (this.dead.length > 0) this.bury();
    const given = Math.min(cpu.remaining, SLICE);
    words[CODE_KEY] = region.key;
    let number: number;
    try {
      number = this.dispatch(region.slot, given);
    } catch (error) {
      this.recover(given);
      throw error;
    }
    const exit = this.exits.all[number < 0 ? ~number : number]!;
    cpu.remaining += words[BUDGET]! - given + exit.refund;
    if (exit.eip !== undefined) words[EIP] = exit.eip;
    settleFlags(words);
    if (exit.resumes && ++exit.misses >= MANY_MISSES) this.reconsider(exit);
    return exit;
  }

  /** One instruction, done by the interpreter for compiled code; not 0 if that must not go on. */
  private step(number: number): number {
    const { cpu } = this;
    const exit = this.exits.all[number]!;
    const i = exit.code[exit.position]!;
    this.stepping = exit;
    settleFlags(cpu.words);
    cpu.words[EIP] = exit.block.end;
    cpu.stopAt = 1;
    i.execute(cpu, i);
    this.stepping = undefined;
    return cpu.stopAt === 0 ? 1 : 0;
  }

  /** After a fault in `step`: as if the interpreter had come here by itself. */
  private recover(given: number): void {
    const { cpu } = this;
    const stepping = this.stepping;
    if (!stepping) return;
    this.stepping = undefined;
    cpu.remaining += cpu.words[BUDGET]! - given + stepping.refund;
    cpu.words[EIP] = stepping.code[stepping.position]!.eip;
  }

  /*
   * ## Making
   */
  /** Compiles the region around a block that has become hot. */
  compile(block: Block): void {
    const { cpu } = this;
    const rewritten = this.rewritten[block.frame]!;
    if (rewritten > 0 && !block.hasWaited) {
      // Who rewrites a page once will do it again: wait twice as long each time.
      block.hasWaited = true;
      block.heat -= this.hot << rewritten;
      return;
    }
    if (block.mode !== EVERYTHING_FLAT || block.secondPage !== -1 || block.epoch < 0) return;
    this.bury();
    if (this.size > MOST_COMPILED || this.regions.size >= MOST_REGIONS) this.forgetAll();
    const user = cpu.words[CPL] === 3;
    const gathered = gather(cpu, block, Math.min(WARM, this.hot));
    const [entry] = gathered as [(typeof gathered)[0]];
    if (entry.end === 'interpreted' && entry.body === 0) return;
    const order = structure(entry);
    if (order.length === 1 && entry.end === 'interpreted' && entry.body < WORTH_ENTERING) return;
    const given: number[] = [];
    const draft = new Draft(
      exitNumbers(this.exits, given),
      user ? READ_USER : READ_SUPERVISOR,
      user ? WRITE_USER : WRITE_SUPERVISOR,
    );
    emitFunction(draft, order);
    const bytes = regionModule([
      { i32: I32_LOCALS, i64: I64_LOCALS, more: draft.pointers, code: draft.code },
    ]);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), this.imports);
    const slot = this.freeSlots.pop()!;
    this.table.set(slot, instance.exports['0'] as WasmFunction);
    const region = new Region(order, block.mode | KEY | (user ? KEY_USER : 0), user, slot, given);
    this.size += region.size;
    this.compiledEver++;
    this.regions.add(region);
    for (const part of region.blocks) part.regions = [...(part.regions ?? []), region];
    block.region = region;
    publish(cpu, region, (RAM_BASE + (block.frame << 12) - (block.eip & ~0xfff)) | 1);
  }

  /** A block whose accesses miss too often is compiled anew, with a look at the TLB for each of them. */
  private reconsider(exit: Exit): void {
    const { block } = exit;
    const retired = this.cpu.retiredAtEnd - this.cpu.remaining;
    const often = retired - exit.since < MANY_MISSES * WORTH_A_MISS;
    exit.misses = 0;
    exit.since = retired;
    if (!often || block.isCareful) return;
    block.isCareful = true;
    for (const region of block.regions ?? []) {
      region.entry.heat = this.hot - 1;
      this.forget(region);
    }
  }

  /*
   * ## Forgetting
   */
  /** A page of code is about to be written to. */
  noteRewriting(frame: number): void {
    const { regions, rewritten } = this;
    if (rewritten[frame] === MOST_PATIENCE) return;
    for (const region of regions) {
      if (region.entry.frame === frame) {
        rewritten[frame]!++;
        return;
      }
    }
  }

  /** Forgets a region. It may be running: then it stays where it is until that is over. */
  forget(region: Region): void {
    if (!region.alive) return;
    region.alive = false;
    region.entry.region = undefined;
    for (const block of region.blocks) {
      const others = block.regions!.filter((other) => other !== region);
      block.regions = others.length > 0 ? others : undefined;
    }
    withdraw(this.cpu, region);
    this.size -= region.size;
    this.regions.delete(region);
    this.dead.push(region);
  }

  forgetAll(): void {
    for (const region of this.regions) this.forget(region);
  }

  private bury(): void {
    for (const region of this.dead) {
      this.table.set(region.slot, null);
      this.freeSlots.push(region.slot);
      this.exits.release(region.exits);
    }
    this.dead.length = 0;
  }
}
