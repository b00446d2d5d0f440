import { translateForFetch } from './access.ts';
import { GENERAL_PROTECTION, raise } from './faults.ts';
import { type Execute, FLAT, Instruction, REPEAT_NONE } from './instruction.ts';
import { BASE, CS, DS, EBP, EBX, EDI, ESI, ESP, LIMIT, SS, ZERO } from './layout.ts';
import { registerIndex } from './operands.ts';
import { readPhysical8 } from './physical.ts';
import { MODE_CODE_32, MODE_FLAT_DATA, MODE_FLAT_STACK, type Processor } from './processor.ts';

/** How an opcode is decoded: reads the rest, fills in the instruction, and answers with what executes it. */
export type Decode = (decoder: Decoder) => Execute;

/** An instruction is at most this long, prefixes and all. */
const LONGEST = 15;

/** Base registers of the eight 16-bit address forms, and their index registers. */
const BASE_16 = [EBX, EBX, EBP, EBP, ESI, EDI, EBP, EBX];
const INDEX_16 = [ESI, EDI, ESI, EDI, ZERO, ZERO, ZERO, ZERO];

/** The state of decoding one instruction. */
export class Decoder {
  readonly cpu: Processor;
  i = new Instruction();
  /** Physical page of the first byte, and of the bytes beyond the page boundary if there are any, or -1. */
  firstPage = 0;
  secondPage = -1;
  /** Operand size in bytes, 4 or 2, by the D bit and the prefix 66. */
  size = 4;
  wideAddress = true;
  /** Segment override, or -1. */
  override = -1;
  repeat = REPEAT_NONE;
  lock = false;
  /** The fields of the ModRM byte. */
  mode = 0;
  reg = 0;
  rm = 0;
  /** Set by opcodes that LOCK may stand before (with a destination in memory). */
  lockable = false;
  /** The block ends behind this instruction. */
  ends = false;
  /** The instruction wants a block to itself. */
  alone = false;

  constructor(cpu: Processor) {
    this.cpu = cpu;
  }
}

/** Begins an instruction at `eip`. */
export function begin(d: Decoder, eip: number): void {
  const big = startsBig(d);
  d.i = new Instruction();
  d.i.eip = eip;
  d.i.next = eip;
  d.secondPage = -1;
  d.size = big ? 4 : 2;
  d.wideAddress = big;
  d.override = -1;
  d.repeat = REPEAT_NONE;
  d.lock = false;
  d.lockable = false;
  d.ends = false;
  d.alone = false;
}

/** The next byte of code. */
export function fetch8(d: Decoder): number {
  const cpu = d.cpu;
  const words = cpu.words;
  const eip = d.i.next;
  if (((eip - d.i.eip) | 0) >= LONGEST) raise(GENERAL_PROTECTION, 0);
  if (eip >>> 0 > words[LIMIT + CS]! >>> 0) raise(GENERAL_PROTECTION, 0);
  const linear = (words[BASE + CS]! + eip) | 0;
  const first = (words[BASE + CS]! + d.i.eip) | 0;
  let physical: number;
  if (linear >>> 12 === first >>> 12) {
    if (linear === first) d.firstPage = translateForFetch(cpu, linear) & ~0xfff;
    physical = d.firstPage | (linear & 0xfff);
  } else {
    if (d.secondPage === -1) d.secondPage = translateForFetch(cpu, linear) & ~0xfff;
    physical = d.secondPage | (linear & 0xfff);
  }
  d.i.next = (eip + 1) | 0;
  return readPhysical8(cpu, physical);
}

export function fetch16(d: Decoder): number {
  const low = fetch8(d);
  return low | (fetch8(d) << 8);
}

export function fetch32(d: Decoder): number {
  const low = fetch16(d);
  return low | (fetch16(d) << 16);
}

export function fetchSigned8(d: Decoder): number {
  return (fetch8(d) << 24) >> 24;
}

/** An immediate of the operand size. */
export function fetchImmediate(d: Decoder, size: number): number {
  return size === 4 ? fetch32(d) : size === 2 ? fetch16(d) : fetch8(d);
}

/** Reads ModRM and what follows it; the operands are then in the instruction, for operands of `size` bytes. */
export function modrm(d: Decoder, size: number, registerSize: number = size): void {
  const byte = fetch8(d);
  const i = d.i;
  d.mode = byte >> 6;
  d.reg = (byte >> 3) & 7;
  d.rm = byte & 7;
  i.size = size;
  i.reg = registerIndex(d.reg, registerSize);
  if (d.mode === 3) {
    i.rm = registerIndex(d.rm, size);
    return;
  }
  i.isMemory = true;
  if (d.wideAddress) address32(d);
  else address16(d);
}

function address32(d: Decoder): void {
  const i = d.i;
  let base = d.rm;
  if (base === ESP) {
    const sib = fetch8(d);
    base = sib & 7;
    const index = (sib >> 3) & 7;
    if (index !== ESP) {
      i.index = index;
      i.shift = sib >> 6;
    }
  }
  if (base === EBP && d.mode === 0) {
    i.base = ZERO;
    i.displacement = fetch32(d);
  } else {
    i.base = base;
    if (d.mode === 1) i.displacement = fetchSigned8(d);
    else if (d.mode === 2) i.displacement = fetch32(d);
  }
  useSegment(d, i.base === ESP || i.base === EBP ? SS : DS);
}

function address16(d: Decoder): void {
  const i = d.i;
  i.addressMask = 0xffff;
  i.base = BASE_16[d.rm]!;
  i.index = INDEX_16[d.rm]!;
  if (d.rm === 6 && d.mode === 0) {
    i.base = ZERO;
    i.displacement = fetch16(d);
  } else if (d.mode === 1) {
    i.displacement = fetchSigned8(d);
  } else if (d.mode === 2) {
    i.displacement = fetch16(d);
  }
  useSegment(d, i.base === EBP ? SS : DS);
}

/** Settles the segment of a memory operand: the usual one, unless a prefix names another. */
function useSegment(d: Decoder, usual: number): void {
  const segment = d.override >= 0 ? d.override : usual;
  const mode = d.cpu.mode;
  const flat =
    segment === SS
      ? (mode & MODE_FLAT_STACK) !== 0
      : (segment === DS || segment === 0) && (mode & MODE_FLAT_DATA) !== 0;
  d.i.segment = flat && d.wideAddress ? FLAT : segment;
}

/** An offset without ModRM, as the MOVs of the accumulator have it. */
export function absoluteAddress(d: Decoder): void {
  const i = d.i;
  i.isMemory = true;
  if (!d.wideAddress) i.addressMask = 0xffff;
  i.displacement = d.wideAddress ? fetch32(d) : fetch16(d);
  useSegment(d, DS);
}

/** Whether code is 32-bit before any prefix says otherwise. */
export function startsBig(d: Decoder): boolean {
  return (d.cpu.mode & MODE_CODE_32) !== 0;
}

export function hasFlatStack(d: Decoder): boolean {
  return (d.cpu.mode & MODE_FLAT_STACK) !== 0;
}
