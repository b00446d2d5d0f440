/*
 * # The stack
 *
 * PUSH is a store and a subtraction, in this order, for the store may fail. With the planner's help the store is one
 * instruction and the subtractions of four PUSHes are folded into one by whoever compiles us.
 */
import type { Execute, Instruction } from '../instruction.ts';
import { clearDirection, setDirection } from '../control.ts';
import { DIRECTION } from '../flags.ts';
import { EBP, SELECTOR, SYSTEM_FLAGS } from '../layout.ts';
import * as stack from '../stack.ts';
import { changeCarry } from '../system.ts';
import { canonicalize, pushCarry } from './flag-values.ts';
import { type Draft, FLAG_B, REGISTER, STACK_POINTER, T1 } from './draft.ts';
import { ADD, AND, I32_LOAD, I32_STORE, OR, SHL, XOR } from './emitter.ts';
import { isWide, type Lowering, lowering, RM, USES_EBP } from './lowering.ts';
import { beginStore, getOperand, load, reachOperand, reachStack, store } from './operands.ts';

/** Stores what `value` pushes below the stack pointer, and moves that. */
export function push(d: Draft, value: () => void): void {
  const access = reachStack(d, -4);
  beginStore(d, access);
  value();
  store(d, access);
  moveStackPointer(d, -4);
}

/** Pushes the word on top of the emulated stack onto WebAssembly's. */
export function top(d: Draft): void {
  load(d, reachStack(d, 0));
}

export function moveStackPointer({ code }: Draft, by: number): void {
  code.get(STACK_POINTER);
  code.with(by, ADD);
  code.set(STACK_POINTER);
}

function pushOperand(d: Draft, i: Instruction): void {
  if (i.isMemory) reachOperand(d);
  push(d, () => getOperand(d, i));
}

function pushImmediate(d: Draft, i: Instruction): void {
  push(d, () => d.code.const(i.immediate));
}

function pushSegment(d: Draft, i: Instruction): void {
  push(d, () => {
    d.code.const(0);
    d.code.memory(I32_LOAD, (SELECTOR + i.operation) * 4);
  });
}

/** POP ESP works out: the value comes last. */
function pop(d: Draft, i: Instruction): void {
  top(d);
  d.code.set(T1);
  moveStackPointer(d, 4);
  d.code.get(T1);
  d.code.set(REGISTER + i.rm);
}

function leave(d: Draft): void {
  const { code } = d;
  const access = reachStack(d, 0, EBP);
  code.get(REGISTER + EBP);
  code.with(4, ADD);
  load(d, access);
  code.set(REGISTER + EBP);
  code.set(STACK_POINTER);
}

/*
 * ## And two flags
 */
function direction(up: boolean): Lowering['lower'] {
  return ({ code }) => {
    code.const(0);
    code.const(0);
    code.memory(I32_LOAD, SYSTEM_FLAGS * 4);
    if (up) code.with(~DIRECTION, AND);
    else code.with(DIRECTION, OR);
    code.memory(I32_STORE, SYSTEM_FLAGS * 4);
  };
}

/** CLC, STC and CMC; OF stays, so the lower carry turns over with the upper. */
function carry(d: Draft, i: Instruction): void {
  if (!d.needed) return;
  const { code } = d;
  canonicalize(d);
  code.get(FLAG_B);
  // What must be turned over: the difference of what CF is and what it shall be.
  if (i.operation === 2) {
    code.const(1);
  } else {
    pushCarry(d);
    if (i.operation === 1) code.with(1, XOR);
  }
  code.tee(T1);
  code.with(31, SHL);
  code.get(T1);
  code.with(30, SHL);
  code.op(OR);
  code.op(XOR);
  code.set(FLAG_B);
}

const fromRegisterOrMemory = { operand: 'load', stack: 'push', reads: RM } as const;

export const stackLowerings: [Execute, Lowering][] = [
  [stack.pushRegister, lowering(pushOperand, fromRegisterOrMemory)],
  [stack.pushMemory, lowering(pushOperand, fromRegisterOrMemory)],
  [stack.pushOperand, lowering(pushOperand, { ...fromRegisterOrMemory, fits: isWide })],
  [stack.pushImmediate, lowering(pushImmediate, { stack: 'push' })],
  [stack.pushSegment, lowering(pushSegment, { stack: 'push', fits: isWide })],
  [stack.popRegister, lowering(pop, { stack: 'pop', writes: RM })],
  [stack.leave, lowering(leave, { stack: 'leave', writes: USES_EBP })],
  [clearDirection, lowering(direction(true))],
  [setDirection, lowering(direction(false))],
  [changeCarry, lowering(carry, { flags: 'changes' })],
];
