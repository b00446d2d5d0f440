/*
 * # The processor
 *
 * One class in this appendix has a life of its own, and this is it. Everything that machine code could ever see
 * is in `words`, which lies in the memory. What remains here is bookkeeping that would make no sense to an i386:
 * how many instructions this slice may still run, which pages we hold decoded code of, whether somebody is
 * pulling at the interrupt line.
 *
 * All of it could be lost and rebuilt, except the line, the count, the shadow, and how far a REP has got. A useful
 * property in anything that may have to be put on a disk one day.
 */
import type { Block } from './blocks.ts';
import type { Bus } from './bus.ts';
import type { CodePage } from './code-pages.ts';
import type { Compiler } from './compiler/compiler.ts';
import {
  ACCESS,
  BASE,
  CPL,
  CR0,
  CS,
  DR6,
  DR7,
  DS,
  ES,
  FLAG_RESULT,
  FS,
  GS,
  IDT_LIMIT,
  LIMIT,
} from './layout.ts';
import { RAM_BASE, READ_SUPERVISOR, READ_TABLE, READ_USER, SS, SYSTEM_FLAGS } from './layout.ts';
import { DECODED, DECODED_WORDS, GDT_LIMIT, WRITE_SUPERVISOR, WRITE_TABLE, WRITE_USER } from './layout.ts';
import { INTERRUPT, TRAP } from './flags.ts';
import { resetX87 } from './x87-registers.ts';

/*
 * ## The control register
 *
 * CR0 is the switchboard. PE is protected mode, and here it is always on. PG is paging. WP makes read-only pages
 * read-only for the kernel too, which on the 386 they were not. TS is a note that says *somebody else's numbers
 * are in the coprocessor*.
 *
 * ```text
 *   31 30 29 28                19 18 17 16 15             6  5  4  3  2  1  0
 *  +--+--+--+--------------------+--+--+--+----------------+--+--+--+--+--+--+
 *  |PG|CD|NW|                    |AM|  |WP|                |NE|ET|TS|EM|MP|PE|
 *  +--+--+--+--------------------+--+--+--+----------------+--+--+--+--+--+--+
 * ```
 */
/** Bits of CR0 and, after them, of CR4. ET, which once said that the coprocessor was an 80387, is always 1. */
export const CR0_PE = 1 << 0;
export const CR0_MP = 1 << 1;
export const CR0_EM = 1 << 2;
export const CR0_TS = 1 << 3;
export const CR0_ET = 1 << 4;
export const CR0_NE = 1 << 5;
export const CR0_WP = 1 << 16;
export const CR0_AM = 1 << 18;
export const CR0_NW = 1 << 29;
export const CR0_CD = 1 << 30;
export const CR0_PG = 1 << 31;
export const CR4_TSD = 1 << 2;
export const CR4_OSFXSR = 1 << 9;

/*
 * ## Reasons to look up
 *
 * The run loop is at its best when it never looks up from its work. So everything that may come between two
 * instructions is folded into one number, `attention`, that is 0 nearly always: an interrupt that may be taken,
 * the trap flag, a HLT that has just been executed, a run that has been [dear](#dear-instructions) enough, and the
 * *shadow*.
 *
 * The shadow is a courtesy of 1978. To change stacks you load SS and then ESP, and between the two the stack is
 * neither here nor there; an interrupt that came just then would push its frame into the void. (On the first
 * 8086es it did. Intel mended them.) So after a load of SS nothing may interrupt the next instruction. STI has
 * the same courtesy, for `sti` followed by `hlt`, a pair that must not be parted.
 */
/** Reasons to look up between two blocks, in `Processor.attention`. */
export const ATTEND_INTERRUPT = 1;
export const ATTEND_TRAP = 2;
export const ATTEND_SHADOW = 4;
export const ATTEND_HALT = 8;
export const ATTEND_TIRED = 16;

/** What holds interrupts off for one more instruction. */
export const SHADOW_NONE = 0;
export const SHADOW_STI = 1;
export const SHADOW_MOV_SS = 2;

/*
 * Segments can be anything: any base, any limit, readable or not. In every operating system of the last thirty
 * years they are one thing: base 0, limit 4 GiB, everything allowed. Those are the *flat* segments, and if a
 * segment is flat there is nothing to add and nothing to check. So code is decoded under the assumption that the
 * segments are as they are now, and these four bits say what was assumed.
 */
/** What blocks were decoded for, in `Processor.mode`: see `updateMode` of segments.ts. */
export const MODE_FLAT_DATA = 1;
export const MODE_FLAT_STACK = 2;
export const MODE_FLAT_CODE = 4;
export const MODE_CODE_32 = 8;

/*
 * A word to the compiler before we begin. TypeScript knows the memory of WebAssembly only as a thing that browsers
 * have, and we do not want the rest of the browser in here.
 */
declare global {
  namespace WebAssembly {
    /** A memory; `initial` and `maximum` are its sizes in pages of 64 KiB. */
    class Memory {
      constructor(descriptor: { initial: number; maximum?: number });
      readonly buffer: ArrayBuffer;
    }
  }
}

/*
 * ## All there is
 */
/** One processor with its memory. Everything the machine code can see is in the memory; the rest is bookkeeping. */
export class Processor {
  readonly memory: WebAssembly.Memory;
  readonly words: Int32Array;
  readonly halves: Uint16Array;
  readonly bytes: Uint8Array;
  readonly ramBytes: number;
  readonly bus: Bus;
  /** Decoded code, by physical page number. */
  readonly codePages: (CodePage | undefined)[];
  codePageCount = 0;
  blockCount = 0; // those that were there when somebody last tidied up, and all since
  /** The second engine, unless this processor is interpreted only. */
  compiler: Compiler | undefined = undefined;
  learned = 0; // how often the TLB has been told something
  /** All decoded instructions, packed, and where there is room for more. */
  readonly code: Int32Array;
  codeEnd = 0;
  retiredAtEnd = 0; // what the retired count will be when `remaining` reaches 0
  /** Instructions this slice may still retire. */
  remaining = 0;
  /**
   * The position in the current block to stop at; set to 0 to leave the block after this instruction, and to REFUSED if
   * this one must not be.
   */
  stopAt = 0;
  /** Reasons to look up before the next block. */
  attention = 0;
  shadow = SHADOW_NONE;
  /** Changes whenever a linear address may have come to mean other code, or come under the rule of other tables. */
  epoch = 1;
  /** The epoch of the other two TLB tables: of ring 3 while another ring runs, and the other way round. */
  otherEpoch = 2;
  mode = 0;
  halted = false;
  /** The block with the HLT that ended the last run; it knows the block behind it. */
  asleepIn: Block | undefined = undefined;
  /** Set by every delivery of an interrupt or exception, which cancels a pending single step. */
  delivered = false;
  line = -1;
  effort = 0; // of the dear instructions of this run, in tenths of a microsecond
  /** A REP stopped between two iterations because its slice ended, and the arithmetic flags as it found them. */
  repeating = false;
  repeatResult = 0;
  repeatCarries = 0;
  /** The descriptor last read by `readDescriptor`. */
  descriptorLow = 0;
  descriptorHigh = 0;

  constructor(ramBytes: number, bus: Bus) {
    this.memory = new WebAssembly.Memory({ initial: Math.ceil((RAM_BASE + ramBytes) / 0x1_0000) });
    this.words = new Int32Array(this.memory.buffer);
    this.halves = new Uint16Array(this.memory.buffer);
    this.bytes = new Uint8Array(this.memory.buffer);
    this.code = this.words.subarray(DECODED, DECODED + DECODED_WORDS);
    this.ramBytes = ramBytes;
    this.bus = bus;
    this.codePages = new Array(ramBytes >>> 12).fill(undefined);
    powerOn(this);
  }
}

/*
 * ## First light
 *
 * A real i386 wakes in real mode, sixteen bytes below the top of the address space, and spends its first
 * microseconds pretending to be an 8086. Then a loader, or several of them taking turns, brings it to where an
 * operating system can stand it. We skip the childhood. The processor starts as a multiboot loader leaves one:
 * protected mode, no paging, flat segments, ring 0, interrupts off. The selectors are 0 and name nothing, but
 * the hidden halves are in order, and the hidden halves are what counts.
 */
/** As a multiboot loader leaves a processor: protected mode, no paging, flat segments, ring 0. */
function powerOn(cpu: Processor): void {
  const words = cpu.words;
  words[CR0] = CR0_PE | CR0_ET;
  words[DR6] = 0xffff_0ff0 | 0;
  words[DR7] = 0x400;
  words[FLAG_RESULT] = 1;
  for (const segment of [ES, CS, SS, DS, FS, GS]) {
    words[BASE + segment] = 0;
    words[LIMIT + segment] = -1;
    words[ACCESS + segment] = segment === CS ? 0xc09b : 0xc093;
  }
  words[GDT_LIMIT] = 0xffff;
  words[IDT_LIMIT] = 0xffff;
  resetX87(words);
  setPrivilege(cpu, 0);
  cpu.mode = MODE_FLAT_DATA | MODE_FLAT_STACK | MODE_FLAT_CODE | MODE_CODE_32;
}

/*
 * The ring is a number, `CPL`, and at the same time a choice of two TLB tables. They must never disagree, so
 * they change in one place. Ring 3 and the others may not run the same code, and so each side has its own epoch:
 * what a program knew of its blocks is still true when it comes back from the kernel.
 */
/** Moves to ring `level`, and with it to the TLB tables that ring looks through. */
export function setPrivilege(cpu: Processor, level: number): void {
  if ((level === 3) !== (cpu.words[CPL] === 3)) {
    const { epoch } = cpu;
    cpu.epoch = cpu.otherEpoch;
    cpu.otherEpoch = epoch;
  }
  cpu.words[CPL] = level;
  cpu.words[READ_TABLE] = level === 3 ? READ_USER : READ_SUPERVISOR;
  cpu.words[WRITE_TABLE] = level === 3 ? WRITE_USER : WRITE_SUPERVISOR;
}

/** To be called when IF, TF, HLT, the interrupt line or the shadow changed. */
export function updateAttention(cpu: Processor): void {
  const flags = cpu.words[SYSTEM_FLAGS]!;
  cpu.attention =
    (cpu.line >= 0 && flags & INTERRUPT ? ATTEND_INTERRUPT : 0) |
    (flags & TRAP ? ATTEND_TRAP : 0) |
    (cpu.shadow !== SHADOW_NONE ? ATTEND_SHADOW : 0) |
    (cpu.halted ? ATTEND_HALT : 0) |
    (cpu.effort >= MOST_EFFORT ? ATTEND_TIRED : 0);
}

/*
 * ## Dear instructions
 *
 * Most instructions take a nanosecond, or twenty when it is the interpreter's turn. The arctangent takes six thousand,
 * and whoever has asked for four million instructions because the last four million took as many nanoseconds would
 * wait for twenty-four seconds. So those that are very dear say so, and when a millisecond has gone into them, `run`
 * comes back early. What has been done is done, and counted; it is only sooner that somebody can look at a clock.
 *
 * Compiling is dear too, and says nothing: a run must end after the same instruction on both engines. Decoding, which
 * comes first, lets a thousand new blocks into a run, and a thousand are compiled in a quarter of a second.
 */
/** Of a run, in tenths of a microsecond. */
const MOST_EFFORT = 10_000;

/** Notes that an instruction is about to take so many tenths of a microsecond, and ends the run if it is enough. */
export function tire(cpu: Processor, tenths: number): void {
  cpu.effort += tenths;
  if (cpu.effort < MOST_EFFORT) return;
  cpu.attention |= ATTEND_TIRED;
  cpu.stopAt = 0;
}
