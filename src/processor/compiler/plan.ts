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
import {
  addImmediateToRegister,
  decrementRegister,
  incrementRegister,
  subtractImmediateToRegister,
} from '../arithmetic.ts';
import type { Instruction } from '../instruction.ts';
import { EBP, ECX, ESP, ZERO } from '../layout.ts';
import { loadEffectiveAddress, moveRegisterToRegister } from '../move.ts';
import { call, callIndirect, loopOrJump, returnAnyStack, returnNear } from '../jumps.ts';
import { FIRST_POINTER } from './draft.ts';
import { type Lowering, registersWritten } from './lowering.ts';
import { lowerings } from './table.ts';
import type { Node } from './node.ts';

/** Accesses through one base, checked together. */
export interface Group {
  key: string;
  /** From where to where they reach, counted from the base. */
  low: number;
  high: number;
  writes: boolean;
  /** How many accesses there are; one alone is checked in a cheaper way. */
  count: number;
  /** The local that holds the address of `low` in our memory. */
  local: number;
  checked: boolean;
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

/** The widest group, in bytes. One in eight of such would lie across two pages. */
const WIDEST = 512;

/** What is known of a register: it is what some other value was, plus a constant. */
interface Known {
  origin: number;
  offset: number;
}

/** What is known at some point of the program. */
class Planner {
  readonly registers: Known[];
  readonly open: Map<string, Group>;
  /** Numbers given to values, and to the locals of groups, so far. */
  origins: number;
  locals: number;
  plan: Plan = { operands: [], stacks: [] };

  constructor(before: Planner | undefined) {
    this.origins = before?.origins ?? 0;
    this.locals = before?.locals ?? 0;
    this.open = new Map(before?.open);
    this.registers = before ? [...before.registers] : [];
    while (this.registers.length <= ZERO) this.registers.push({ origin: this.origins++, offset: 0 });
  }
}

/*
 * What is known at the end of a block is still known in the next, if there is no other way to get there. So a
 * function that is entered at its top and branches downward looks at its stack once.
 */
/** Plans the accesses of a region; the nodes are in reverse postorder. Returns how many locals that takes. */
export function planAccesses(order: readonly Node[]): number {
  const ends = new Map<Node, Planner>();
  let locals = 0;
  for (const node of order) {
    const alone = node.order === 0 || node.isHeader || node.isMerge || node.block.isCareful;
    const p = new Planner(alone ? undefined : ends.get(node.dominator!));
    planBlock(p, node);
    node.plan = p.plan;
    locals = Math.max(locals, p.locals);
    ends.set(node, p);
  }
  return locals;
}

function planBlock(p: Planner, node: Node): void {
  const { code } = node.block;
  const count = node.end === 'interpreted' ? node.body : code.length;
  for (let position = 0; position < count; position++) {
    const i = code[position]!;
    const lowering = lowerings.get(i.execute);
    if (position < node.body && (!lowering?.fits(i) || lowering.flags === 'passes')) {
      // The interpreter does it, or may: afterwards nothing is known.
      p.open.clear();
      for (let register = 0; register < ZERO; register++) forget(p, register);
      if (!lowering?.fits(i)) continue;
    }
    if (position < node.body) planInstruction(p, i, position, lowering!);
    else planEnd(p, i, position);
    if (node.block.isCareful) p.open.clear();
  }
}

function planInstruction(p: Planner, i: Instruction, position: number, lowering: Lowering): void {
  if (i.isMemory && lowering.operand !== 'none') {
    p.plan.operands[position] = operandAccess(p, i, lowering.operand === 'store');
  }
  const stack = p.registers[ESP]!;
  if (lowering.stack === 'push') {
    p.plan.stacks[position] = access(p, `${stack.origin}`, stack.offset - 4, 4, true);
    p.registers[ESP] = { origin: stack.origin, offset: stack.offset - 4 };
  } else if (lowering.stack === 'pop') {
    p.plan.stacks[position] = access(p, `${stack.origin}`, stack.offset, 4, false);
    p.registers[ESP] = { origin: stack.origin, offset: stack.offset + 4 };
  } else if (lowering.stack === 'leave') {
    const frame = p.registers[EBP]!;
    p.plan.stacks[position] = access(p, `${frame.origin}`, frame.offset, 4, false);
    p.registers[ESP] = { origin: frame.origin, offset: frame.offset + 4 };
    forget(p, EBP);
  }
  if (!follow(p, i)) {
    const written = registersWritten(i, lowering);
    for (let register = 0; register < ZERO; register++) if ((written >> register) & 1) forget(p, register);
  }
}

function planEnd(p: Planner, i: Instruction, position: number): void {
  const stack = p.registers[ESP]!;
  if (i.isMemory) p.plan.operands[position] = operandAccess(p, i, false);
  if (i.execute === call || i.execute === callIndirect) {
    p.plan.stacks[position] = access(p, `${stack.origin}`, stack.offset - 4, 4, true);
    p.registers[ESP] = { origin: stack.origin, offset: stack.offset - 4 };
  } else if (i.execute === returnNear || i.execute === returnAnyStack) {
    p.plan.stacks[position] = access(p, `${stack.origin}`, stack.offset, 4, false);
    p.registers[ESP] = { origin: stack.origin, offset: stack.offset + 4 + i.immediate };
  } else if (i.execute === loopOrJump) {
    forget(p, ECX);
  }
}

function operandAccess(p: Planner, i: Instruction, writes: boolean): Access {
  const base = p.registers[i.base]!;
  if (i.index === ZERO) return access(p, `${base.origin}`, base.offset + i.displacement, i.size, writes);
  const index = p.registers[i.index]!;
  const offset = base.offset + (index.offset << i.shift) + i.displacement;
  return access(p, `${base.origin} ${index.origin} ${i.shift}`, offset, i.size, writes);
}

/** Joins a group that is within reach, or opens one. */
function access(p: Planner, key: string, at: number, size: number, writes: boolean): Access {
  const offset = at | 0;
  let group = p.open.get(key);
  if (group) {
    const low = Math.min(group.low, offset);
    const high = Math.max(group.high, offset + size);
    if (high - low > WIDEST) group = undefined;
    else {
      group.low = low;
      group.high = high;
      group.count++;
      group.writes ||= writes;
    }
  }
  if (!group) {
    const local = FIRST_POINTER + p.locals++;
    group = { key, low: offset, high: offset + size, writes, count: 1, local, checked: false };
    p.open.set(key, group);
  }
  return { group, offset, size };
}

/*
 * ## Following a register
 */
function forget(p: Planner, register: number): void {
  p.registers[register] = { origin: p.origins++, offset: 0 };
}

/** Instructions after which a register is still a known distance from where it was. */
function follow(p: Planner, i: Instruction): boolean {
  switch (i.execute) {
    case addImmediateToRegister:
      return shift(p, i.rm, i.rm, i.immediate);
    case subtractImmediateToRegister:
      return shift(p, i.rm, i.rm, -i.immediate);
    case incrementRegister:
      return shift(p, i.rm, i.rm, 1);
    case decrementRegister:
      return shift(p, i.rm, i.rm, -1);
    case moveRegisterToRegister:
      return shift(p, i.rm, i.reg, 0);
    case loadEffectiveAddress:
      return i.index === ZERO && shift(p, i.reg, i.base, i.displacement);
    default:
      return false;
  }
}

function shift(p: Planner, to: number, from: number, by: number): boolean {
  const { origin, offset } = p.registers[from]!;
  p.registers[to] = { origin, offset: (offset + by) | 0 };
  return true;
}
