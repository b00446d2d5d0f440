/*
 * # One element
 *
 * A compiler that is told to save bytes writes `lodsb` for a load and an addition, and `stosb` for a store and another.
 * So string instructions come one by one, too, in loops that have nothing to repeat. Those are as good as moves. With
 * REP in front they are another matter, and the next file's.
 */
import { FLAT, type Execute, type Instruction } from '../instruction.ts';
import { EAX, EDI, ESI, SYSTEM_FLAGS } from '../layout.ts';
import { LODS, MOVS, STOS, stringOnce } from '../strings.ts';
import { type Draft, REGISTER, T1 } from './draft.ts';
import { ADD, AND, I32_LOAD, SHR_U, SUB } from './emitter.ts';
import { type Lowering, lowering, USES_EAX, USES_EDI, USES_ESI } from './lowering.ts';
import { beginStore, checkGroup, getRegister, load, setRegister, store } from './operands.ts';
import type { Access } from './plan.ts';

/*
 * First everything that can fail: both places are looked at before anything moves.
 */
function element(d: Draft, i: Instruction): void {
  const { code, plan, position } = d;
  const source = plan.operands[position];
  const destination = plan.stacks[position];
  if (source) look(d, ESI, source);
  if (destination) look(d, EDI, destination);
  if (destination) beginStore(d, destination);
  if (source) load(d, source);
  else getRegister(d, EAX, i.size);
  if (destination) store(d, destination);
  else setRegister(d, EAX, i.size);
  pushStep(d, i.size);
  code.set(T1);
  if (source) advance(d, ESI);
  if (destination) advance(d, EDI);
}

function look(d: Draft, register: number, { group }: Access): void {
  d.code.get(REGISTER + register);
  checkGroup(d, group);
}

/*
 * The direction flag is nearly always clear. But to find that out takes a branch, and this is only arithmetic: the flag
 * is bit 10. It is moved to where it is worth twice the size, and taken off the size, and leaves minus the size.
 */
const DIRECTION_BIT = 10;

/** Pushes `size`, or `-size` if DF is set. */
function pushStep({ code }: Draft, size: number): void {
  const twice = 2 * size;
  code.const(size);
  code.const(0);
  code.memory(I32_LOAD, SYSTEM_FLAGS * 4);
  code.with(DIRECTION_BIT - Math.log2(twice), SHR_U);
  code.with(twice, AND);
  code.op(SUB);
}

function advance({ code }: Draft, register: number): void {
  code.get(REGISTER + register);
  code.get(T1);
  code.op(ADD);
  code.set(REGISTER + register);
}

/** Comparing is rarer, and has flags. */
function fits({ operation, segment }: Instruction): boolean {
  return segment === FLAT && MOVING.includes(operation);
}

const MOVING = [MOVS, STOS, LODS];
const writes = USES_EAX | USES_ESI | USES_EDI;

export const stringLowerings: [Execute, Lowering][] = [
  [stringOnce, lowering(element, { operand: 'string', writes, fits })],
];
