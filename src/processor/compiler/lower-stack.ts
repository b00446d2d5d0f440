/*
 * # The stack
 *
 * PUSH is a store and a subtraction, in this order, for the store may fail. With the planner's help the store is one
 * instruction and the subtractions of four PUSHes are folded into one by whoever compiles us.
 */
import type { Execute, Instruction } from '../instruction.ts';
import { EBP, ESP, SELECTOR } from '../layout.ts';
import * as stack from '../stack.ts';
import { type Draft, REGISTER, STACK_POINTER, T1 } from './draft.ts';
import { ADD, I32_LOAD } from './emitter.ts';
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
 * POP to memory takes one address from the stack and one from the instruction. If that one is counted from ESP, it is
 * from ESP as it will be; the interpreter can have that.
 */
function popToMemory(d: Draft): void {
  const operand = reachOperand(d);
  const access = reachStack(d, 0);
  beginStore(d, operand);
  load(d, access);
  store(d, operand);
  moveStackPointer(d, 4);
}

const isCountedFromElsewhere = (i: Instruction) => isWide(i) && i.isMemory === 1 && i.base !== ESP;

const fromRegisterOrMemory = { operand: 'load', stack: 'push', reads: RM } as const;

export const stackLowerings: [Execute, Lowering][] = [
  [stack.pushRegister, lowering(pushOperand, fromRegisterOrMemory)],
  [stack.pushMemory, lowering(pushOperand, fromRegisterOrMemory)],
  [stack.pushOperand, lowering(pushOperand, { ...fromRegisterOrMemory, fits: isWide })],
  [stack.pushImmediate, lowering(pushImmediate, { stack: 'push' })],
  [stack.pushSegment, lowering(pushSegment, { stack: 'push', fits: isWide })],
  [stack.popRegister, lowering(pop, { stack: 'pop', writes: RM })],
  [stack.popOperand, lowering(popToMemory, { operand: 'store', stack: 'pop', fits: isCountedFromElsewhere })],
  [stack.leave, lowering(leave, { stack: 'leave', writes: USES_EBP })],
];
