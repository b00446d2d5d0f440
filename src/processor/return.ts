/*
 * # The way out
 *
 * Everybody remembers how one gets into ring 0. How does one ever get *out* of it? There is no instruction for
 * that. There is only going back: a return to where one came from, and the processor has no idea whether one has
 * ever been there.
 *
 * So a kernel that starts its first process writes a frame on its stack that says *ring 3, over there, with this
 * stack*, as if that process had been interrupted, and returns to it. All processes begin as a lie about the
 * past.
 */
import { ACCESSED, CODE, CONFORMING, dplOf, limitOf, markDescriptor } from './descriptors.ts';
import { MEMORY_SEGMENT, PRESENT, readDescriptor } from './descriptors.ts';
import { GENERAL_PROTECTION, INVALID_TSS, NOT_PRESENT, protectionFault, raise } from './faults.ts';
import { readFlags } from './eflags.ts';
import { returnFlat } from './flat-traps.ts';
import { ARITHMETIC, INTERRUPT, IO_PRIVILEGE, NESTED_TASK, SYSTEM } from './flags.ts';
import { writeArithmeticFlags } from './eflags.ts';
import { VIRTUAL_8086 } from './flags.ts';
import { readSystem } from './access.ts';
import type { Instruction } from './instruction.ts';
import { ACCESS, BASE, CPL, CS, DS, EIP, ES, FS, GS, SS, SYSTEM_FLAGS, TR } from './layout.ts';
import { type Processor, setPrivilege, updateAttention } from './processor.ts';
import { checkStack, setNull, setSegment } from './segments.ts';
import { discard, peek, push, setStackPointer } from './stack.ts';

/*
 * RETF and IRET differ in EFLAGS. The rest they share, and the rest is the interesting part.
 */
/** RET to another segment, and perhaps to an outer ring; drops `immediate` bytes of parameters. */
export function farReturn(cpu: Processor, i: Instruction): void {
  const size = i.size;
  returnTo(cpu, peek(cpu, size, size) & 0xffff, peek(cpu, 0, size), size, 2 * size, i.immediate);
}

/** IRET. */
export function interruptReturn(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  if (words[SYSTEM_FLAGS]! & NESTED_TASK) {
    const link = readSystem(cpu, words[BASE + TR]!, 2);
    raise(INVALID_TSS, link & 0xfffc);
  }
  const size = i.size;
  if (size === 4 && returnFlat(cpu)) return;
  const level = words[CPL]!;
  const eip = peek(cpu, 0, size);
  const selector = peek(cpu, size, size) & 0xffff;
  const image = peek(cpu, 2 * size, size);
  if (size === 4 && image & VIRTUAL_8086 && level === 0) protectionFault();
  returnTo(cpu, selector, eip, size, 3 * size, 0);
  loadFlags(cpu, image, size, level);
}

/*
 * ## Out, never in
 *
 * The RPL of the CS that is popped says where to go: one's own ring or further out. A smaller number than CPL is
 * #GP, whatever it names. Otherwise it is checked as if it were a call backwards, and when the ring changes, a
 * second stack comes off the first.
 */
/**
 * The way back that RETF and IRET share (SDM vol. 3, 5.8.6).
 *
 * @param frame bytes between the top of the stack and what lies behind EIP, CS (and EFLAGS)
 * @param extra bytes of parameters to drop, on both stacks
 */
function returnTo(
  cpu: Processor,
  selector: number,
  eip: number,
  size: number,
  frame: number,
  extra: number,
): void {
  const words = cpu.words;
  const level = words[CPL]!;
  const blamed = selector & 0xfffc;
  const access = readDescriptor(cpu, selector);
  const target = selector & 3;
  if ((access & (MEMORY_SEGMENT | CODE)) !== (MEMORY_SEGMENT | CODE)) raise(GENERAL_PROTECTION, blamed);
  if (target < level) raise(GENERAL_PROTECTION, blamed);
  const fits = access & CONFORMING ? dplOf(access) <= target : dplOf(access) === target;
  if (!fits) raise(GENERAL_PROTECTION, blamed);
  if ((access & PRESENT) === 0) raise(NOT_PRESENT, blamed);
  const beyond = eip >>> 0 > limitOf(cpu.descriptorLow, cpu.descriptorHigh) >>> 0;

  if (target === level) {
    if (beyond) protectionFault();
    markDescriptor(cpu, selector, ACCESSED);
    discard(cpu, frame + extra);
    setSegment(cpu, CS, selector);
  } else {
    const pointer = peek(cpu, frame + extra, size);
    const stack = peek(cpu, frame + extra + size, size) & 0xffff;
    const low = cpu.descriptorLow;
    const high = cpu.descriptorHigh;
    checkStack(cpu, stack, target);
    if (beyond) protectionFault();
    markDescriptor(cpu, stack, ACCESSED);
    const stackLow = cpu.descriptorLow;
    const stackHigh = cpu.descriptorHigh;
    cpu.descriptorLow = low;
    cpu.descriptorHigh = high;
    markDescriptor(cpu, selector, ACCESSED);
    setSegment(cpu, CS, selector);
    setPrivilege(cpu, target);
    cpu.descriptorLow = stackLow;
    cpu.descriptorHigh = stackHigh;
    setSegment(cpu, SS, stack);
    setStackPointer(cpu, (pointer + extra) | 0);
    hideFromOuter(cpu, ES, target);
    hideFromOuter(cpu, DS, target);
    hideFromOuter(cpu, FS, target);
    hideFromOuter(cpu, GS, target);
  }
  words[EIP] = eip;
}

/*
 * ## Turning out one's pockets
 *
 * The kernel may have left DS on a segment of its own. The program in ring 3 could not have loaded it, but it
 * would not have to: it is loaded. So on the way out every data segment that the outer ring is not good enough
 * for becomes null, without a word. Many a young kernel has wondered why its first program dies at its first
 * store.
 */
/** A data segment that the outer ring could not have loaded itself is taken from it. */
export function hideFromOuter(cpu: Processor, segment: number, level: number): void {
  const access = cpu.words[ACCESS + segment]!;
  if ((access & (CODE | CONFORMING)) === (CODE | CONFORMING)) return;
  if (dplOf(access) < level) setNull(cpu, segment, 0);
}

/*
 * ## Who may change what
 *
 * POPF in ring 3 with IF = 0 in the image: does it switch interrupts off? No. Does it fault? No. It sets the
 * flags it may and *ignores the rest*. For most people that is a convenience. For those who write hypervisors it
 * is a famous disaster: a kernel in ring 1 that believes it has just disabled interrupts is wrong, and nobody
 * was told. It is the best-known of the seventeen instructions that made this processor impossible to virtualise
 * by trapping alone, and the reason why lguest's guests keep their IF in a variable.
 */
/**
 * Loads EFLAGS for POPF and IRET: what the ring may not change stays as it is, without a word.
 *
 * @param level the ring that asks
 */
export function loadFlags(cpu: Processor, image: number, size: number, level: number): void {
  const words = cpu.words;
  const old = words[SYSTEM_FLAGS]!;
  let changeable = SYSTEM;
  if (level > 0) changeable &= ~IO_PRIVILEGE;
  if (level > ((old >> 12) & 3)) changeable &= ~INTERRUPT;
  if (size === 2) changeable &= 0xffff;
  words[SYSTEM_FLAGS] = (old & ~changeable) | (image & changeable);
  writeArithmeticFlags(words, image & ARITHMETIC);
  updateAttention(cpu);
}

export function pushFlags(cpu: Processor, i: Instruction): void {
  push(cpu, i.size, readFlags(cpu.words));
}

export function popFlags(cpu: Processor, i: Instruction): void {
  const image = peek(cpu, 0, i.size);
  const old = cpu.words[SYSTEM_FLAGS]!;
  discard(cpu, i.size);
  loadFlags(cpu, image, i.size, cpu.words[CPL]!);
  if (cpu.words[SYSTEM_FLAGS] !== old) cpu.stopAt = 0;
}
