/*
 * # Eight registers, and a stack of them
 *
 * The 8087 had three bits in each instruction to name a register, and two operands. So one of them is always the
 * same: the top of a stack. `ST(0)` is the top, `ST(1)` the one below, and a formula in the notation of a pocket
 * calculator, *3 enter 4 plus*, is a program.
 *
 * It was to be better than that. When the eighth register was full and a ninth number came, the unit would raise
 * an exception, and a handler would put the oldest registers away in memory and fetch them when they were missed.
 * The stack would have no end, and compilers need not count. That is what the tags are for, one bit of *somebody
 * lives here* for each register. Then the chips were there, someone sat down to write the handler, and found that
 * it could not be done well: the unit did not even say whether it had run out of room or out of numbers. The 387
 * of 1987 says it, with the bits C1 and SF that you see below. By then nobody cared. Compilers had learned to
 * count to eight.
 *
 * ```text
 *    physical    0     1     2     3     4     5     6     7
 *             +-----+-----+-----+-----+-----+-----+-----+-----+
 *             |     |     |     |     |     |ST(0)|ST(1)|ST(2)|     TOP = 5
 *             +-----+-----+-----+-----+-----+-----+-----+-----+
 *                                        ^ a push takes this one, and TOP is 4
 * ```
 */
import { COPROCESSOR_ERROR, NO_COPROCESSOR, raise } from './faults.ts';
import type { Instruction } from './instruction.ts';
import {
  CR0,
  CS,
  SELECTOR,
  X87_CODE_OFFSET,
  X87_CODE_SELECTOR,
  X87_CONTROL,
  X87_DATA_OFFSET,
  X87_DATA_SELECTOR,
  X87_EXPONENT,
  X87_HIGH,
  X87_LOW,
  X87_OPCODE,
} from './layout.ts';
import { X87_STATUS, X87_TAGS, X87_TOP } from './layout.ts';
import { CR0_EM, CR0_NE, CR0_TS, type Processor } from './processor.ts';
import { decodeReal, type Real } from './x87-real.ts';

/*
 * ## Two words of bits
 *
 * The *status word* says what happened, the *control word* says what is to be made of it. The low six bits of
 * both are the same six exceptions: flags here, masks there. A masked exception is answered by the unit itself,
 * in the way that is least bad, and only noted. All six are masked when the unit wakes up. Most programs never
 * change that, and never look.
 *
 * ```text
 *     15  14  13 12 11  10   9   8   7   6   5   4   3   2   1   0
 *    +---+---+--------+----+---+---+---+---+---+---+---+---+---+---+
 *    | B | C3|  TOP   | C2 | C1| C0| ES| SF| PE| UE| OE| ZE| DE| IE|   status
 *    +---+---+--------+----+---+---+---+---+---+---+---+---+---+---+
 *    |               |rounding|precis.|       PM| UM| OM| ZM| DM| IM|   control
 *    +---+---+-------+--------+-------+---+---+---+---+---+---+---+---+
 * ```
 */
/** The six exceptions: flags in the status word, masks in the control word. */
export const INVALID = 0x01;
export const DENORMAL_OPERAND = 0x02;
export const ZERO_DIVIDE = 0x04;
export const OVERFLOWN = 0x08;
export const UNDERFLOWN = 0x10;
export const INEXACT = 0x20;
export const EXCEPTIONS = 0x3f;
/** Those that are found before anything is computed. If one is not masked, nothing is stored. */
export const EARLY = INVALID | DENORMAL_OPERAND | ZERO_DIVIDE;
/** The rest of the status word. */
export const STACK_FAULT_FLAG = 0x40;
export const ERROR_SUMMARY = 0x80;
export const C0 = 0x100;
export const C1 = 0x200;
export const C2 = 0x400;
export const C3 = 0x4000;
export const BUSY = 0x8000;
/** All of it that `X87_STATUS` holds: everything but the top. */
export const STATUS_BITS = 0xc7ff;
/**
 * What a control word can hold: the masks, precision and rounding, and a bit that the 387 ignores. Bit 6 is always 1.
 */
export const CONTROL_BITS = 0x1f3f;
export const CONTROL_ALWAYS = 0x40;

/** The status bits of a stack fault: C1 says that there was no room, its absence that there was nothing. */
export const STACK_UNDERFLOW = INVALID | STACK_FAULT_FLAG;
export const STACK_OVERFLOW = STACK_UNDERFLOW | C1;

/*
 * ## An error that waits
 *
 * The 8087 was another chip. When it found that it had divided by zero, the 8086 had long gone on to something
 * else. So the error is kept, and the *next* instruction for the unit is stopped before it begins; whoever wants
 * to know where it happened must ask the unit, which remembers. Both chips have lived on one piece of silicon
 * since 1989. It is still so.
 *
 * How the processor learned of it was a matter of solder. The PC of 1981 pulled the line for memory errors, the AT of
 * 1984 the one for the interrupt controller's input 13, and MS-DOS programs of both kinds had to be kept happy for
 * ever. So the 486 asks: with CR0.NE there is a proper exception, #MF, vector 16; without it a pin is pulled and what
 * is soldered to it does the rest. Nothing is soldered to ours. It is as if somebody held IGNNE#, *ignore numeric
 * errors*, and computing goes on.
 */
/** FNINIT: all registers empty, all exceptions masked, 64 bits, to nearest. */
export function resetX87(words: Int32Array): void {
  words[X87_CONTROL] = 0x37f;
  words[X87_STATUS] = 0;
  words[X87_TOP] = 0;
  words[X87_TAGS] = 0;
  for (let word = X87_OPCODE; word <= X87_DATA_SELECTOR; word++) words[word] = 0;
}

/*
 * TS is the other reason to be stopped. A kernel that switches processes sets it instead of saving 108 bytes of
 * somebody's numbers, and saves them only if the next process turns out to compute: then there is #NM. Most do
 * not. Chapter 5 meets this trick from the other side, as LHCALL_TS.
 */
/** Every instruction for the unit begins here: #NM if it is switched off or holds another's numbers. */
export function requireX87(cpu: Processor): void {
  if (cpu.words[CR0]! & (CR0_EM | CR0_TS)) raise(NO_COPROCESSOR);
}

/** And most of them here: #MF if an earlier one left an error that nobody has heard of yet. */
export function beginX87(cpu: Processor): void {
  const words = cpu.words;
  if (words[CR0]! & (CR0_EM | CR0_TS)) raise(NO_COPROCESSOR);
  if (words[X87_STATUS]! & ERROR_SUMMARY) reportError(cpu);
}

/** #MF, if the kernel wants to hear of it that way (CR0.NE). If not, a wire is pulled that nobody holds. */
export function reportError(cpu: Processor): void {
  if (cpu.words[CR0]! & CR0_NE) raise(COPROCESSOR_ERROR);
}

/*
 * And this is the remembering. Three stores for every instruction, five if it has an operand in memory, all but never
 * read. Intel grew tired of them, too: newer processors keep the operand's address only if there was an exception, and
 * leave the selectors out altogether.
 */
/** Notes which instruction this was, for FNSTENV; with an operand in memory, also where that is. */
export function rememberInstruction(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  words[X87_OPCODE] = i.immediate;
  words[X87_CODE_OFFSET] = i.eip;
  words[X87_CODE_SELECTOR] = words[SELECTOR + CS]!;
  if (i.isMemory) {
    words[X87_DATA_OFFSET] = (words[i.base]! + (words[i.index]! << i.shift) + i.displacement) & i.addressMask;
    words[X87_DATA_SELECTOR] = words[SELECTOR + i.reg]!;
  }
}

/*
 * ## Getting at them
 *
 * ST(2) with the top at 7 is the physical register 1: three bits, and the sum goes round. A compiler that knows how
 * deep the stack is at each place can use it like eight plain registers. Most of them do.
 */
/** The physical number of ST(n). */
export function physical(words: Int32Array, n: number): number {
  return (words[X87_TOP]! + n) & 7;
}

/** Whether ST(n) holds nothing. */
export function isEmpty(words: Int32Array, n: number): boolean {
  return ((words[X87_TAGS]! >> ((words[X87_TOP]! + n) & 7)) & 1) === 0;
}

/** Takes ST(n) to the workbench. */
export function readStack(words: Int32Array, n: number, into: Real): void {
  const at = (words[X87_TOP]! + n) & 7;
  decodeReal(into, words[X87_EXPONENT + at]!, words[X87_HIGH + 2 * at]!, words[X87_LOW + 2 * at]!);
}

/** Puts a number into ST(n), which is then in use. */
export function writeStack(words: Int32Array, n: number, real: Real): void {
  const at = (words[X87_TOP]! + n) & 7;
  words[X87_EXPONENT + at] = (real.sign << 15) | real.exponent;
  words[X87_HIGH + 2 * at] = real.high;
  words[X87_LOW + 2 * at] = real.low;
  words[X87_TAGS]! |= 1 << at;
}

/*
 * Pushing and popping move the top and the tags, and nothing else. What was popped is still in its register, only
 * nobody may say so.
 */
/** Makes room for one more: what was ST(0) is then ST(1). */
export function pushStack(words: Int32Array): void {
  words[X87_TOP] = (words[X87_TOP]! - 1) & 7;
}

/** Empties ST(0); what was ST(1) is then ST(0). */
export function popStack(words: Int32Array): void {
  words[X87_TAGS]! &= ~(1 << words[X87_TOP]!);
  words[X87_TOP] = (words[X87_TOP]! + 1) & 7;
}

/*
 * ## Owning up
 *
 * Operations do not touch the status word. They return what they raised, as status bits, and leave their result
 * on the bench; `settle` takes note. That way a store can first see whether memory will have it. If it will not,
 * there is a page fault, the kernel finds the page, the instruction runs once more, and nothing of the first time
 * may show.
 *
 * The early exceptions are found before there is any result. If one of these is not masked, nothing is stored, and the
 * handler finds the operands as they were. The late ones, too large, too small and not exact, are found when the result
 * is there, and it is stored all the same, unless it was for memory; what is merely not exact is stored even there.
 */
/** Those of the exceptions in `flags` that a program wants to hear of. */
export function unmasked(words: Int32Array, flags: number): number {
  return flags & ~words[X87_CONTROL]! & EXCEPTIONS;
}

/**
 * Takes note of what an operation raised. C1 becomes what `flags` says.
 *
 * @returns the exceptions that are not masked
 */
export function settle(words: Int32Array, flags: number): number {
  const wanted = flags & ~words[X87_CONTROL]! & EXCEPTIONS;
  words[X87_STATUS] = (words[X87_STATUS]! & ~C1) | flags | (wanted === 0 ? 0 : ERROR_SUMMARY | BUSY);
  return wanted;
}

/** Works out anew whether an exception is waiting, after the control or status word was loaded. */
export function updateSummary(words: Int32Array): void {
  const waiting = unmasked(words, words[X87_STATUS]!) !== 0;
  words[X87_STATUS] = (words[X87_STATUS]! & ~(ERROR_SUMMARY | BUSY)) | (waiting ? ERROR_SUMMARY | BUSY : 0);
}

/** Puts a result into ST(n), unless one of the early exceptions forbids it; true if it was put there. */
export function deliver(words: Int32Array, n: number, result: Real, flags: number): boolean {
  if (settle(words, flags) & EARLY) return false;
  writeStack(words, n, result);
  return true;
}
