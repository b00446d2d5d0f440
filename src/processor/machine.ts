/*
 * # The machine, from outside
 *
 * Here is all that the rest of the book knows of this appendix. A machine is a row of bytes, a set of registers,
 * one wire, and a lever marked `run`.
 *
 * The wire deserves its plainness. On a PC there is an interrupt controller in between, then two, then an APIC
 * for each processor, with chapters of its own in every manual. lguest gave its guests none of that, and neither
 * the Host nor the bare pup needs more than somebody who can say: *vector 32, as soon as you are ready*.
 */
import { type Bus, emptyBus } from './bus.ts';
import { canCompile, Compiler } from './compiler/compiler.ts';
import { HOT } from './compiler/making.ts';
import { practise } from './compiler/practice.ts';
import { readFlags, writeArithmeticFlags } from './eflags.ts';
import { SYSTEM } from './flags.ts';
import {
  CR0,
  CR2,
  CR3,
  CR4,
  CS,
  DS,
  EAX,
  EBP,
  EBX,
  ECX,
  EDI,
  EDX,
  EIP,
  ES,
  ESI,
  ESP,
  FS,
  GS,
  SELECTOR,
} from './layout.ts';
import { CPL, LDTR, SS, SYSTEM_FLAGS, TR } from './layout.ts';
import { Processor, updateAttention } from './processor.ts';
import { createRam, type Ram } from './ram.ts';

import { run, type Stop } from './run.ts';
import { flushTlb } from './tlb.ts';

export type { Bus, Ram, Stop };

/** The processor's registers as unsigned numbers. Segment registers are their selectors, and can only be read. */
export interface Registers {
  eax: number;
  ecx: number;
  edx: number;
  ebx: number;
  esp: number;
  ebp: number;
  esi: number;
  edi: number;
  eip: number;
  eflags: number;
  cr0: number;
  cr2: number;
  cr3: number;
  cr4: number;
  readonly cs: number;
  readonly ds: number;
  readonly es: number;
  readonly ss: number;
  readonly fs: number;
  readonly gs: number;
  readonly ldtr: number;
  readonly tr: number;
  /** Current privilege level, 0 to 3. */
  readonly cpl: number;
}

/*
 * A raised line stays raised until the processor takes the interrupt. It may have IF = 0 for a long time.
 */
/** The one wire on which the outside can interrupt the processor. */
export interface InterruptLine {
  /** Asserts the line until the processor takes the interrupt, which then goes through gate `vector` (0 to 255). */
  raise(vector: number): void;
  /** Withdraws an interrupt that has not been taken. */
  lower(): void;
  readonly pending: boolean;
}

/** A processor with memory, seen from outside. */
export interface Machine {
  /** Processor state, TLB, decoded instructions, then RAM. */
  readonly memory: WebAssembly.Memory;
  readonly ram: Ram;
  readonly registers: Registers;
  readonly interrupt: InterruptLine;
  /** Instructions retired since power-on. */
  readonly retired: number;
  /**
   * Retires at most `limit` instructions.
   *
   * @returns 'halted' behind a HLT in ring 0 that no pending interrupt ended (the next `run` goes on there), 'limit'
   *   when `limit` instructions have retired, 'shutdown' on a triple fault. A program that takes trap after trap
   *   without retiring anything gets 'limit' early, and so does one whose instructions are dear.
   */
  run(limit: number): Stop;
}

/*
 * ## Building one
 *
 * Several machines can stand side by side: nothing in this appendix is kept in a variable of a module, but for the one
 * `fault` that lives from a throw to its catch, for the instruction in hand, the gate it goes through, the stack that
 * this has found, the frame that is pushed there, FXSAVE's picture and the numbers on the x87's workbench, which do not
 * outlive an instruction, and for what a process has to do but once: to number the gallery, to compile the sprinter and
 * the calculator, and to `practise`.
 */
/** What executes: the interpreter alone, or with the compiler for what is hot. Nothing but the speed differs. */
export type Engine = 'interpreter' | 'compiler';

/** What a machine is made of. */
export interface MachineOptions {
  ramBytes: number;
  bus?: Bus;
  engine?: Engine;
  /** How often the compiler lets a block be interpreted before it compiles it; tests of the compiler want 1. */
  hot?: number;
}

/** 2 GiB: half of what 32 bits can name. */
const MOST_RAM = 0x8000_0000;

/**
 * Makes a machine, as a multiboot loader leaves one: protected mode, no paging, IF = 0, flat segments in ring 0.
 *
 * @throws RangeError unless `ramBytes` is a multiple of 4096 from 4096 to 2 GiB
 */
export function createMachine(options: MachineOptions): Machine {
  const { ramBytes, engine = 'compiler', hot = HOT } = options;
  if (!Number.isInteger(ramBytes) || ramBytes < 0x1000 || ramBytes > MOST_RAM || ramBytes % 0x1000 !== 0) {
    throw new RangeError(
      `machine: ${ramBytes} bytes of RAM asked for, expected a multiple of 4096 up to ${MOST_RAM}`,
    );
  }
  const cpu = new Processor(ramBytes, options.bus ?? emptyBus);
  if (engine === 'compiler' && canCompile()) {
    practise();
    cpu.compiler = new Compiler(cpu, hot);
  }
  return {
    memory: cpu.memory,
    ram: createRam(cpu),
    registers: createRegisters(cpu),
    interrupt: createInterruptLine(cpu),
    get retired() {
      return cpu.retiredAtEnd - cpu.remaining;
    },
    run: (limit) => run(cpu, limit),
  };
}

/*
 * Raising the line also tells the block in progress to end early, for somebody may pull at it from within: a
 * device that is written to by OUT and answers at once.
 */
function createInterruptLine(cpu: Processor): InterruptLine {
  return {
    raise(vector) {
      if (!Number.isInteger(vector) || vector < 0 || vector > 255) {
        throw new RangeError(`interrupt line: vector ${vector} raised, expected 0 to 255`);
      }
      cpu.line = vector;
      cpu.stopAt = 0;
      updateAttention(cpu);
    },
    lower() {
      cpu.line = -1;
      updateAttention(cpu);
    },
    get pending() {
      return cpu.line >= 0;
    },
  };
}

/*
 * ## Reading the gauges
 *
 * Registers come out unsigned, since nobody wants to see an address of -1073741824. The control registers forget
 * the TLB when they are set from here; real ones do as much for CR3 and CR0.PG.
 */
/** Words of the state that can be read and written without further ado. */
const PLAIN = {
  eax: EAX,
  ecx: ECX,
  edx: EDX,
  ebx: EBX,
  esp: ESP,
  ebp: EBP,
  esi: ESI,
  edi: EDI,
  eip: EIP,
  cr2: CR2,
};
const PAGING = { cr0: CR0, cr3: CR3, cr4: CR4 };
const READ_ONLY = {
  cs: SELECTOR + CS,
  ds: SELECTOR + DS,
  es: SELECTOR + ES,
  ss: SELECTOR + SS,
  fs: SELECTOR + FS,
  gs: SELECTOR + GS,
  ldtr: SELECTOR + LDTR,
  tr: SELECTOR + TR,
  cpl: CPL,
};

/*
 * The object is made once, from the lists. Setting any of the plain ones or a flag also ends what a REP may have been
 * in the middle of.
 */
function createRegisters(cpu: Processor): Registers {
  const registers = {};
  const { words } = cpu;
  const define = (name: string, get: () => number, set?: (value: number) => void) =>
    Object.defineProperty(registers, name, { enumerable: true, get, set });
  for (const [name, index] of Object.entries(PLAIN)) {
    define(
      name,
      () => words[index]! >>> 0,
      (value) => {
        words[index] = value;
        cpu.repeating = false;
      },
    );
  }
  for (const [name, index] of Object.entries(PAGING)) {
    define(
      name,
      () => words[index]! >>> 0,
      (value) => {
        words[index] = value;
        flushTlb(cpu);
      },
    );
  }
  for (const [name, index] of Object.entries(READ_ONLY)) define(name, () => words[index]! >>> 0);
  define(
    'eflags',
    () => readFlags(words) >>> 0,
    (value) => {
      words[SYSTEM_FLAGS] = value & SYSTEM;
      writeArithmeticFlags(words, value);
      cpu.repeating = false;
      updateAttention(cpu);
    },
  );
  return registers as Registers;
}
