/*
 * # The environment
 *
 * What a kernel must save when another process wants the unit, and what a handler must look at to know what went
 * wrong: three words about the state and four about the last instruction.
 *
 * ```text
 *    32 bits: FNSTENV writes 28 bytes              16 bits: 14 bytes, without the opcode
 *   +--------------------+--------------------+
 *   | all ones           | control word       |  +0
 *   | all ones           | status word        |  +4
 *   | all ones           | tag word           |  +8
 *   | offset of the instruction               |  +12
 *   | opcode, 11 bits    | its code segment   |  +16
 *   | offset of the operand                   |  +20
 *   | all ones           | its segment        |  +24
 *   +--------------------+--------------------+
 * ```
 *
 * FNSAVE goes on with the eight registers, ten bytes each: 108 in all. FNSTENV masks every exception when it has
 * finished, and FNSAVE leaves the unit as new. The reason is the one who calls them. A handler for #MF wants to
 * compute, too, and if its first FLD1 were stopped by the very error it has come to look at, it would never get
 * anywhere.
 */
import { probeWrite, read16, readLinear, write16, writeLinear } from './access.ts';
import type { Instruction } from './instruction.ts';
import { addressForRead, addressForWrite } from './instruction.ts';
import { CR0, EAX } from './layout.ts';
import {
  X87_CODE_OFFSET,
  X87_CODE_SELECTOR,
  X87_CONTROL,
  X87_DATA_OFFSET,
  X87_DATA_SELECTOR,
  X87_EXPONENT,
  X87_HIGH,
  X87_LOW,
  X87_OPCODE,
  X87_STATUS,
  X87_TAGS,
  X87_TOP,
} from './layout.ts';
import { raise, NO_COPROCESSOR } from './faults.ts';
import { CR0_MP, CR0_TS, type Processor } from './processor.ts';
import {
  beginX87,
  BUSY,
  C1,
  CONTROL_ALWAYS,
  CONTROL_BITS,
  ERROR_SUMMARY,
  EXCEPTIONS,
  physical,
  rememberInstruction,
  reportError,
  requireX87,
  resetX87,
  STACK_FAULT_FLAG,
  STATUS_BITS,
  updateSummary,
} from './x87-registers.ts';
import { decodeReal, NORMAL, Real, ZERO_VALUE } from './x87-real.ts';

const register = new Real();

/** The status word, with the top of the stack in bits 11 to 13. */
export function statusWord(words: Int32Array): number {
  return words[X87_STATUS]! | (words[X87_TOP]! << 11);
}

export function setStatusWord(words: Int32Array, status: number): void {
  words[X87_STATUS] = status & STATUS_BITS;
  words[X87_TOP] = (status >> 11) & 7;
}

export function setControlWord(words: Int32Array, control: number): void {
  words[X87_CONTROL] = (control & CONTROL_BITS) | CONTROL_ALWAYS;
}

/*
 * ## Tags
 *
 * In memory a tag has two bits: valid, zero, special, empty. It is a caption to the register, and the captions
 * are made up when somebody asks. All that the unit itself keeps is the difference between empty and not.
 */
const TAG_VALID = 0;
const TAG_ZERO = 1;
const TAG_SPECIAL = 2;
const TAG_EMPTY = 3;

/** The tag word: two bits for each physical register, found out from what is in it. */
function tagWord(words: Int32Array): number {
  let tags = 0;
  for (let at = 7; at >= 0; at--) tags = (tags << 2) | tagOf(words, at);
  return tags;
}

function tagOf(words: Int32Array, at: number): number {
  if (((words[X87_TAGS]! >> at) & 1) === 0) return TAG_EMPTY;
  decodeReal(register, words[X87_EXPONENT + at]!, words[X87_HIGH + 2 * at]!, words[X87_LOW + 2 * at]!);
  return register.kind === NORMAL ? TAG_VALID : register.kind === ZERO_VALUE ? TAG_ZERO : TAG_SPECIAL;
}

/** Of a tag word only one thing is taken over: what is empty. */
function setTagWord(words: Int32Array, tags: number): void {
  let used = 0;
  for (let at = 0; at < 8; at++) if (((tags >> (at * 2)) & 3) !== TAG_EMPTY) used |= 1 << at;
  words[X87_TAGS] = used;
}

/*
 * ## Small change
 *
 * Those with an N do not wait: they can be executed while an error is pending, or else nobody could ever look at
 * it. WAIT is the opposite. It does nothing but wait.
 */
/** FNINIT. */
export function initialise(cpu: Processor): void {
  requireX87(cpu);
  resetX87(cpu.words);
}

/** FNCLEX: all exceptions are forgotten; the condition codes stay. */
export function clearExceptions(cpu: Processor): void {
  requireX87(cpu);
  cpu.words[X87_STATUS]! &= ~(EXCEPTIONS | STACK_FAULT_FLAG | ERROR_SUMMARY | BUSY);
}

/** FNSTCW. */
export function storeControl(cpu: Processor, i: Instruction): void {
  requireX87(cpu);
  write16(cpu, addressForWrite(cpu, i, 2), cpu.words[X87_CONTROL]!);
}

/** FLDCW: may unmask an exception that has long happened, which is then waiting. */
export function loadControl(cpu: Processor, i: Instruction): void {
  beginX87(cpu);
  setControlWord(cpu.words, read16(cpu, addressForRead(cpu, i, 2)));
  updateSummary(cpu.words);
}

/** FNSTSW m16. */
export function storeStatus(cpu: Processor, i: Instruction): void {
  requireX87(cpu);
  write16(cpu, addressForWrite(cpu, i, 2), statusWord(cpu.words));
}

/** FNSTSW AX. */
export function storeStatusToAx(cpu: Processor): void {
  requireX87(cpu);
  cpu.halves[EAX] = statusWord(cpu.words);
}

/** FINCSTP and FDECSTP turn the stack by `operation`, and leave the tags alone. */
export function turnStack(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  beginX87(cpu);
  rememberInstruction(cpu, i);
  words[X87_TOP] = (words[X87_TOP]! + i.operation) & 7;
  words[X87_STATUS]! &= ~C1;
}

/** FNOP, which is not quite nothing: it waits, and it is remembered. */
export function noOperation(cpu: Processor, i: Instruction): void {
  beginX87(cpu);
  rememberInstruction(cpu, i);
}

/** FNENI, FNDISI and FNSETPM: for the 8087 and the 287. Nothing, since the 387. */
export function relic(cpu: Processor): void {
  requireX87(cpu);
}

/** WAIT: where an error is heard of at the latest. */
export function waitForX87(cpu: Processor): void {
  const both = CR0_MP | CR0_TS;
  if ((cpu.words[CR0]! & both) === both) raise(NO_COPROCESSOR);
  if (cpu.words[X87_STATUS]! & ERROR_SUMMARY) reportError(cpu);
}

/*
 * ## Seven words
 *
 * All of it goes out or none. Twenty-eight bytes may lie across two pages.
 */
/** Words of the environment, and bytes of one register. */
const ENVIRONMENT_WORDS = 7;
const REGISTER_BYTES = 10;

/** FNSTENV: seven words of the operand size; then all exceptions are masked. */
export function storeEnvironment(cpu: Processor, i: Instruction): void {
  requireX87(cpu);
  const bytes = ENVIRONMENT_WORDS * i.size;
  const address = addressForWrite(cpu, i, bytes);
  probeWrite(cpu, address, bytes, i.size);
  writeEnvironment(cpu, address, i.size);
  cpu.words[X87_CONTROL]! |= EXCEPTIONS;
  updateSummary(cpu.words);
}

function writeEnvironment(cpu: Processor, address: number, size: number): void {
  const words = cpu.words;
  const wide = size === 4;
  const filler = wide ? 0xffff_0000 : 0;
  const opcode = wide ? words[X87_OPCODE]! << 16 : 0;
  const values = [
    words[X87_CONTROL]! | filler,
    statusWord(words) | filler,
    tagWord(words) | filler,
    words[X87_CODE_OFFSET]!,
    words[X87_CODE_SELECTOR]! | opcode,
    words[X87_DATA_OFFSET]!,
    words[X87_DATA_SELECTOR]! | filler,
  ];
  for (const [at, value] of values.entries()) writeLinear(cpu, (address + at * size) | 0, size, value);
}

/** FLDENV. */
export function loadEnvironment(cpu: Processor, i: Instruction): void {
  beginX87(cpu);
  const values = readEnvironment(cpu, addressForRead(cpu, i, ENVIRONMENT_WORDS * i.size), i.size);
  takeEnvironment(cpu.words, values, i.size);
}

function readEnvironment(cpu: Processor, address: number, size: number): number[] {
  const values: number[] = [];
  for (let at = 0; at < ENVIRONMENT_WORDS; at++)
    values.push(readLinear(cpu, (address + at * size) | 0, size));
  return values;
}

function takeEnvironment(words: Int32Array, values: number[], size: number): void {
  const [control, status, tags, codeOffset, codeSelector, dataOffset, dataSelector] = values;
  setControlWord(words, control!);
  setStatusWord(words, status!);
  setTagWord(words, tags!);
  words[X87_CODE_OFFSET] = codeOffset!;
  words[X87_CODE_SELECTOR] = codeSelector! & 0xffff;
  words[X87_OPCODE] = size === 4 ? (codeSelector! >>> 16) & 0x7ff : 0;
  words[X87_DATA_OFFSET] = dataOffset!;
  words[X87_DATA_SELECTOR] = dataSelector! & 0xffff;
  updateSummary(words);
}

/*
 * ## And everything
 *
 * The registers are saved in the order of the stack, not of the shelf: ST(0) first, wherever it lies. The tag
 * word above them goes by the shelf. Whoever writes a debugger finds out.
 *
 * Of ten bytes each, every other one lies where four bytes should not begin. They go two by two, so that nobody who
 * minds such things is told of addresses he has not chosen.
 */
/** FNSAVE: the environment and the eight registers, ST(0) first; then as FNINIT. */
export function saveAll(cpu: Processor, i: Instruction): void {
  requireX87(cpu);
  const words = cpu.words;
  const bytes = ENVIRONMENT_WORDS * i.size + 8 * REGISTER_BYTES;
  const address = addressForWrite(cpu, i, bytes);
  probeWrite(cpu, address, bytes, i.size);
  writeEnvironment(cpu, address, i.size);
  let to = (address + ENVIRONMENT_WORDS * i.size) | 0;
  for (let n = 0; n < 8; n++) {
    const at = physical(words, n);
    writeHalves(cpu, to, words[X87_LOW + 2 * at]!);
    writeHalves(cpu, (to + 4) | 0, words[X87_HIGH + 2 * at]!);
    write16(cpu, (to + 8) | 0, words[X87_EXPONENT + at]!);
    to = (to + REGISTER_BYTES) | 0;
  }
  resetX87(words);
}

/** FRSTOR. */
export function restoreAll(cpu: Processor, i: Instruction): void {
  beginX87(cpu);
  const words = cpu.words;
  const address = addressForRead(cpu, i, ENVIRONMENT_WORDS * i.size + 8 * REGISTER_BYTES);
  const values = readEnvironment(cpu, address, i.size);
  const numbers: number[] = [];
  let from = (address + ENVIRONMENT_WORDS * i.size) | 0;
  for (let n = 0; n < 8; n++) {
    numbers.push(readHalves(cpu, from), readHalves(cpu, (from + 4) | 0), read16(cpu, (from + 8) | 0));
    from = (from + REGISTER_BYTES) | 0;
  }
  // Nothing can fail any more.
  takeEnvironment(words, values, i.size);
  for (let n = 0; n < 8; n++) {
    const at = physical(words, n);
    words[X87_LOW + 2 * at] = numbers[n * 3]!;
    words[X87_HIGH + 2 * at] = numbers[n * 3 + 1]!;
    words[X87_EXPONENT + at] = numbers[n * 3 + 2]!;
  }
}

/** Four bytes as two and two. */
function writeHalves(cpu: Processor, linear: number, value: number): void {
  write16(cpu, linear, value);
  write16(cpu, (linear + 2) | 0, value >>> 16);
}

function readHalves(cpu: Processor, linear: number): number {
  return read16(cpu, linear) | (read16(cpu, (linear + 2) | 0) << 16);
}
