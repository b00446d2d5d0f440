/*
 * # Far away
 *
 * A far transfer changes CS. Within a ring it is a formality. Between rings it needs a *call gate*, which is
 * what Intel had in mind for system calls, and what hardly any operating system has used for them: an INT does
 * nearly the same and takes two bytes.
 */
import {
  ACCESSED,
  accessOf,
  CALL_GATE_16,
  CALL_GATE_32,
  CODE,
  CONFORMING,
  dplOf,
  isNull,
} from './descriptors.ts';
import { limitOf, markDescriptor, MEMORY_SEGMENT, PRESENT, readDescriptor, TYPE } from './descriptors.ts';
import { GENERAL_PROTECTION, NOT_PRESENT, protectionFault, raise } from './faults.ts';
import { addressForRead, type Instruction } from './instruction.ts';
import { CPL, CS, EIP, ESP, SELECTOR, SS } from './layout.ts';
import { readLinear } from './access.ts';
import type { Processor } from './processor.ts';
import { setSegment } from './segments.ts';
import { findInnerStack, moveToInnerStack } from './innerstack.ts';
import { peek, probePush, push } from './stack.ts';

/** JMP and CALL to a selector and offset in the instruction (`operation` holds the selector). */
export function farJump(cpu: Processor, i: Instruction): void {
  transfer(cpu, i.operation, i.immediate, i.size, false);
}

export function farCall(cpu: Processor, i: Instruction): void {
  transfer(cpu, i.operation, i.immediate, i.size, true);
}

/** The same with selector and offset in memory. */
export function farJumpIndirect(cpu: Processor, i: Instruction): void {
  const { selector, offset } = readFarPointer(cpu, i);
  transfer(cpu, selector, offset, i.size, false);
}

export function farCallIndirect(cpu: Processor, i: Instruction): void {
  const { selector, offset } = readFarPointer(cpu, i);
  transfer(cpu, selector, offset, i.size, true);
}

/** An offset of the operand size, and behind it a selector. */
export function readFarPointer(cpu: Processor, i: Instruction): { selector: number; offset: number } {
  const address = addressForRead(cpu, i, i.size + 2);
  const offset = readLinear(cpu, address, i.size);
  return { offset, selector: readLinear(cpu, (address + i.size) | 0, 2) };
}

/*
 * ## To a segment
 *
 * Code has a level and you must be at it, exactly. Conforming code is the exception: it may be called from
 * further out, and does not become any more privileged by that.
 */
/** A far transfer to code, or through a call gate (SDM vol. 3, 5.8). */
function transfer(cpu: Processor, selector: number, offset: number, size: number, isCall: boolean): void {
  const access = readDescriptor(cpu, selector);
  if ((access & MEMORY_SEGMENT) === 0) {
    throughGate(cpu, selector, access, isCall);
    return;
  }
  const blamed = selector & 0xfffc;
  const level = cpu.words[CPL]!;
  if ((access & CODE) === 0) raise(GENERAL_PROTECTION, blamed);
  if (access & CONFORMING) {
    if (dplOf(access) > level) raise(GENERAL_PROTECTION, blamed);
  } else if ((selector & 3) > level || dplOf(access) !== level) {
    raise(GENERAL_PROTECTION, blamed);
  }
  if ((access & PRESENT) === 0) raise(NOT_PRESENT, blamed);
  arrive(cpu, selector, offset, size, isCall);
}

/** Goes to `offset` in the code segment last read, at the same level. */
function arrive(cpu: Processor, selector: number, offset: number, size: number, isCall: boolean): void {
  const words = cpu.words;
  if (isCall) probePush(cpu, 2, size);
  if (offset >>> 0 > limitOf(cpu.descriptorLow, cpu.descriptorHigh) >>> 0) protectionFault();
  markDescriptor(cpu, selector, ACCESSED);
  if (isCall) {
    push(cpu, size, words[SELECTOR + CS]!);
    push(cpu, size, words[EIP]!);
  }
  setSegment(cpu, CS, (selector & ~3) | words[CPL]!);
  words[EIP] = offset;
}

/*
 * ## To a gate
 *
 * The offset in the instruction is thrown away: the gate knows better. You may knock if neither you nor your RPL
 * are further out than the gate's DPL; where it leads may be as far in as it likes.
 */
/** Through a call gate: the gate says where to, and a call may go to an inner ring. */
function throughGate(cpu: Processor, gateSelector: number, gate: number, isCall: boolean): void {
  const level = cpu.words[CPL]!;
  const gateBlamed = gateSelector & 0xfffc;
  const type = gate & TYPE;
  if (type !== CALL_GATE_32 && type !== CALL_GATE_16) raise(GENERAL_PROTECTION, gateBlamed);
  if (dplOf(gate) < level || dplOf(gate) < (gateSelector & 3)) raise(GENERAL_PROTECTION, gateBlamed);
  if ((gate & PRESENT) === 0) raise(NOT_PRESENT, gateBlamed);

  const size = type === CALL_GATE_32 ? 4 : 2;
  const selector = cpu.descriptorLow >>> 16;
  const high = cpu.descriptorHigh;
  const offset = size === 4 ? (high & ~0xffff) | (cpu.descriptorLow & 0xffff) : cpu.descriptorLow & 0xffff;
  const parameters = high & 31;
  if (isNull(selector)) protectionFault();
  const access = readDescriptor(cpu, selector);
  const blamed = selector & 0xfffc;
  if ((access & (MEMORY_SEGMENT | CODE)) !== (MEMORY_SEGMENT | CODE)) raise(GENERAL_PROTECTION, blamed);
  if (dplOf(access) > level) raise(GENERAL_PROTECTION, blamed);
  const inner = !(access & CONFORMING) && dplOf(access) < level;
  if (inner && !isCall) raise(GENERAL_PROTECTION, blamed);
  if ((access & PRESENT) === 0) raise(NOT_PRESENT, blamed);
  if (inner) callInner(cpu, selector, offset, size, parameters);
  else arrive(cpu, selector, offset, size, isCall);
}

/*
 * Parameters were pushed on a stack that will be out of reach in a moment, so the gate says how many words of it
 * to copy. They are read before anything is switched.
 */
/** A call to an inner ring: onto its own stack, with the parameters copied over. */
function callInner(cpu: Processor, selector: number, offset: number, size: number, parameters: number): void {
  const words = cpu.words;
  const low = cpu.descriptorLow;
  const code = cpu.descriptorHigh;
  const level = dplOf(accessOf(code));
  findInnerStack(cpu, level, size, parameters + 4, 0);
  if (offset >>> 0 > limitOf(low, code) >>> 0) protectionFault();
  const items = [words[SELECTOR + SS]!, words[ESP]!];
  for (let item = parameters - 1; item >= 0; item--) items.push(peek(cpu, item * size, size));
  items.push(words[SELECTOR + CS]!, words[EIP]!);

  cpu.descriptorHigh = code;
  markDescriptor(cpu, selector, ACCESSED);
  const high = cpu.descriptorHigh;
  moveToInnerStack(cpu, level, size, Int32Array.from(items), items.length);
  cpu.descriptorLow = low;
  cpu.descriptorHigh = high;
  setSegment(cpu, CS, (selector & ~3) | level);
  words[EIP] = offset;
}
