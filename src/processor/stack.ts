/*
 * # The stack
 *
 * It grows downwards because memory was drawn with 0 at the bottom and programs were loaded there. PUSH: four
 * less, then store. POP: load, then four more. In our order of doing things it is store, *then* four less, for
 * the store may fault and ESP must not have moved.
 */
import { probeWrite, read32, readLinear, write32, writeLinear } from './access.ts';
import { BIG } from './descriptors.ts';
import { addressForRead, type Instruction } from './instruction.ts';
import { ACCESS, EAX, EBP, EDI, ESP, SELECTOR, SS } from './layout.ts';
import { readOperand, readRegister, registerIndex, writeOperand, writeRegister } from './operands.ts';
import { MODE_FLAT_STACK, type Processor, SHADOW_MOV_SS, tire, updateAttention } from './processor.ts';
import { linearAddress, loadSegment } from './segments.ts';

/** PUSH of a 32-bit register, and the other common pushes, when the stack segment is flat. */
export function pushRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const top = (words[ESP]! - 4) | 0;
  write32(cpu, top, words[i.rm]!);
  words[ESP] = top;
}

export function pushImmediate(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const top = (words[ESP]! - 4) | 0;
  write32(cpu, top, i.immediate);
  words[ESP] = top;
}

export function pushMemory(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const value = read32(cpu, addressForRead(cpu, i, 4));
  const top = (words[ESP]! - 4) | 0;
  write32(cpu, top, value);
  words[ESP] = top;
}

/** POP ESP works out too: the value is stored last. */
export function popRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const top = words[ESP]!;
  const value = read32(cpu, top);
  words[ESP] = top + 4;
  words[i.rm] = value;
}

/*
 * LEAVE takes down a frame: ESP back to EBP, and the caller's EBP from where it was saved.
 */
export function leave(cpu: Processor): void {
  const words = cpu.words;
  const frame = words[EBP]!;
  const value = read32(cpu, frame);
  words[ESP] = frame + 4;
  words[EBP] = value;
}

/*
 * ## Any stack
 *
 * SS may have a base and a limit, and its stack pointer may be 16 bits wide: then 2 less than 0 is `0xfffe`, and
 * the upper half of ESP is nobody's concern.
 */
/** Moves a stack offset, within 32 or 16 bits as the stack segment says. */
function stackOffset(cpu: Processor, from: number, by: number): number {
  return cpu.words[ACCESS + SS]! & BIG ? (from + by) | 0 : (from + by) & 0xffff;
}

export function setStackPointer(cpu: Processor, offset: number): void {
  if (cpu.words[ACCESS + SS]! & BIG) cpu.words[ESP] = offset;
  else cpu.halves[registerIndex(ESP, 2)] = offset;
}

/** Pushes onto any kind of stack; ESP moves only if the store went well. */
export function push(cpu: Processor, size: number, value: number): void {
  if (size === 4 && (cpu.mode & MODE_FLAT_STACK) !== 0) {
    const flat = (cpu.words[ESP]! - 4) | 0;
    write32(cpu, flat, value);
    cpu.words[ESP] = flat;
    return;
  }
  const top = stackOffset(cpu, cpu.words[ESP]!, -size);
  writeLinear(cpu, linearAddress(cpu, SS, top, size, true), size, value);
  setStackPointer(cpu, top);
}

/** Reads the stack `depth` bytes above its top, without popping. */
export function peek(cpu: Processor, depth: number, size: number): number {
  if (size === 4 && (cpu.mode & MODE_FLAT_STACK) !== 0) return read32(cpu, (cpu.words[ESP]! + depth) | 0);
  const at = stackOffset(cpu, cpu.words[ESP]!, depth);
  return readLinear(cpu, linearAddress(cpu, SS, at, size, false), size);
}

/** Forgets the top `bytes` of the stack. */
export function discard(cpu: Processor, bytes: number): void {
  setStackPointer(cpu, stackOffset(cpu, cpu.words[ESP]!, bytes));
}

/*
 * Some instructions push more than one thing. They ask first for all of them.
 */
/** Faults now if pushing `count` items of `size` would fault later. */
export function probePush(cpu: Processor, count: number, size: number): void {
  for (let item = 1; item <= count; item++) {
    const at = stackOffset(cpu, cpu.words[ESP]!, -item * size);
    probeWrite(cpu, linearAddress(cpu, SS, at, size, true), size, size);
  }
}

/** PUSH of anything on any stack. */
export function pushOperand(cpu: Processor, i: Instruction): void {
  push(cpu, i.size, readOperand(cpu, i));
}

export function pushConstant(cpu: Processor, i: Instruction): void {
  push(cpu, i.size, i.immediate);
}

export function pushSegment(cpu: Processor, i: Instruction): void {
  push(cpu, i.size, cpu.words[SELECTOR + i.operation]!);
}

/*
 * POP to memory has a question in an exam of its own. In `pop [esp+4]`, which ESP is meant, before or after?
 * After. And if the store faults, before.
 */
/** POP to anything. An address that uses ESP means ESP after the pop. */
export function popOperand(cpu: Processor, i: Instruction): void {
  const before = cpu.words[ESP]!;
  const value = peek(cpu, 0, i.size);
  discard(cpu, i.size);
  try {
    writeOperand(cpu, i, value);
  } catch (error) {
    cpu.words[ESP] = before;
    throw error;
  }
}

/*
 * Segment registers come off the stack with all the checks of a MOV, and SS with its shadow.
 */
export function popSegment(cpu: Processor, i: Instruction): void {
  const selector = peek(cpu, 0, i.size) & 0xffff;
  const after = stackOffset(cpu, cpu.words[ESP]!, i.size);
  const big = (cpu.words[ACCESS + SS]! & BIG) !== 0;
  loadSegment(cpu, i.operation, selector);
  if (big) cpu.words[ESP] = after;
  else cpu.halves[registerIndex(ESP, 2)] = after;
  if (i.operation === SS) shadowInterrupts(cpu);
}

/** MOV to a segment register. */
export function moveToSegment(cpu: Processor, i: Instruction): void {
  loadSegment(cpu, i.operation, readOperand(cpu, i) & 0xffff);
  if (i.operation === SS) shadowInterrupts(cpu);
}

/** After a new SS no interrupt comes before the next instruction, which should be the new ESP. */
function shadowInterrupts(cpu: Processor): void {
  cpu.shadow = SHADOW_MOV_SS;
  updateAttention(cpu);
}

/*
 * ## All at once
 *
 * PUSHA pushes ESP as it was before it began; POPA skips it. `values` is read completely before the first
 * register changes.
 */
/** PUSHA: all eight, with ESP as it was. */
export function pushAll(cpu: Processor, i: Instruction): void {
  const size = i.size;
  tire(cpu, 2);
  probePush(cpu, 8, size);
  const top = readRegister(cpu, registerIndex(ESP, size), size);
  for (let register = EAX; register <= EDI; register++) {
    push(cpu, size, register === ESP ? top : readRegister(cpu, registerIndex(register, size), size));
  }
}

/** POPA: all but ESP. */
export function popAll(cpu: Processor, i: Instruction): void {
  const size = i.size;
  const values: number[] = [];
  for (let item = 0; item < 8; item++) values.push(peek(cpu, item * size, size));
  discard(cpu, 8 * size);
  for (let register = EAX; register <= EDI; register++) {
    if (register !== ESP) writeRegister(cpu, registerIndex(register, size), size, values[EDI - register]!);
  }
}

/** LEAVE on any stack and of either size. */
export function leaveAnyStack(cpu: Processor, i: Instruction): void {
  const size = i.size;
  const frame = stackOffset(cpu, cpu.words[EBP]!, 0);
  const value = readLinear(cpu, linearAddress(cpu, SS, frame, size, false), size);
  setStackPointer(cpu, stackOffset(cpu, frame, size));
  writeRegister(cpu, registerIndex(EBP, size), size, value);
}

/*
 * ENTER was meant for Pascal: a procedure in a procedure in a procedure gets the frame pointers of all those
 * around it, up to 31 of them. Compilers went on to do it by hand, in less time. It is still the longest
 * instruction that ring 3 has for integers, but for the strings: [dear](#dear-instructions), when there are many.
 */
/** ENTER: a frame of `immediate` bytes, with copies of the frame pointers of `operation` outer levels. */
export function enter(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const size = i.size;
  const level = i.operation;
  const before = words[ESP]!;
  tire(cpu, level >> 2);
  try {
    push(cpu, size, readRegister(cpu, registerIndex(EBP, size), size));
    const frame = words[ESP]!;
    let outer = words[EBP]!;
    for (let depth = 1; depth < level; depth++) {
      outer = stackOffset(cpu, outer, -size);
      push(cpu, size, readLinear(cpu, linearAddress(cpu, SS, outer, size, false), size));
    }
    if (level > 0) push(cpu, size, frame);
    const top = stackOffset(cpu, words[ESP]!, -i.immediate);
    probeWrite(cpu, linearAddress(cpu, SS, top, size, true), size, size);
    setStackPointer(cpu, top);
    writeRegister(cpu, registerIndex(EBP, size), size, frame);
  } catch (error) {
    words[ESP] = before;
    throw error;
  }
}
