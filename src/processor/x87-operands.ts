/*
 * # Somebody at home
 *
 * Whatever an instruction computes, it begins alike: has an error been waiting, which instruction is this, and is
 * anybody at home in the registers it wants? Only then are the numbers taken to the bench. And it ends alike: the
 * result goes on the shelf, if the exceptions allow it, and now and then something is popped.
 *
 * An empty register is an invalid operation of its own kind. It has the bit SF beside IE in the status word, and the
 * same answer as 0/0: the *indefinite*, put where the result would have gone. So a register that was empty before the
 * mistake is full behind it. With IE unmasked it stays empty, and nobody pops anything.
 */
import type { Instruction } from './instruction.ts';
import type { Processor } from './processor.ts';
import {
  beginX87,
  deliver,
  EARLY,
  isEmpty,
  popStack,
  pushStack,
  readStack,
  rememberInstruction,
  settle,
  STACK_FAULT_FLAG,
  STACK_OVERFLOW,
  STACK_UNDERFLOW,
  writeStack,
} from './x87-registers.ts';
import { type Real, setIndefinite } from './x87-real.ts';

/** Begins an instruction that computes with ST(0), and takes that to the workbench; false if it is empty. */
export function takeTop(cpu: Processor, i: Instruction, a: Real): boolean {
  beginX87(cpu);
  rememberInstruction(cpu, i);
  if (isEmpty(cpu.words, 0)) return false;
  readStack(cpu.words, 0, a);
  return true;
}

/** The same with ST(0) and ST(n): both go to the workbench, or none. */
export function takePair(cpu: Processor, i: Instruction, n: number, a: Real, b: Real): boolean {
  const words = cpu.words;
  beginX87(cpu);
  rememberInstruction(cpu, i);
  if (isEmpty(words, 0) || isEmpty(words, n)) return false;
  readStack(words, 0, a);
  readStack(words, n, b);
  return true;
}

/** What comes of an operand that was not there: the indefinite, and a stack fault. */
export function missing(result: Real): number {
  setIndefinite(result);
  return STACK_UNDERFLOW;
}

/*
 * ## Two in, one out; one in, two out
 *
 * FPATAN and the logarithms take two numbers and leave one: it goes to ST(1), and then the pop makes that the new top.
 * FSINCOS, FPTAN and FXTRACT go the other way. They need a register to spare, the one that a push will take, and since
 * the stack goes round that is ST(7). If somebody lives there the answer is two indefinites, one of them in his place.
 */
/** Puts a result into ST(1) and pops. */
export function deliverBelow(words: Int32Array, result: Real, flags: number): void {
  if (deliver(words, 1, result, flags)) popStack(words);
}

/**
 * Begins an instruction that will replace ST(0) and push. Answers with 0 when ST(0) is on the workbench, or a stack
 * fault.
 */
export function takeTopWithRoom(cpu: Processor, i: Instruction, a: Real): number {
  if (!takeTop(cpu, i, a)) return STACK_UNDERFLOW;
  return isEmpty(cpu.words, 7) ? 0 : STACK_OVERFLOW;
}

/** Replaces ST(0) by `first` and pushes `second`, or the indefinite twice after a stack fault. */
export function deliverTwo(words: Int32Array, first: Real, second: Real, flags: number): void {
  if (settle(words, flags) & EARLY) return;
  if (flags & STACK_FAULT_FLAG) {
    setIndefinite(first);
    setIndefinite(second);
  }
  writeStack(words, 0, first);
  pushStack(words);
  writeStack(words, 0, second);
}
