/*
 * # The compiler
 *
 * Here is the whole of it from above: what it remembers, how compiled code is entered, and what to do when it comes out
 * again. Practice, when to compile, what is learned by watching, and when to forget are the next files, and the rest of
 * this room is about what is in between.
 *
 * Modules are compiled at once, when they are asked for, and not in the background. They are small, four kilobytes on
 * average, which most browsers accept even on the thread that draws the page. What matters more: when a block is
 * compiled depends on nothing but what the guest did. (It would not have to; nothing but speed hangs on it. But a bug
 * that comes back at the same instruction is half caught.)
 */
import type { Block } from '../blocks.ts';
import { mindsCrooked } from '../access.ts';
import { BUDGET, CODE_KEY, CPL, EIP } from '../layout.ts';
import type { Processor } from '../processor.ts';
import { type Exit, exitOf, isPublished, publish, type Region, slotOf } from './cache.ts';
import { dispatcher } from './dispatch.ts';
import { SETTLE } from './draft.ts';
import { bury, MOST_REGIONS } from './forgetting.ts';
import { settleFlags } from './kinds.ts';
import { growPatient } from './making.ts';
import { judgeMiss, noteLeaving, noteMiss, noteWork } from './watching.ts';
import { Emitter } from './emitter.ts';
import { floatModule } from './lower-float.ts';
import { createSprinter, type Sprinter } from './sprinter.ts';

/** Slots for functions: all that live, and all that were just forgotten. */
const SLOTS = 2 * MOST_REGIONS;

/** The smallest module there is: magic and version. */
const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/**
 * Whether there is anybody who takes WebAssembly. A page may have been forbidden to make machine code of what it wrote
 * itself.
 */
export function canCompile(): boolean {
  try {
    return new WebAssembly.Module(EMPTY_MODULE) !== undefined;
  } catch {
    return false;
  }
}

/*
 * ## What it remembers
 *
 * A table of functions in which the dispatcher looks up whom to call; regions, exits, and who has died but is not yet
 * buried. The dispatcher itself is a module of two functions, made here and never again.
 */
/** The second engine of one processor. */
export class Compiler {
  readonly cpu: Processor;
  /** Who runs what is not compiled, as far as he can. */
  readonly sprinter: Sprinter | undefined;
  /** How often a block is interpreted before it is compiled, now and in the end. */
  hot = 0;
  readonly hottest: number;
  /** A quarter of that: from then on a block waits to be compiled together with others. */
  warm = 0;
  /** Blocks that wait, of rings 0 to 2 and of ring 3. */
  readonly waiting: readonly [Block[], Block[]] = [[], []];
  /** In which all modules are written. */
  readonly emitter = new Emitter();
  /** Instructions compiled, in all regions that live. */
  size = 0;
  /** How often compiled code was lost because its page was written to, by page; up to MOST_PATIENCE. */
  readonly rewritten: Uint8Array;
  /** Regions that live; and figures for whoever is curious. */
  readonly regions = new Set<Region>();
  compiledEver = 0;
  readonly table: WebAssembly.Table;
  readonly freeSlots: number[] = [];
  readonly bySlot: (Region | undefined)[] = [];
  readonly dead: Region[] = [];
  readonly imports: Record<string, Record<string, unknown>>;
  readonly dispatch: (slot: number, budget: number) => number;
  /** The budget with which compiled code was entered. */
  given = 0;
  /**
   * The block that was left last because memory was not where it was expected, and how much the TLB had learned by
   * then.
   */
  missed: Block | undefined = undefined;
  learnedBefore = 0;
  /**
   * The exit that stands for the instructions which the interpreter is doing for compiled code, and which of the block
   * it is at.
   */
  stepping: Exit | undefined = undefined;
  steppingAt = 0;

  constructor(cpu: Processor, hot: number) {
    this.cpu = cpu;
    this.sprinter = createSprinter(cpu);
    this.hottest = hot;
    growPatient(this);
    this.rewritten = new Uint8Array(cpu.ramBytes >>> 12);
    this.table = new WebAssembly.Table({ element: 'anyfunc', initial: SLOTS });
    for (let slot = SLOTS - 1; slot >= 0; slot--) this.freeSlots.push(slot);
    const m = cpu.memory;
    const main = new WebAssembly.Instance(new WebAssembly.Module(dispatcher()), {
      m: { m, t: this.table, s: (number: number) => step(this, number) },
    });
    this.dispatch = main.exports['0'] as (slot: number, budget: number) => number;
    const s = new WebAssembly.Global({ value: 'anyfunc' }, main.exports['1']);
    this.imports = { m: withCalculator({ m, s }) };
  }
}

/*
 * ## Only if somebody asks
 *
 * One part is made later, or never: most programs do not compute with fractions. `x` stands in the list of imports as
 * what JavaScript calls a getter, and is called when the first module asks for it.
 */
/** Imports, and among them as `x` the calculator with this machine's memory. */
function withCalculator(imports: { m: Processor['memory']; s: unknown }): Record<string, unknown> {
  let calculator: WebAssembly.Global | undefined;
  const get = () => (calculator ??= createCalculator(imports.m));
  return Object.defineProperty(imports, 'x', { get });
}

function createCalculator(m: Processor['memory']): WebAssembly.Global {
  calculatorOfAll ??= new WebAssembly.Module(floatModule());
  const { calculate } = new WebAssembly.Instance(calculatorOfAll, { m: { m } }).exports;
  return new WebAssembly.Global({ value: 'anyfunc' }, calculate);
}

let calculatorOfAll: WebAssembly.Module | undefined;

/*
 * ## In and out
 *
 * Compiled code may be entered if it was made for this ring, and if there are enough instructions left for the first
 * stretch of it. But not in the middle of a REP, which whoever began it must end. And not if somebody asks that odd
 * addresses be trapped: it can be done, no one ever does, and so it is left to the interpreter.
 */
/** Whether a region may be entered now. */
export function mayEnter(compiler: Compiler, region: Region): boolean {
  const { cpu } = compiler;
  const { words } = cpu;
  if (cpu.remaining < region.need || cpu.repeating || region.user !== (words[CPL] === 3)) return false;
  return !region.user || !mindsCrooked(cpu);
}
/*
 * WebAssembly has a compiler of its own below it, two of them in fact: a hasty one that is ready at once, and a good
 * one that comes later and works in the background. The good code is used from the next *call* on. A loop that is
 * called once and never returns would stay with the hasty code for ever. So nobody is let in for longer than a
 * hundred thousand instructions at a time.
 */
/** Instructions after which compiled code comes up for air, so that the engine below can put in better code. */
const SLICE = 100_000;

/** Runs compiled code from the entry of `region`, until it wants something. */
export function enterRegion(compiler: Compiler, region: Region): Exit {
  const { cpu } = compiler;
  const { words } = cpu;
  judgeMiss(compiler);
  if (compiler.dead.length > 0) bury(compiler);
  if (!isPublished(cpu, region)) publish(cpu, region);
  const given = Math.min(cpu.remaining, SLICE);
  compiler.given = given;
  words[CODE_KEY] = region.key;
  let number: number;
  try {
    number = compiler.dispatch(region.slot, given);
  } catch (error) {
    recover(compiler);
    throw error;
  }
  const last = compiler.bySlot[slotOf(number)]!;
  const exit = exitOf(last, number);
  cpu.remaining += words[BUDGET]! - given + exit.refund;
  if (exit.eip !== undefined) words[EIP] = exit.eip;
  settleFlags(words);
  if (exit.isMiss) noteMiss(compiler, exit.block);
  if (!exit.resumes && !exit.isTired) noteLeaving(compiler, exit);
  if (exit.isTired && last.isPart) noteWork(compiler, last, given);
  return exit;
}
/*
 * ## A hand from below
 *
 * Some instructions are too odd to be worth writing down again in WebAssembly. For these the compiled code calls us,
 * and we let the interpreter do the one, or several that stand side by side, in a world that has been put in order for
 * it: flags, EIP, and how many instructions are left, which a REP will want to know, and of which it will use up more
 * than one. If it faults, an exception flies through WebAssembly and all, up to `enterRegion`, and it must look as if
 * the interpreter had walked here on its own feet.
 */
/**
 * Instructions that stand together, done by the interpreter for compiled code. The number of an exit if that must not
 * go on, else 0.
 */
function step(compiler: Compiler, number: number): number {
  const { cpu } = compiler;
  const { words } = cpu;
  if (number === SETTLE) {
    settleFlags(words);
    return 0;
  }
  const exit = exitOf(compiler.bySlot[slotOf(number)]!, number);
  const { code, position, together, behind, refund } = exit;
  const { end } = exit.block;
  const { remaining } = cpu;
  const before = remaining + words[BUDGET]! - compiler.given + refund;
  let leaveBy = 0;
  compiler.stepping = exit;
  settleFlags(words);
  for (let done = 0; done < together && leaveBy === 0; done++) {
    const i = code[position + done]!;
    compiler.steppingAt = position + done;
    words[EIP] = end;
    cpu.stopAt = 1;
    cpu.remaining = before - done;
    i.execute(cpu, i);
    words[BUDGET]! += cpu.remaining - (before - done);
    if (cpu.stopAt === 0 || words[EIP] !== end) leaveBy = behind + done;
  }
  cpu.remaining = remaining;
  compiler.stepping = undefined;
  return leaveBy;
}
/** After a fault in `step`: as if the interpreter had come here by itself. */
function recover(compiler: Compiler): void {
  const { cpu, stepping } = compiler;
  if (!stepping) return;
  compiler.stepping = undefined;
  cpu.words[EIP] = stepping.code[compiler.steppingAt]!.eip;
}
