/*
 * # The shape of a block
 *
 * One block may end up in many regions: in its own, in those of its callers, once for each place from which it is
 * called. What depends on nothing but its instructions is found out once, and stays with the block: how each is to be
 * written, which registers it changes, what it does with flags.
 */
import type { Block } from '../blocks.ts';
import type { Instruction } from '../instruction.ts';
import { EAX, ECX, EDI, ESI, ESP } from '../layout.ts';
import { type End, endOf } from './ends.ts';
import { type Flags, type Lowering, registersOf, registersRead, registersWritten } from './lowering.ts';
import { lowerings } from './table.ts';

/** What an instruction does with flags: nothing, sets all, reads some, changes some, or is done by the interpreter. */
export const FLAGS_NONE = 0;
export const FLAGS_SET = 1;
export const FLAGS_READ = 2;
export const FLAGS_CHANGED = 3;
export const FLAGS_STEPPED = 4;
export const FLAGS_MASK = 7;
/** Added if the region may be left here, so that somebody might look at the flags. */
export const MAY_LEAVE = 8;

/** What the compiler knows of a block, whichever region it is in. */
export class Shape {
  readonly end: End;
  /** How many instructions are compiled before the one that ends the block. */
  readonly body: number;
  /** How each of these is written; undefined if it is left to the interpreter. */
  readonly lowerings: (Lowering | undefined)[] = [];
  /** What each does with flags, and the registers it changes, as a mask; not the stack pointer if it pushes or pops. */
  readonly flows: number[] = [];
  readonly written: number[] = [];
  /** Registers that the block uses, and those that it changes. */
  used = 0;
  changed = 0;
  /** Whether any of them is done by the calculator. */
  calculates = false;

  constructor({ code, falls }: Block) {
    const last = code[code.length - 1]!;
    this.end = falls ? 'falls' : endOf(last);
    this.body = this.end === 'falls' ? code.length : code.length - 1;
    for (let position = 0; position < this.body; position++) addInstruction(this, code[position]!);
    addEnd(this, last);
    this.used |= this.changed;
  }
}

export function shapeOf(block: Block): Shape {
  block.shape ??= new Shape(block);
  return block.shape;
}

/*
 * ## Instruction by instruction
 *
 * What the table has nothing to say about is left to the interpreter, who may do anything: change every register, set
 * every flag, or leave.
 */
function addInstruction(shape: Shape, i: Instruction): void {
  const found = lowerings.get(i.execute);
  const lowering = found?.fits(i) ? found : undefined;
  shape.lowerings.push(lowering);
  if (!lowering) {
    shape.flows.push(FLAGS_STEPPED | MAY_LEAVE);
    shape.written.push(0xff);
    return;
  }
  shape.flows.push(flagsOf(i, lowering) | (canLeave(i, lowering) ? MAY_LEAVE : 0));
  shape.written.push(registersOf(i, lowering.writes));
  shape.used |= registersRead(i, lowering);
  shape.changed |= registersWritten(i, lowering);
  shape.calculates ||= lowering.calculates;
}

function canLeave(i: Instruction, lowering: Lowering): boolean {
  const { operand, stack, faults } = lowering;
  return faults || stack !== 'none' || operand === 'string' || (i.isMemory === 1 && operand !== 'none');
}

const FLOWS: Record<Flags, number> = {
  none: FLAGS_NONE,
  sets: FLAGS_SET,
  uses: FLAGS_READ,
  reads: FLAGS_READ,
  changes: FLAGS_CHANGED,
  passes: FLAGS_NONE,
};

function flagsOf(i: Instruction, { flags }: Lowering): number {
  return FLOWS[typeof flags === 'string' ? flags : flags(i)];
}

/*
 * And the one at the end.
 */
function addEnd(shape: Shape, last: Instruction): void {
  switch (shape.end) {
    case 'indirect':
    case 'indirect call':
      shape.used |= last.isMemory ? ((1 << last.base) | (1 << last.index)) & 0xff : 1 << last.rm;
      if (shape.end === 'indirect call') shape.changed |= 1 << ESP;
      break;
    case 'call':
    case 'return':
      shape.changed |= 1 << ESP;
      break;
    case 'loop':
      shape.changed |= 1 << ECX;
      break;
    case 'repeats':
      shape.used |= 1 << EAX;
      shape.changed |= (1 << ECX) | (1 << ESI) | (1 << EDI);
      break;
    default:
  }
}
