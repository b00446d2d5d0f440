/*
 * # Taking bytes apart
 *
 * Machine code is a language without spaces. Nothing says where an instruction ends but the instruction, and
 * nothing says what a byte means but the bytes before it. Start one byte too late and you get another program,
 * often a legal one.
 *
 * ```text
 *   prefixes   opcode     ModRM      SIB       displacement   immediate
 *   0 to 14    1 or 2     0 or 1     0 or 1    0, 1, 2, 4     0, 1, 2, 4    bytes, at most 15 in all
 * ```
 *
 * The limit of fifteen is not modesty. Prefixes may be repeated, and to an 8086, which had no limit, 64 KiB full of
 * them was one instruction that went round and round and never began.
 *
 * The `Decoder` is what you know in the middle of that: which prefixes were seen, how large operands and
 * addresses are, and the `Instruction` that is taking shape.
 */
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

/*
 * ## What is known so far
 */
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
  /** Others come before it, and it may never be reached: it is not to be looked for on the next page. */
  isAhead = false;

  constructor(cpu: Processor) {
    this.cpu = cpu;
  }
}

/*
 * The size of operands and addresses comes from the code segment: a bit in its descriptor says 16 or 32.
 * Prefixes `66` and `67` turn it over for one instruction. There is no instruction to which an honest 32-bit
 * program must say 16-bit more often than it does to `mov`.
 */
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

/*
 * ## One byte after the other
 *
 * Every byte of code is an access like any other. It has a limit to be within and a page to be on, and the page
 * may change in the middle of an instruction, and the second page may not be there. Then the fault blames the
 * second page but points at the instruction. Since bytes are fetched only when needed, an undefined opcode at
 * the very end of a page is #UD and not a page fault.
 */
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
    if (d.isAhead) raise(GENERAL_PROTECTION, 0); // to nobody
    if (d.secondPage === -1) d.secondPage = translateForFetch(cpu, linear) & ~0xfff;
    physical = d.secondPage | (linear & 0xfff);
  }
  d.i.next = (eip + 1) | 0;
  return readPhysical8(cpu, physical);
}

/*
 * The rest are sums of that.
 */
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

/*
 * ## ModRM
 *
 * One byte that says what the operands are: two bits of *mode*, three for a register, three for a register or
 * for memory.
 *
 * ```text
 *    7  6   5  4  3   2  1  0            7  6   5  4  3   2  1  0
 *  +------+---------+---------+        +------+---------+---------+
 *  | mode |   reg   |   r/m   |        | scale|  index  |  base   |   SIB, if r/m is 4
 *  +------+---------+---------+        +------+---------+---------+
 * ```
 *
 * Mode 3 is a register. The other three are memory, with a displacement of no, one or four bytes. There were not
 * enough numbers, so two are stolen: r/m 4 would be [ESP] and means *another byte follows*; r/m 5 in mode 0
 * would be [EBP] and means *no base at all*. That is why [ESP] needs a byte more than you would think, and why
 * [EBP] is always [EBP+0].
 */
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
  i.isMemory = 1;
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

/*
 * In 1978 there were eight combinations and no more. Whoever has programmed an 8086 can still sing them.
 */
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

/*
 * ESP and EBP speak of the stack, so addresses that start from them are in SS; the others are in DS; a prefix
 * overrules both. If the segment is flat, all this is forgotten again at once.
 */
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
  i.isMemory = 1;
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
