/*
 * # Looking at each page once
 *
 * Every load and store asks the TLB, and asking costs four or five operations. But a function that has just pushed
 * four registers knows very well where its stack is. `[ebp+8]`, `[ebp-4]` and the word that `push` is about to write
 * are all one register plus a constant, since EBP *was* ESP three instructions ago. So we follow, through a block and
 * on into the next, what each register is in terms of what it was. Accesses through the same value make a *group*, and
 * the group is looked up once: is its page known, and do the lowest byte and the highest lie in the same page? From
 * then on a load is a load.
 *
 * On a recursive function that does little but save registers this made all the difference: from 280 million
 * instructions a second to 750.
 */
import { FLAT, type Instruction } from '../instruction.ts';
import { EBP, ECX, ESP, ZERO } from '../layout.ts';
import { LODS, STOS } from '../strings.ts';
import { FIRST_POINTER } from './draft.ts';
import { follow } from './following.ts';
import { MOST_GUESSES } from './guesses.ts';
import type { Lowering } from './lowering.ts';
import type { Node } from './node.ts';

/** Accesses through one base, checked together. */
export interface Group {
  /** The values that the address is made of, by their numbers: base + (index << shift); no index is -1. */
  base: number;
  index: number;
  shift: number;
  /** From where to where they reach, counted from there. */
  low: number;
  high: number;
  writes: boolean;
  /** How many accesses there are; one alone is checked in a cheaper way. */
  count: number;
  /** The local that holds the address of `low` in our memory. */
  local: number;
  checked: boolean;
  /** The number of the guess that says where its page is; -1 if the TLB is asked. */
  guess: number;
}

export interface Access {
  group: Group;
  /** From the group's base. */
  offset: number;
  size: number;
}

/** Per instruction, the access of its operand and the access of the stack. */
export interface Plan {
  operands: (Access | undefined)[];
  stacks: (Access | undefined)[];
}

/*
 * ## Values with numbers
 *
 * Each value that a register may have gets a number, a new one whenever nobody knows any more what is in it. What is
 * known of a register is then two numbers: which value it was, and how far it has come since.
 */
/** What is known at some point of the program. */
export class Planner {
  readonly values: number[];
  readonly offsets: number[];
  /** Groups that can be joined. */
  readonly open: Group[];
  /** Each access is looked up by itself. */
  readonly isCareful: boolean;
  /** Groups of the block that might be worth a guess. */
  readonly guessable: Group[] = [];
  /** Numbers given to values, and to the locals of groups, so far. */
  given: number;
  locals: number;
  readonly plan: Plan = { operands: [], stacks: [] };

  constructor(before: Planner | undefined, isCareful: boolean) {
    this.isCareful = isCareful;
    this.values = before ? before.values.slice() : FRESH.slice();
    this.offsets = before ? before.offsets.slice() : FRESH.map(() => 0);
    this.open = before ? before.open.slice() : [];
    this.given = before ? before.given : FRESH.length;
    this.locals = before ? before.locals : 0;
  }
}

/** The eight registers and the one that is zero: a value for each. */
const FRESH = [0, 1, 2, 3, 4, 5, 6, 7, 8];

function forget(p: Planner, register: number): void {
  p.values[register] = p.given++;
  p.offsets[register] = 0;
}

function forgetAll(p: Planner): void {
  p.open.length = 0;
  for (let register = 0; register < ZERO; register++) forget(p, register);
}

/*
 * ## From block to block
 *
 * What is known at the end of a block is still known in the next, if there is no other way to get there. So a
 * function that is entered at its top and branches downward looks at its stack once.
 */
/**
 * Plans the accesses of a region; the nodes are in reverse postorder. Returns how many pointers that takes, and how
 * many guesses.
 */
export function planAccesses(order: readonly Node[]): { pointers: number; guesses: number } {
  const ends: Planner[] = [];
  let pointers = 0;
  for (const node of order) {
    const { isCareful } = node.block;
    const alone = node.order === 0 || node.isHeader || node.isMerge || isCareful;
    const p = new Planner(alone ? undefined : ends[node.dominator!.order], isCareful);
    planBlock(p, node);
    node.plan = p.plan;
    pointers = Math.max(pointers, p.locals);
    ends.push(p);
  }
  return { pointers, guesses: giveGuesses(order, ends) };
}

/*
 * There are few guesses, and they go to loads that nobody has joined, those of the innermost loops first.
 */
function giveGuesses(order: readonly Node[], ends: readonly Planner[]): number {
  let given = 0;
  for (const { order: number } of order.filter(({ loops }) => loops > 0).sort((a, b) => b.loops - a.loops)) {
    for (const group of ends[number]!.guessable) {
      if (group.count === 1 && given < MOST_GUESSES) group.guess = given++;
    }
  }
  return given;
}

function planBlock(p: Planner, node: Node): void {
  const { code } = node.block;
  const { lowerings } = node.shape;
  for (let position = 0; position < node.body; position++) {
    const lowering = lowerings[position];
    if (lowering) planInstruction(p, code[position]!, position, lowering, node.shape.written[position]!);
    else forgetAll(p); // the interpreter is asked, and who knows what he will do
  }
  if (node.body < code.length) planEnd(p, node, code[node.body]!);
}

/*
 * ## Through an instruction
 *
 * First the operand, with the registers as they were; then the stack; and then what has become of the registers.
 */
function planInstruction(
  p: Planner,
  i: Instruction,
  position: number,
  lowering: Lowering,
  written: number,
): void {
  if (lowering.operand === 'string') {
    planString(p, i, position);
  } else if (i.isMemory && lowering.operand !== 'none') {
    const writes = lowering.operand === 'store';
    p.plan.operands[position] = lowering.apart(i) ? apart(p, i, writes) : operandAccess(p, i, writes);
  }
  if (lowering.stack !== 'none') planStack(p, position, lowering.stack);
  if (follow(p, i)) return;
  for (let register = 0; register < ZERO; register++) if ((written >> register) & 1) forget(p, register);
}

/** The source in place of the operand, the destination in place of the stack. */
function planString(p: Planner, i: Instruction, position: number): void {
  if (i.operation !== STOS) p.plan.operands[position] = apart(p, i, false);
  if (i.operation !== LODS) p.plan.stacks[position] = apart(p, i, true);
}

function planStack(p: Planner, position: number, how: 'push' | 'pop' | 'leave'): void {
  const register = how === 'leave' ? EBP : ESP;
  const value = p.values[register]!;
  const offset = p.offsets[register]!;
  const at = how === 'push' ? offset - 4 : offset;
  p.plan.stacks[position] = access(p, value, -1, 0, at, 4, how === 'push');
  p.values[ESP] = value;
  p.offsets[ESP] = how === 'push' ? at : at + 4;
}

function planEnd(p: Planner, node: Node, i: Instruction): void {
  const { end, body } = node;
  if (i.isMemory && (end === 'indirect' || end === 'indirect call')) {
    p.plan.operands[body] = operandAccess(p, i, false);
  }
  if (end === 'call' || end === 'indirect call') {
    planStack(p, body, 'push');
  } else if (end === 'return') {
    planStack(p, body, 'pop');
    p.offsets[ESP]! += i.immediate;
  } else if (end === 'loop') {
    forget(p, ECX);
  } else if (end === 'repeats') {
    forgetAll(p);
  }
}

/*
 * ## Joining a group
 *
 * An access belongs to a group if its address is made of the same values, and if the group does not become wider than
 * 512 bytes by it. A wide group is looked up once for many, but the wider it is, the more often it will lie across two
 * pages: one in eight of the widest.
 */
/** The widest group, in bytes. */
const WIDEST = 512;

function operandAccess(p: Planner, i: Instruction, writes: boolean): Access {
  if (i.segment !== FLAT) return apart(p, i, writes);
  const base = p.values[i.base]!;
  const offset = p.offsets[i.base]! + i.displacement;
  if (i.index === ZERO) return access(p, base, -1, 0, offset, i.size, writes);
  return access(
    p,
    base,
    p.values[i.index]!,
    i.shift,
    offset + (p.offsets[i.index]! << i.shift),
    i.size,
    writes,
  );
}

/** Joins a group that is within reach, or opens one. */
function access(
  p: Planner,
  base: number,
  index: number,
  shift: number,
  at: number,
  size: number,
  writes: boolean,
): Access {
  const offset = at | 0;
  if (p.isCareful) return { group: newGroup(p, base, index, shift, offset, size, writes), offset, size };
  const place = p.open.findIndex(
    (group) => group.base === base && group.index === index && group.shift === shift,
  );
  const known = p.open[place];
  if (known && join(known, offset, offset + size, writes)) return { group: known, offset, size };
  const group = newGroup(p, base, index, shift, offset, size, writes);
  if (known) p.open[place] = group;
  else p.open.push(group);
  return { group, offset, size };
}

function join(group: Group, from: number, to: number, writes: boolean): boolean {
  const low = Math.min(group.low, from);
  const high = Math.max(group.high, to);
  if (high - low > WIDEST) return false;
  group.low = low;
  group.high = high;
  group.count++;
  group.writes ||= writes;
  return true;
}

/*
 * ## Staying apart
 *
 * Three kinds of access have nobody to join. What lies behind FS or GS, for nobody knows where that is; what an
 * instruction finds by another way than the usual; and everything in a block that has missed too often. There, all that
 * can be asked of an address is where *it* is.
 */
/** A group of its own. */
function apart(p: Planner, { size }: Instruction, writes: boolean): Access {
  return { group: newGroup(p, -1, -1, 0, 0, size, writes), offset: 0, size };
}

function newGroup(
  p: Planner,
  base: number,
  index: number,
  shift: number,
  low: number,
  size: number,
  writes: boolean,
): Group {
  const local = FIRST_POINTER + p.locals++;
  const group = {
    base,
    index,
    shift,
    low,
    high: low + size,
    writes,
    count: 1,
    local,
    checked: false,
    guess: -1,
  };
  // An index that has changed since the last place where ways meet has just been worked out.
  if (index >= FRESH.length && !writes && !p.isCareful) p.guessable.push(group);
  return group;
}
