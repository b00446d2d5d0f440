/**
 * What a trial finds around itself, on both processors: the same pages at the same linear addresses, the same
 * segments behind the same selectors. Selectors and rights are those that Linux gives a 32-bit program, since the
 * real processor is Linux's; the LDT is ours on both sides.
 */
export const PAGE = 0x1000;

/** Two pages of code, filled with HLT: may be read and executed, not written. */
export const CODE = 0x6000_0000;
export const CODE_BYTES = 2 * PAGE;
/** Three pages of data, of which the last may not be written. Around both regions nothing is mapped. */
export const DATA = 0x7000_0000;
export const WRITABLE_BYTES = 2 * PAGE;
export const DATA_BYTES = 3 * PAGE;

/** Where the emulated stage has its ring 0. */
export const SYSTEM = 0xe7a5_0000;

/** Linux's selectors for ring 3. */
export const USER_CODE = 0x23;
export const USER_DATA = 0x2b;
/** And the 64-bit one: a trial that gets there has left our century. */
export const LONG_CODE = 0x33;

/** A segment of the LDT, as modify_ldt(2) describes it and as a descriptor says it. */
export interface Segment {
  name: string;
  selector: number;
  base: number;
  limit: number;
  /** The limit counts pages. */
  pages: boolean;
  /** 32-bit: the D or B bit. */
  big: boolean;
  /** 0 data, 1 data that expands down, 2 code, 3 conforming code. */
  contents: 0 | 1 | 2 | 3;
  /** Data may be written, code may be read. */
  open: boolean;
  present: boolean;
}

const segments: Segment[] = [];

function segment(name: string, base: number, limit: number, letters: string): void {
  const has = (letter: string) => letters.includes(letter);
  const contents = has('C') ? 3 : has('x') ? 2 : has('v') ? 1 : 0;
  segments.push({
    name,
    selector: (segments.length << 3) | 7,
    base,
    limit,
    pages: has('G'),
    big: has('B'),
    contents,
    open: has('o'),
    present: !has('n'),
  });
}

segment('flat, writable', 0, 0xf_ffff, 'GBo');
segment('writable, two pages', DATA, 0x1fff, 'Bo');
segment('writable, limit 0x7b7', DATA + 0x100, 0x7b7, 'Bo');
segment('flat, read-only', 0, 0xf_ffff, 'GB');
segment('expand-down from 0x7ff', DATA, 0x7ff, 'Bov');
segment('expand-down, 16-bit, from 0x7ff', DATA, 0x7ff, 'ov');
segment('not present', DATA, 0x1fff, 'Bon');
segment('flat code', 0, 0xf_ffff, 'GBxo');
segment('flat code, execute-only', 0, 0xf_ffff, 'GBx');
segment('16-bit code', CODE, 0x1fff, 'xo');
segment('code, limit 0xfff', CODE, 0xfff, 'Bxo');
// Linux lets nobody have conforming code that is present.
segment('conforming code, not present', 0, 0xf_ffff, 'GBxoCn');
segment('16-bit stack', DATA, 0xffff, 'o');
segment('16-bit stack, limit 0xffb', DATA, 0xffb, 'o');
segment('one page, limit in pages', DATA + 0x1000, 0, 'GBo');
segment('read-only, 16-bit', DATA + 0x800, 0x17ff, '');

export const LDT: readonly Segment[] = segments;

/** The descriptor of a segment, accessed already, as Linux writes it: low and high word. */
export function descriptorOf(segment: Segment): [number, number] {
  const { base, limit, contents, open } = segment;
  const type = (contents << 2) | (open ? 2 : 0) | 1;
  const access = (segment.present ? 0x80 : 0) | 0x70 | type;
  const flags = (segment.pages ? 8 : 0) | (segment.big ? 4 : 0);
  const high =
    (base & 0xff00_0000) | (flags << 20) | (limit & 0xf_0000) | (access << 8) | ((base >>> 16) & 0xff);
  return [((base << 16) | (limit & 0xffff)) >>> 0, high >>> 0];
}

/** Base and last offset of what a selector names; USER_CODE and USER_DATA are flat. */
export function segmentOf(selector: number): Segment | undefined {
  return (selector & 4) !== 0 ? LDT[selector >>> 3] : undefined;
}

/** General registers by their numbers. */
export const REGISTER_NAMES = ['eax', 'ecx', 'edx', 'ebx', 'esp', 'ebp', 'esi', 'edi'] as const;
export const SEGMENT_NAMES = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'] as const;

/** One instruction to be tried, and what it finds. */
export interface Trial {
  /** What it is, for people. */
  text: string;
  /** Linear address of the code, and its bytes; HLTs follow. */
  at: number;
  code: Uint8Array;
  registers: Uint32Array;
  eflags: number;
  /** In the order of the machine code: es, cs, ss, ds, fs, gs. */
  selectors: number[];
  /** What is written into memory before: linear address in DATA and bytes. */
  pokes: { address: number; bytes: number[] }[];
  /** Of several instructions: flags that are not compared. Of a single one it is looked up which. */
  openFlags?: number;
  /** State of the x87: 108 bytes as FRSTOR reads them. Without it the processor's is as FNINIT leaves it. */
  x87?: Uint8Array;
  /** Linear address of the area of an FXSAVE or FXRSTOR. */
  area?: number;
}

/** How a trial ended: always with a fault, for behind the instruction is a HLT, which ring 3 may not. */
export interface Outcome {
  vector: number;
  error: number;
  /** Of a page fault. */
  cr2: number;
  eip: number;
  eflags: number;
  registers: Uint32Array;
  selectors: number[];
  /** The writable pages. A view: good until the next trial. */
  memory: Uint8Array;
  /** The eight 80-bit registers from ST(0), control, status, and a bit for each register in use. */
  x87?: Uint8Array;
}

/** Who makes processors: the manual that we go by is Intel's, and others have their own way here and there. */
export type Vendor = 'Intel' | 'AMD';

/** A processor on which trials can be run. */
export interface Stage {
  readonly name: string;
  /** Plays a trial; undefined if it did not end within some twenty thousand instructions. */
  play(trial: Trial): Outcome | undefined;
}

/** What DATA holds before every trial: noise, runs of one byte for the string instructions, and edge values. */
export const PRISTINE: Uint8Array = pristineData();

function pristineData(): Uint8Array {
  const bytes = new Uint8Array(DATA_BYTES);
  let state = 0x2545_f491;
  for (let at = 0; at < bytes.length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] =
      (at & 0x180) === 0x180 ? at >>> 9 : (at & 0x180) === 0x100 ? [0, 0xff, 0x80, 0x7f][state & 3]! : state;
  }
  return bytes;
}
