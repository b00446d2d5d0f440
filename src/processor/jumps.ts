/*
 * # Jumps
 *
 * A jump is a store to EIP. The run loop has already written there where the block ends; a jump that is not
 * taken has nothing to do.
 *
 * The target is checked against the limit of CS *before* the jump, so the fault points at the jump and not at
 * the place where it would have gone. In a flat segment no 32-bit number is too large and the comparison always
 * goes the same way.
 */
import { read32, write32 } from './access.ts';
import { parityFlag } from './eflags.ts';
import { protectionFault } from './faults.ts';
import type { Execute, Instruction } from './instruction.ts';
import { ECX, EIP, ESP, FLAG_CARRIES, FLAG_RESULT, LIMIT, CS } from './layout.ts';
import { readOperand, registerIndex } from './operands.ts';
import type { Processor } from './processor.ts';
import { discard, peek, probePush, push } from './stack.ts';

/** A taken jump within the segment; `target` is checked against the limit of CS. */
function jumpTo(cpu: Processor, target: number): void {
  const words = cpu.words;
  if (target >>> 0 > words[LIMIT + CS]! >>> 0) protectionFault();
  words[EIP] = target;
}

/** JMP to a fixed place. */
export function jump(cpu: Processor, i: Instruction): void {
  jumpTo(cpu, i.immediate);
}

/*
 * ## Sixteen conditions
 *
 * These are the sixteen of `condition` once more, each by itself. After moves, they are the most frequent thing
 * a program does.
 */
function jumpIfOverflow(cpu: Processor, i: Instruction): void {
  const carries = cpu.words[FLAG_CARRIES]!;
  if ((carries ^ (carries << 1)) < 0) jumpTo(cpu, i.immediate);
}

function jumpIfNotOverflow(cpu: Processor, i: Instruction): void {
  const carries = cpu.words[FLAG_CARRIES]!;
  if ((carries ^ (carries << 1)) >= 0) jumpTo(cpu, i.immediate);
}

function jumpIfBelow(cpu: Processor, i: Instruction): void {
  if (cpu.words[FLAG_CARRIES]! < 0) jumpTo(cpu, i.immediate);
}

function jumpIfNotBelow(cpu: Processor, i: Instruction): void {
  if (cpu.words[FLAG_CARRIES]! >= 0) jumpTo(cpu, i.immediate);
}

function jumpIfZero(cpu: Processor, i: Instruction): void {
  if (cpu.words[FLAG_RESULT] === 0) jumpTo(cpu, i.immediate);
}

function jumpIfNotZero(cpu: Processor, i: Instruction): void {
  if (cpu.words[FLAG_RESULT] !== 0) jumpTo(cpu, i.immediate);
}

function jumpIfBelowOrEqual(cpu: Processor, i: Instruction): void {
  if (cpu.words[FLAG_CARRIES]! < 0 || cpu.words[FLAG_RESULT] === 0) jumpTo(cpu, i.immediate);
}

function jumpIfAbove(cpu: Processor, i: Instruction): void {
  if (cpu.words[FLAG_CARRIES]! >= 0 && cpu.words[FLAG_RESULT] !== 0) jumpTo(cpu, i.immediate);
}

/*
 * The second half asks about sign and parity, and about both together.
 */
function jumpIfSign(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  if ((words[FLAG_RESULT]! ^ (words[FLAG_CARRIES]! << 31)) < 0) jumpTo(cpu, i.immediate);
}

function jumpIfNotSign(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  if ((words[FLAG_RESULT]! ^ (words[FLAG_CARRIES]! << 31)) >= 0) jumpTo(cpu, i.immediate);
}

function jumpIfParity(cpu: Processor, i: Instruction): void {
  if (parityFlag(cpu.words) === 1) jumpTo(cpu, i.immediate);
}

function jumpIfNotParity(cpu: Processor, i: Instruction): void {
  if (parityFlag(cpu.words) === 0) jumpTo(cpu, i.immediate);
}

/** Negative when SF and OF differ. */
function signAgainstOverflow(words: Int32Array): number {
  const carries = words[FLAG_CARRIES]!;
  return words[FLAG_RESULT]! ^ (carries << 31) ^ carries ^ (carries << 1);
}

function jumpIfLess(cpu: Processor, i: Instruction): void {
  if (signAgainstOverflow(cpu.words) < 0) jumpTo(cpu, i.immediate);
}

function jumpIfNotLess(cpu: Processor, i: Instruction): void {
  if (signAgainstOverflow(cpu.words) >= 0) jumpTo(cpu, i.immediate);
}

function jumpIfLessOrEqual(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  if (words[FLAG_RESULT] === 0 || signAgainstOverflow(words) < 0) jumpTo(cpu, i.immediate);
}

function jumpIfGreater(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  if (words[FLAG_RESULT] !== 0 && signAgainstOverflow(words) >= 0) jumpTo(cpu, i.immediate);
}

/*
 * By number, as the opcodes count them.
 */
/** The sixteen conditional jumps, by the low four bits of the opcode. */
export const conditionalJumps: readonly Execute[] = [
  jumpIfOverflow,
  jumpIfNotOverflow,
  jumpIfBelow,
  jumpIfNotBelow,
  jumpIfZero,
  jumpIfNotZero,
  jumpIfBelowOrEqual,
  jumpIfAbove,
  jumpIfSign,
  jumpIfNotSign,
  jumpIfParity,
  jumpIfNotParity,
  jumpIfLess,
  jumpIfNotLess,
  jumpIfLessOrEqual,
  jumpIfGreater,
];

/*
 * LOOP counts in ECX, or in CX if addresses are 16 bits wide. It is one byte shorter than DEC and JNZ and has been
 * slower than the two of them since the 386.
 */
/** LOOPNE, LOOPE, LOOP and JECXZ, by `operation` 0 to 3; the counter is as wide as addresses are. */
export function loopOrJump(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const wide = i.addressMask === -1;
  const counter = words[ECX]! & i.addressMask;
  if (i.operation === 3) {
    if (counter === 0) jumpTo(cpu, i.immediate);
    return;
  }
  const left = (counter - 1) & i.addressMask;
  const zero = words[FLAG_RESULT] === 0;
  const again = left !== 0 && (i.operation === 2 || zero === (i.operation === 1));
  if (again) jumpTo(cpu, i.immediate);
  if (wide) words[ECX] = left;
  else cpu.halves[registerIndex(ECX, 2)] = left;
}

/** JMP through a register or memory. */
export function jumpIndirect(cpu: Processor, i: Instruction): void {
  jumpTo(cpu, readOperand(cpu, i));
}

/*
 * ## There and back
 *
 * CALL pushes where it would have gone on. RET believes whatever it finds there. A good deal of the security
 * industry lives between these two sentences.
 */
/** CALL and RET in 32-bit code on a flat stack, the common case. */
export function call(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const top = (words[ESP]! - 4) | 0;
  if (i.immediate >>> 0 > words[LIMIT + CS]! >>> 0) return callTo(cpu, i, i.immediate); // which faults, and puts nothing on the stack
  write32(cpu, top, i.next);
  words[ESP] = top;
  words[EIP] = i.immediate;
}

export function returnNear(cpu: Processor): void {
  const words = cpu.words;
  const top = words[ESP]!;
  jumpTo(cpu, read32(cpu, top));
  words[ESP] = top + 4;
}

/*
 * The same on stacks of any kind.
 */
/** CALL and RET on any stack, with either operand size. */
export function callAnyStack(cpu: Processor, i: Instruction): void {
  callTo(cpu, i, i.immediate);
}

export function callIndirect(cpu: Processor, i: Instruction): void {
  callTo(cpu, i, readOperand(cpu, i));
}

/** Of a full stack and a target beyond the limit, the real processor reports the stack. */
function callTo(cpu: Processor, i: Instruction, target: number): void {
  const words = cpu.words;
  probePush(cpu, 1, i.size);
  if (target >>> 0 > words[LIMIT + CS]! >>> 0) protectionFault();
  push(cpu, i.size, i.next);
  words[EIP] = target;
}

/** RET, and RET with `immediate` bytes of arguments to drop. */
export function returnAnyStack(cpu: Processor, i: Instruction): void {
  jumpTo(cpu, peek(cpu, 0, i.size));
  discard(cpu, i.size + i.immediate);
}
