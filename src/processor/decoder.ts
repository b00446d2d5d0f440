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

  /** Begins an instruction at `eip`. */
  begin(eip: number): void {
    const big = this.startsBig;
    this.i = new Instruction();
    this.i.eip = eip;
    this.i.next = eip;
    this.secondPage = -1;
    this.size = big ? 4 : 2;
    this.wideAddress = big;
    this.override = -1;
    this.repeat = REPEAT_NONE;
    this.lock = false;
    this.lockable = false;
    this.ends = false;
    this.alone = false;
  }

  /** The next byte of code. */
  fetch8(): number {
    const cpu = this.cpu;
    const words = cpu.words;
    const eip = this.i.next;
    if (((eip - this.i.eip) | 0) >= LONGEST) raise(GENERAL_PROTECTION, 0);
    if (eip >>> 0 > words[LIMIT + CS]! >>> 0) raise(GENERAL_PROTECTION, 0);
    const linear = (words[BASE + CS]! + eip) | 0;
    const first = (words[BASE + CS]! + this.i.eip) | 0;
    let physical: number;
    if (linear >>> 12 === first >>> 12) {
      if (linear === first) this.firstPage = translateForFetch(cpu, linear) & ~0xfff;
      physical = this.firstPage | (linear & 0xfff);
    } else {
      if (this.secondPage === -1) this.secondPage = translateForFetch(cpu, linear) & ~0xfff;
      physical = this.secondPage | (linear & 0xfff);
    }
    this.i.next = (eip + 1) | 0;
    return readPhysical8(cpu, physical);
  }

  fetch16(): number {
    const low = this.fetch8();
    return low | (this.fetch8() << 8);
  }

  fetch32(): number {
    const low = this.fetch16();
    return low | (this.fetch16() << 16);
  }

  fetchSigned8(): number {
    return (this.fetch8() << 24) >> 24;
  }

  /** An immediate of the operand size. */
  immediate(size: number): number {
    return size === 4 ? this.fetch32() : size === 2 ? this.fetch16() : this.fetch8();
  }

  /** Reads ModRM and what follows it; the operands are then in the instruction, for operands of `size` bytes. */
  modrm(size: number, registerSize: number = size): void {
    const byte = this.fetch8();
    const i = this.i;
    this.mode = byte >> 6;
    this.reg = (byte >> 3) & 7;
    this.rm = byte & 7;
    i.size = size;
    i.reg = registerIndex(this.reg, registerSize);
    if (this.mode === 3) {
      i.rm = registerIndex(this.rm, size);
      return;
    }
    i.isMemory = true;
    if (this.wideAddress) this.address32();
    else this.address16();
  }

  private address32(): void {
    const i = this.i;
    let base = this.rm;
    if (base === ESP) {
      const sib = this.fetch8();
      base = sib & 7;
      const index = (sib >> 3) & 7;
      if (index !== ESP) {
        i.index = index;
        i.shift = sib >> 6;
      }
    }
    if (base === EBP && this.mode === 0) {
      i.base = ZERO;
      i.displacement = this.fetch32();
    } else {
      i.base = base;
      if (this.mode === 1) i.displacement = this.fetchSigned8();
      else if (this.mode === 2) i.displacement = this.fetch32();
    }
    this.useSegment(i.base === ESP || i.base === EBP ? SS : DS);
  }

  private address16(): void {
    const i = this.i;
    i.addressMask = 0xffff;
    i.base = BASE_16[this.rm]!;
    i.index = INDEX_16[this.rm]!;
    if (this.rm === 6 && this.mode === 0) {
      i.base = ZERO;
      i.displacement = this.fetch16();
    } else if (this.mode === 1) {
      i.displacement = this.fetchSigned8();
    } else if (this.mode === 2) {
      i.displacement = this.fetch16();
    }
    this.useSegment(i.base === EBP ? SS : DS);
  }

  /** Settles the segment of a memory operand: the usual one, unless a prefix names another. */
  useSegment(usual: number): void {
    const segment = this.override >= 0 ? this.override : usual;
    const mode = this.cpu.mode;
    const flat =
      segment === SS
        ? (mode & MODE_FLAT_STACK) !== 0
        : (segment === DS || segment === 0) && (mode & MODE_FLAT_DATA) !== 0;
    this.i.segment = flat && this.wideAddress ? FLAT : segment;
  }

  /** An offset without ModRM, as the MOVs of the accumulator have it. */
  absoluteAddress(): void {
    const i = this.i;
    i.isMemory = true;
    if (!this.wideAddress) i.addressMask = 0xffff;
    i.displacement = this.wideAddress ? this.fetch32() : this.fetch16();
    this.useSegment(DS);
  }

  /** Whether code is 32-bit before any prefix says otherwise. */
  get startsBig(): boolean {
    return (this.cpu.mode & MODE_CODE_32) !== 0;
  }

  get flatStack(): boolean {
    return (this.cpu.mode & MODE_FLAT_STACK) !== 0;
  }
}
