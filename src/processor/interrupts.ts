/*
 * # Through the gate
 *
 * You divide by zero. You ask the kernel to read a file. The timer ticks. To the processor it is one thing: a
 * number from 0 to 255, an entry in a table with that number, and a way in.
 *
 * ```text
 *   31                             16 15 14 13 12 11      8 7    5 4         0
 *  +---------------------------------+--+-----+--+---------+------+-----------+
 *  | offset 31..16                   | P| DPL | 0|  type   | 0 0 0|           |  high word
 *  +---------------------------------+--+-----+--+---------+------+-----------+
 *  | selector                        | offset 15..0                           |  low word
 *  +---------------------------------+----------------------------------------+
 *
 *    type  5 task gate    6, E interrupt gate (16, 32 bits)    7, F trap gate
 * ```
 *
 * The handler finds on its stack what it needs to go back: EIP, CS, EFLAGS, and if the ring has changed, ESP and
 * SS as well.
 *
 * ```text
 *    from an outer ring              within a ring
 *
 *    +--------------+  <- ESP0       +--------------+
 *    |      SS      |                |    EFLAGS    |
 *    |     ESP      |                |      CS      |
 *    |    EFLAGS    |                |     EIP      |
 *    |      CS      |                | (error code) |  <- ESP
 *    |     EIP      |                +--------------+
 *    | (error code) |  <- ESP
 *    +--------------+
 * ```
 *
 * A handler must know how deep its frame is, or look at CS to find out. And it must know whether there is an
 * error code, which nothing on the stack will tell it.
 */
import { readSystem } from './access.ts';
import {
  ACCESSED,
  accessOf,
  CODE,
  CONFORMING,
  dplOf,
  INTERRUPT_GATE_16,
  INTERRUPT_GATE_32,
  isNull,
} from './descriptors.ts';
import {
  limitOf,
  markDescriptor,
  MEMORY_SEGMENT,
  PRESENT,
  readDescriptor,
  TRAP_GATE_16,
  TRAP_GATE_32,
  TYPE,
} from './descriptors.ts';
import { DEBUG, DIVIDE_ERROR, DOUBLE_FAULT, fault, GENERAL_PROTECTION, INVALID_TSS } from './faults.ts';
import { NO_ERROR_CODE, NOT_PRESENT, OVERFLOW, PAGE_FAULT, raise, STACK_FAULT } from './faults.ts';
import { readFlags } from './eflags.ts';
import { enterFlat } from './flat-traps.ts';
import { INTERRUPT, NESTED_TASK, OVERFLOW_FLAG, RESUME, TRAP } from './flags.ts';
import type { Instruction } from './instruction.ts';
import { CPL, CS, EIP, ESP, IDT_BASE, IDT_LIMIT, SELECTOR, SS, SYSTEM_FLAGS } from './layout.ts';
import { DR6 } from './layout.ts';
import { type Processor, updateAttention } from './processor.ts';
import { setSegment } from './segments.ts';
import { findInnerStack, moveToInnerStack } from './innerstack.ts';
import { restoreFlags } from './strings.ts';
import { probePush, push } from './stack.ts';

/*
 * Programs may knock by themselves, with INT. They may do so only at gates whose DPL lets them: a program that
 * could call the page fault handler at will, without an error code, would put the whole stack out of step.
 * Faults and interrupts from outside do not knock.
 */
/** Where an interrupt comes from, which decides what is checked and blamed. */
export const FROM_FAULT = 0;
export const FROM_PROGRAM = 1;
export const FROM_OUTSIDE = 2;

/*
 * ## The way in
 *
 * An interrupt gate closes the door behind you: IF goes to 0, and the next interrupt waits. A trap gate leaves it open.
 * That one bit of difference is why lguest lets trap gates go straight to its guest and must see to all the others
 * itself.
 *
 * Before all that we ask whether [the beaten track](#the-beaten-track) will do. It nearly always does. But what you
 * read here is the whole truth, and the other is only quicker.
 */
/**
 * Enters the handler of a vector through its gate (Intel SDM vol. 2, INT n; vol. 3, 6.12).
 *
 * @param error what to push behind the frame, or `NO_ERROR_CODE`
 * @throws #GP, #NP, #TS, #SS or #PF if the way in is broken; then nothing has changed but perhaps an accessed bit
 */
function enterHandler(cpu: Processor, vector: number, error: number, source: number): void {
  if (enterFlat(cpu, vector, error, source)) return;
  const words = cpu.words;
  const external = source === FROM_PROGRAM ? 0 : 1;
  readGate(cpu, vector, source);
  const { selector, target, wide, closesDoor } = gate;
  const inner = checkHandler(cpu, selector, external);
  const low = cpu.descriptorLow;
  const code = cpu.descriptorHigh;

  if (cpu.repeating) restoreFlags(cpu);
  const size = wide ? 4 : 2;
  const flags = savedFlags(cpu, vector, source);
  const deeper = inner !== words[CPL];
  const items = layOut(words, deeper, flags, error);
  if (deeper) findInnerStack(cpu, inner, size, items, external);
  else probeFrame(cpu, items, size, external);
  if (target >>> 0 > limitOf(low, code) >>> 0) raise(GENERAL_PROTECTION, external);

  cpu.descriptorHigh = code;
  markDescriptor(cpu, selector, ACCESSED);
  const high = cpu.descriptorHigh;
  if (deeper) moveToInnerStack(cpu, inner, size, frame, items);
  else for (let item = 0; item < items; item++) push(cpu, size, frame[item]!);
  cpu.descriptorLow = low;
  cpu.descriptorHigh = high;
  setSegment(cpu, CS, (selector & ~3) | inner);
  words[EIP] = target;
  words[SYSTEM_FLAGS]! &= ~(TRAP | NESTED_TASK | (closesDoor ? INTERRUPT : 0));
  cpu.delivered = true;
  cpu.repeating = false;
  updateAttention(cpu);
}

/*
 * The frame is laid out first, always in the same place, as a gate is read into the same place always. A trap makes no
 * new object: there may be hundreds of thousands of traps a second, and a new object is memory that nobody has touched
 * for a while.
 */
/** The frame, in the order in which it is pushed: never more than SS, ESP, EFLAGS, CS, EIP and an error code. */
const frame = new Int32Array(6);

/** Lays out what is to be pushed, for another ring or for the same. Returns how many items it is. */
function layOut(words: Int32Array, deeper: boolean, flags: number, error: number): number {
  let items = 0;
  if (deeper) {
    frame[items++] = words[SELECTOR + SS]!;
    frame[items++] = words[ESP]!;
  }
  frame[items++] = flags;
  frame[items++] = words[SELECTOR + CS]!;
  frame[items++] = words[EIP]!;
  if (error !== NO_ERROR_CODE) frame[items++] = error;
  return items;
}

/*
 * ## What the gate says
 *
 * Four things: where to, how wide, whether to close the door, and who may knock. A gate that cannot be used is blamed
 * by its vector and not by a selector, and bit 1 of the error code says so: `0x3ba` is *entry 0x77 of the IDT*. Bit 0
 * is EXT. It is clear only if the program knocked by itself, with INT, so that a kernel knows whom to be angry with.
 */
/**
 * What the gate says that was read last: `wide` that it is a 32-bit gate (the frames of the others have 16-bit items),
 * `closesDoor` that it clears IF, as interrupt gates do.
 */
const gate = { selector: 0, target: 0, wide: true, closesDoor: true };

/** Reads a gate into `gate`. */
function readGate(cpu: Processor, vector: number, source: number): void {
  const words = cpu.words;
  const blamed = vector * 8 + 2 + (source === FROM_PROGRAM ? 0 : 1);
  if (vector * 8 + 7 > words[IDT_LIMIT]!) raise(GENERAL_PROTECTION, blamed);
  const low = readSystem(cpu, (words[IDT_BASE]! + vector * 8) | 0, 4);
  const high = readSystem(cpu, (words[IDT_BASE]! + vector * 8 + 4) | 0, 4);
  const access = accessOf(high);
  const type = access & (TYPE | MEMORY_SEGMENT);
  const wide = type === INTERRUPT_GATE_32 || type === TRAP_GATE_32;
  if (!wide && type !== INTERRUPT_GATE_16 && type !== TRAP_GATE_16) raise(GENERAL_PROTECTION, blamed);
  if (source === FROM_PROGRAM && dplOf(access) < words[CPL]!) raise(GENERAL_PROTECTION, blamed);
  if ((access & PRESENT) === 0) raise(NOT_PRESENT, blamed);
  gate.selector = low >>> 16;
  gate.target = wide ? (high & ~0xffff) | (low & 0xffff) : low & 0xffff;
  gate.wide = wide;
  gate.closesDoor = type === INTERRUPT_GATE_32 || type === INTERRUPT_GATE_16;
}

/*
 * A gate may lead to one's own ring or inwards, never outwards: an interrupt that made you *less* privileged
 * would give the outer ring a look at your stack.
 */
/** Checks the code segment a gate leads to, and answers with the ring in which the handler will run. */
function checkHandler(cpu: Processor, selector: number, external: number): number {
  if (isNull(selector)) raise(GENERAL_PROTECTION, external);
  const blamed = (selector & 0xfffc) | external;
  const access = readDescriptor(cpu, selector, external);
  const level = cpu.words[CPL]!;
  if ((access & (MEMORY_SEGMENT | CODE)) !== (MEMORY_SEGMENT | CODE)) raise(GENERAL_PROTECTION, blamed);
  if (dplOf(access) > level) raise(GENERAL_PROTECTION, blamed);
  if ((access & PRESENT) === 0) raise(NOT_PRESENT, blamed);
  return access & CONFORMING ? level : dplOf(access);
}

/*
 * Two small courtesies. RF in the saved flags tells the processor not to stop again at the breakpoint it has just
 * reported. A REP that is single-stepped goes back to itself, too, and gets RF likewise; the manual says so in its
 * chapter on debugging (vol. 3, 17.3.1.1), where nobody looks who reads about interrupts, and so we had it from a real
 * processor. And the check for room, made before the first push, carries in its error code the bit that says *this was
 * not the program's idea*.
 */
/** EFLAGS for the frame. RF is set in it by a fault, and by whatever comes between two iterations of a REP. */
function savedFlags(cpu: Processor, vector: number, source: number): number {
  const isTrap = source !== FROM_FAULT || vector === DEBUG;
  return readFlags(cpu.words) | (isTrap && !cpu.repeating ? 0 : RESUME);
}

/** Whether there is room for the frame on the stack we are on; if not, EXT is set in what that raises. */
function probeFrame(cpu: Processor, items: number, size: number, external: number): void {
  try {
    probePush(cpu, items, size);
  } catch (thrown) {
    if (thrown === fault && fault.vector === STACK_FAULT) fault.error |= external;
    throw thrown;
  }
}

/*
 * ## When the door is broken too
 *
 * The handler's page is missing; the gate is not present; the stack is gone. A fault while delivering a fault is
 * usually just another fault, served in turn. But some pairs make no sense one after the other: a page fault in
 * delivering a page fault will hardly go better the second time. Those are a *double fault*, number 8, for which
 * a wise kernel keeps a stack that nothing else uses.
 *
 * If that fails as well there is nobody left to ask. The processor stops, and pulls a pin that on most boards
 * leads to its own RESET. For years it was the quickest way to reboot a PC, and on the 286, which could not
 * leave protected mode by any other means, operating systems did it on purpose.
 */
/**
 * Delivers the fault in flight, and what goes wrong on the way (SDM vol. 3, 6.15, interrupt 8).
 *
 * @returns false on a triple fault: the processor shuts down
 */
export function deliverFault(cpu: Processor): boolean {
  let vector = fault.vector;
  let error = fault.error;
  while (true) {
    try {
      enterHandler(cpu, vector, error, FROM_FAULT);
      return true;
    } catch (thrown) {
      if (thrown !== fault) throw thrown;
    }
    if (vector === DOUBLE_FAULT) return false;
    if (isDouble(vector, fault.vector)) {
      vector = DOUBLE_FAULT;
      error = 0;
    } else {
      vector = fault.vector;
      error = fault.error;
    }
  }
}

function isContributory(vector: number): boolean {
  return vector === DIVIDE_ERROR || (vector >= INVALID_TSS && vector <= GENERAL_PROTECTION);
}

/** Whether a second fault, met while delivering the first, makes a double fault (SDM vol. 3, table 6-5). */
function isDouble(first: number, second: number): boolean {
  if (first === PAGE_FAULT) return second === PAGE_FAULT || isContributory(second);
  return isContributory(first) && isContributory(second);
}

/*
 * ## Five ways to the gate
 *
 * From outside; after a single step; INT itself, and its two relatives.
 */
/** Takes the interrupt on the line, and acknowledges it. */
export function takeInterrupt(cpu: Processor): void {
  const vector = cpu.line;
  cpu.line = -1;
  updateAttention(cpu);
  enterHandler(cpu, vector, NO_ERROR_CODE, FROM_OUTSIDE);
}

/** The #DB after an instruction that began with TF set. Bit 14 of DR6 says that this is why. */
export function singleStep(cpu: Processor): void {
  cpu.words[DR6]! |= 1 << 14;
  raise(DEBUG);
}

/** INT n. */
export function interrupt(cpu: Processor, i: Instruction): void {
  enterHandler(cpu, i.immediate, NO_ERROR_CODE, FROM_PROGRAM);
}

/** INT1: #DB as from a debugging tool outside. The DPL of the gate is not asked, and DR6 does not tell of it. */
export function interruptOne(cpu: Processor): void {
  enterHandler(cpu, DEBUG, NO_ERROR_CODE, FROM_OUTSIDE);
}

/** INTO: INT 4 if OF. */
export function interruptOnOverflow(cpu: Processor): void {
  if (readFlags(cpu.words) & OVERFLOW_FLAG) enterHandler(cpu, OVERFLOW, NO_ERROR_CODE, FROM_PROGRAM);
}
