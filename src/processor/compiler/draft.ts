/*
 * # A function in the making
 *
 * One region becomes one function. While it is written, this is what is known of it: which registers it uses, where
 * its ways out lead, and the thing that changes with every line, what kind of flags are in the two flag locals *now*.
 */
import type { Instruction } from '../instruction.ts';
import { BUDGET, EIP, ESP, FLAG_CARRIES, FLAG_KIND, FLAG_RESULT } from '../layout.ts';
import { type Emitter, I32_LOAD, I32_STORE, IF } from './emitter.ts';
import { CANONICAL, DYNAMIC, LOGIC } from './kinds.ts';
import { callStep } from './module.ts';
import type { Plan } from './plan.ts';
import type { Node } from './node.ts';

/** Locals. The parameter is the budget; the eight registers follow. */
export const BUDGET_LEFT = 0;
export const REGISTER = 1;
export const FLAG_A = 9;
export const FLAG_B = 10;
export const KIND = 11;
export const EXIT = 12;
export const T0 = 13;
export const T1 = 14;
export const T2 = 15;
export const T3 = 16;
/** Where an exit leads, if that is not known by its number. */
export const TARGET = 17;
export const I32_LOCALS = 17;
export const WIDE_0 = 18;
export const WIDE_1 = 19;
export const I64_LOCALS = 2;
export const FIRST_POINTER = 20;

/*
 * ## Five ways to leave
 *
 * Seen from here they are five functions that return a number: two of them lead to an address, and only one asks
 * whether that is compiled. What the numbers lead to is the business of `ExitList`.
 */
/** Numbers for the places at which a function can be left. */
export interface ExitNumbers {
  /** Before instruction `position`, which the interpreter is to do. */
  before(node: Node, position: number): number;
  /**
   * Before instruction `position`, from which on the interpreter is to do so many while compiled code waits; behind
   * each it may turn out that nothing is as it was.
   */
  stepping(node: Node, position: number, together: number): number;
  /** At the address in TARGET; what `from` did is done. */
  away(from: Node): number;
  /** The same, but it is not worth looking whether the address is compiled. */
  somewhere(from: Node): number;
  /** Before a block, because the budget does not suffice for it. */
  tired(node: Node): number;
}

/*
 * ## The notebook
 *
 * One object is passed to everybody who writes a line of the function. Most of it changes with each instruction: which
 * one it is, which block it is in, and above all `kind`, which says what an observer would find in the flag locals if
 * the program were stopped right here.
 */
/** A region's function while it is being written. */
export class Draft {
  readonly code: Emitter;
  readonly exits: ExitNumbers;
  /** TLB tables of the ring it is for, as byte offsets in the memory. */
  readonly readTable: number;
  readonly writeTable: number;
  /** Registers that it uses, and those that it changes, as bit masks. */
  used = 0;
  written = 0;
  /** Where all ways out lead. */
  epilogue = 0;
  /** How many pointers the greediest block has. */
  pointers = 0;
  /** How many loads guess their page. */
  guesses = 0;

  node!: Node;
  plan!: Plan;
  position = 0;
  i!: Instruction;
  /** What is in the flag locals now. */
  kind = DYNAMIC;
  /** Whether the flags that the current instruction makes matter to anybody, and whether compiled code reads them. */
  needed = false;
  wanted = false;
  /** The accesses of the current block have missed the TLB often. */
  careful = false;

  constructor(code: Emitter, exits: ExitNumbers, readTable: number, writeTable: number) {
    this.code = code;
    this.exits = exits;
    this.readTable = readTable * 4;
    this.writeTable = writeTable * 4;
  }
}

/** What a kind is when somebody asks while the program runs. */
export function runtimeKind(kind: number): number {
  return kind === LOGIC ? CANONICAL : kind;
}

/*
 * ## Leaving
 *
 * There is one place in the function where everything is put back into memory, and each way out is a branch to it. What
 * they have to tell is in two locals that were set beforehand: which exit it is, and of what kind the flags are.
 * Whoever compiles WebAssembly keeps such a constant at hand until the branch is taken, so it costs nothing.
 */
/** Notes in locals what an exit at this place would have to say. Costs nothing unless it is taken. */
export function prepareExit(d: Draft, number: number): void {
  d.code.const(number);
  d.code.set(EXIT);
  prepareKind(d);
}

export function prepareKind(d: Draft): void {
  if (d.kind === DYNAMIC) return;
  d.code.const(runtimeKind(d.kind));
  d.code.set(KIND);
}

/** Leaves the region, so that the interpreter may do the current instruction. */
export function giveUp(d: Draft): void {
  prepareExit(d, d.exits.before(d.node, d.position));
  d.code.branch(d.epilogue);
}

/** Leaves if the number on the stack is not 0. `prepareGivingUp` comes before the number is made. */
export function giveUpIf(d: Draft): void {
  d.code.branchIf(d.epilogue);
}

export function prepareGivingUp(d: Draft): void {
  prepareExit(d, d.exits.before(d.node, d.position));
}

/** Notes where the exit to come leads. */
export function prepareTarget(d: Draft, eip: number): void {
  d.code.const(eip);
  d.code.set(TARGET);
}

/*
 * ## Locals and memory
 *
 * On the way in, a function loads the registers that it will use, and on the way out it stores those that it may have
 * changed. In between they are locals.
 */
export function loadRegisters(d: Draft): void {
  for (let register = 0; register < 8; register++) {
    if ((d.used >> register) & 1) loadWord(d, register, REGISTER + register);
  }
}

function storeRegisters(d: Draft): void {
  for (let register = 0; register < 8; register++) {
    if ((d.written >> register) & 1) storeLocal(d, register, REGISTER + register);
  }
}

export function loadFlags(d: Draft): void {
  loadWord(d, FLAG_RESULT, FLAG_A);
  loadWord(d, FLAG_CARRIES, FLAG_B);
}

export function storeState(d: Draft): void {
  storeRegisters(d);
  storeLocal(d, FLAG_RESULT, FLAG_A);
  storeLocal(d, FLAG_CARRIES, FLAG_B);
  storeLocal(d, FLAG_KIND, KIND);
  storeLocal(d, BUDGET, BUDGET_LEFT);
}

export function loadWord(d: Draft, word: number, local: number): void {
  d.code.const(0);
  d.code.memory(I32_LOAD, word * 4);
  d.code.set(local);
}

export function storeLocal(d: Draft, word: number, local: number): void {
  d.code.const(0);
  d.code.get(local);
  d.code.memory(I32_STORE, word * 4);
}

/*
 * ## Asking the interpreter
 *
 * For an instruction that is rare, the way out and in again is short: put everything where the interpreter looks for
 * it, call, and fetch everything back. Rare instructions come in flocks, a sine before a cosine, and a flock makes the
 * way once.
 */
/**
 * Has the interpreter do so many instructions, and leaves by the exit whose number it answers with, unless that is 0.
 */
export function step(d: Draft, together: number): void {
  stepHere(d, together);
  prepareKind(d);
  d.code.get(T0);
  d.code.tee(EXIT);
  d.code.branchIf(d.epilogue);
}

function stepHere(d: Draft, together: number): void {
  const { code } = d;
  prepareKind(d);
  storeState(d);
  code.const(d.exits.stepping(d.node, d.position, together));
  callStep(code);
  code.set(T0);
  loadRegisters(d);
  loadFlags(d);
  d.kind = CANONICAL;
}

/** Has the flags put into the plain form, where they lie in memory. */
export function settle({ code }: Draft): void {
  code.const(0);
  code.memory(I32_LOAD, FLAG_KIND * 4);
  code.open(IF);
  code.const(SETTLE);
  callStep(code);
  code.set(T0);
  code.end();
}

/** Instead of the number of an exit: nothing is to be done but to settle the flags. */
export const SETTLE = -1;

/*
 * A REP retires as many instructions as it goes around, and it may come back before it is done. So there the budget is
 * fetched back, too, and EIP, to be handed on. Whether this is the end of it, the answer says.
 */
export function stepRepeated(d: Draft): void {
  stepHere(d, 1);
  loadWord(d, BUDGET, BUDGET_LEFT);
  loadWord(d, EIP, TARGET);
  prepareExit(d, d.exits.somewhere(d.node));
  d.code.get(T0);
  d.code.branchIf(d.epilogue);
}

export const STACK_POINTER = REGISTER + ESP;
