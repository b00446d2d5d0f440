/*
 * # The four operations
 *
 * There are six of them. Subtraction and division come in two directions, because one operand is always the top
 * of the stack, and when it should have been the other one you would have to exchange first. The three bits that
 * say which are the same in every opcode, so that one function can read them; numbers 2 and 3 are comparisons,
 * and live elsewhere.
 */
import type { Instruction } from './instruction.ts';
import { X87_CONTROL, X87_EXPONENT } from './layout.ts';
import type { Processor } from './processor.ts';
import { add } from './x87-add.ts';
import { divide, squareRoot } from './x87-divide.ts';
import { loadDouble, loadInteger, loadSingle } from './x87-memory.ts';
import { multiply } from './x87-multiply.ts';
import { missing, takePair, takeTop } from './x87-operands.ts';
import {
  beginX87,
  deliver,
  isEmpty,
  physical,
  popStack,
  readStack,
  rememberInstruction,
  settle,
} from './x87-registers.ts';
import { Real } from './x87-real.ts';

/** The workbench. What lies on it lives no longer than one instruction. */
const a = new Real();
const b = new Real();
const result = new Real();

/** The digits of the opcode; 2 and 3 are comparisons. */
const ADD = 0;
const MULTIPLY = 1;
const SUBTRACT = 4;
const SUBTRACT_REVERSED = 5;
const DIVIDE = 6;
/** Added to the digit where the operation also pops. */
export const POPS = 8;

/** What one digit of the opcode does with ST(0), on the workbench as `a`, and another operand, `b`. */
function combine(control: number, operation: number): number {
  switch (operation) {
    case ADD:
      return add(control, a, b, 0, result);
    case MULTIPLY:
      return multiply(control, a, b, result);
    case SUBTRACT:
      return add(control, a, b, 1, result);
    case SUBTRACT_REVERSED:
      return add(control, b, a, 1, result);
    case DIVIDE:
      return divide(control, a, b, result);
    default:
      return divide(control, b, a, result);
  }
}

/*
 * ## Forms
 *
 * `fadd st(0), st(3)` puts the sum on top, `fadd st(3), st(0)` into the other one, and `faddp` then throws the top
 * away, for it has been used up. That last one is a pocket calculator's plus key.
 */
/** D8: ST(0) = ST(0) op ST(i). */
export function arithmeticToTop(cpu: Processor, i: Instruction): void {
  const there = takePair(cpu, i, i.rm, a, b);
  const flags = there ? combine(cpu.words[X87_CONTROL]!, i.operation) : missing(result);
  deliver(cpu.words, 0, result, flags);
}

/** DC and DE: ST(i) = ST(0) op ST(i), and DE pops. */
export function arithmeticToOther(cpu: Processor, i: Instruction): void {
  const there = takePair(cpu, i, i.rm, a, b);
  const flags = there ? combine(cpu.words[X87_CONTROL]!, i.operation & 7) : missing(result);
  if (deliver(cpu.words, i.rm, result, flags) && i.operation & POPS) popStack(cpu.words);
}

/*
 * Numbers in memory are read before anything is remembered, for the read may fault. They are taken to the bench
 * in extended format, where every single, every double and every integer is exact. So adding a word from memory
 * is one rounding, not two.
 */
/** With an operand in memory that is on the workbench already. */
function withMemory(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  rememberInstruction(cpu, i);
  let flags: number;
  if (isEmpty(words, 0)) {
    flags = missing(result);
  } else {
    readStack(words, 0, a);
    flags = combine(words[X87_CONTROL]!, i.operation);
  }
  deliver(words, 0, result, flags);
}

export function arithmeticWithSingle(cpu: Processor, i: Instruction): void {
  beginX87(cpu);
  loadSingle(cpu, i, b);
  withMemory(cpu, i);
}

export function arithmeticWithDouble(cpu: Processor, i: Instruction): void {
  beginX87(cpu);
  loadDouble(cpu, i, b);
  withMemory(cpu, i);
}

export function arithmeticWithInteger(cpu: Processor, i: Instruction): void {
  beginX87(cpu);
  loadInteger(cpu, i, b);
  withMemory(cpu, i);
}

/*
 * ## With one operand
 *
 * The standard wants the square root to be right to the last bit, as the four operations are. Of sines and logarithms
 * it demands nothing of the kind. To turn a sign over is not arithmetic at all: even a signaling NaN takes no notice.
 */
/** FSQRT. */
export function takeSquareRoot(cpu: Processor, i: Instruction): void {
  const there = takeTop(cpu, i, a);
  const flags = there ? squareRoot(cpu.words[X87_CONTROL]!, a, result) : missing(result);
  deliver(cpu.words, 0, result, flags);
}

/** FCHS and FABS: one bit, and nobody asks what it belongs to. */
export function changeSign(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  if (!takeTop(cpu, i, a)) {
    deliver(words, 0, result, missing(result));
    return;
  }
  settle(words, 0);
  const at = X87_EXPONENT + physical(words, 0);
  words[at] = i.operation === 0 ? words[at]! ^ 0x8000 : words[at]! & 0x7fff;
}
