import { assemble } from '../../src/assembler/index.ts';
import { type Bus, createMachine, type Engine, type Machine, type Stop } from '../../src/processor/index.ts';

/** Selectors of the stage's GDT, with the RPL they are used with. */
export const CODE_0 = 0x08;
export const DATA_0 = 0x10;
export const CODE_3 = 0x1b;
export const DATA_3 = 0x23;
export const TASK = 0x28;
export const CODE_1 = 0x31;
export const DATA_1 = 0x39;
/** From here on the GDT (256 descriptors) is the test's own, but for the last two. */
export const FREE = 0x48;
export const CODE_2 = 0x7f2;
export const DATA_2 = 0x7fa;
/** Code and data of each ring. */
export const CODE = [CODE_0, CODE_1, CODE_2, CODE_3] as const;
export const DATA = [DATA_0, DATA_1, DATA_2, DATA_3] as const;

export type Ring = 0 | 1 | 2 | 3;

export const CODE_AT = 0x8000;
export const DATA_AT = 0xa000;
export const RING_0_STACK = 0x7000;
export const RING_1_STACK = 0x6000;
export const RING_2_STACK = 0x6800;
export const STACK = 0xc000;
const HANDLERS = 0x4000;
const PAGE_TABLE = 0x2000;

/** What a test may change of the stage. */
export interface Scene {
  code: string;
  ring?: Ring;
  /** EFLAGS when the code begins. */
  flags?: number;
  /** Descriptors by selector: low and high word. */
  descriptors?: Record<string, [number, number]>;
  /** Gates by vector: low and high word. */
  gates?: Record<string, [number, number]>;
  /** Words of RAM by address. */
  words?: Record<string, number>;
  /** Page table entries by linear page address; giving any turns paging on. */
  pages?: Record<string, number>;
  directory?: Record<string, number>;
  writeProtect?: boolean;
  /** Paging on, everything mapped one to one and open to all. */
  paging?: boolean;
  bus?: Bus;
  engine?: Engine;
  hot?: number;
  limit?: number;
  /** A vector that is on the interrupt line when the code begins. */
  interrupt?: number;
}

/** How it ended: in the handler of `vector`, with the frame on the handler's stack. */
export interface Ending {
  stop: Stop;
  machine: Machine;
  vector: number;
  /** Whether the frame starts with an error code, and which. */
  error: number | undefined;
  /** Saved EIP, as an offset in the code. */
  eip: number;
  frame: { eip: number; cs: number; eflags: number; esp: number; ss: number };
  labels: Map<string, number>;
}

const WITH_ERROR = [8, 10, 11, 12, 13, 14, 17];

/** Retires `limit` instructions, however dear they are, unless the machine stops before. */
export function runFor(machine: Pick<Machine, 'run' | 'retired'>, limit: number): Stop {
  const end = machine.retired + limit;
  for (;;) {
    const stop = machine.run(end - machine.retired);
    if (stop !== 'limit' || machine.retired >= end) return stop;
  }
}

/** A descriptor from its parts; `access` is the byte with P, DPL, S and type, `flags` the nibble G, D, L, AVL. */
export function descriptor(base: number, limit: number, access: number, flags = 0xc): [number, number] {
  return [
    ((base & 0xffff) << 16) | (limit & 0xffff),
    ((base & 0xff00_0000) | (flags << 20) | (limit & 0xf_0000) | (access << 8) | ((base >>> 16) & 0xff)) >>>
      0,
  ];
}

/** A call, interrupt or trap gate. */
export function gate(selector: number, offset: number, access: number, parameters = 0): [number, number] {
  return [(selector << 16) | (offset & 0xffff), ((offset & 0xffff_0000) | (access << 8) | parameters) >>> 0];
}

/** Address of the HLT that stands for the handler of a vector. */
export function handler(vector: number): number {
  return HANDLERS + vector;
}

function machineFor(scene: Scene): Machine {
  return createMachine({ ramBytes: 0x10_0000, bus: scene.bus, engine: scene.engine, hot: scene.hot });
}

/**
 * Sets the stage: tables, a HLT for every vector, and the code behind an IRET to its ring.
 *
 * @param machine one that has halted in a handler may play again
 */
export function prepare(
  scene: Scene,
  machine = machineFor(scene),
): { machine: Machine; labels: Map<string, number> } {
  const { ram, registers } = machine;
  ram.fill(0, ram.size, 0);
  const pair = (at: number, [low, high]: [number, number]) => {
    ram.write32(at, low >>> 0);
    ram.write32(at + 4, high >>> 0);
  };
  const table: Record<string, [number, number]> = {
    [CODE_0]: descriptor(0, 0xfffff, 0x9b),
    [DATA_0]: descriptor(0, 0xfffff, 0x93),
    [CODE_3]: descriptor(0, 0xfffff, 0xfb),
    [DATA_3]: descriptor(0, 0xfffff, 0xf3),
    [TASK]: descriptor(0x3800, 0x67, 0x89, 0),
    [CODE_1]: descriptor(0, 0xfffff, 0xbb),
    [DATA_1]: descriptor(0, 0xfffff, 0xb3),
    [CODE_2]: descriptor(0, 0xfffff, 0xdb),
    [DATA_2]: descriptor(0, 0xfffff, 0xd3),
    ...scene.descriptors,
  };
  for (const [selector, value] of Object.entries(table)) pair(0x3000 + (Number(selector) & ~7), value);
  ram.write32(0x3804, RING_0_STACK);
  ram.write32(0x3808, DATA_0);
  ram.write32(0x380c, RING_1_STACK);
  ram.write32(0x3810, DATA_1);
  ram.write32(0x3814, RING_2_STACK);
  ram.write32(0x3818, DATA_2);
  ram.write16(0x3866, 0x68);
  for (let vector = 0; vector < 256; vector++) {
    // Programs may call 3, 4 and 0x80 up by themselves.
    const access = vector === 3 || vector === 4 || vector === 0x80 ? 0xee : 0x8e;
    pair(0x5000 + vector * 8, gate(CODE_0, handler(vector), access));
  }
  for (const [vector, value] of Object.entries(scene.gates ?? {})) pair(0x5000 + Number(vector) * 8, value);
  ram.fill(HANDLERS, 256, 0xf4);

  const paging = scene.paging || scene.pages || scene.directory;
  for (let page = 0; page < 1024; page++) ram.write32(PAGE_TABLE + page * 4, (page << 12) | 7);
  ram.write32(0x1000, PAGE_TABLE | 7);
  for (const [page, entry] of Object.entries(scene.pages ?? {})) {
    ram.write32(PAGE_TABLE + (Number(page) >>> 12) * 4, entry);
  }
  for (const [entry, value] of Object.entries(scene.directory ?? {}))
    ram.write32(0x1000 + Number(entry) * 4, value);

  const ring = scene.ring ?? 0;
  const data = DATA[ring];
  const code = CODE[ring];
  const begin = assemble(
    `lgdt [cs:gdt]
     lidt [cs:idt]
     mov ax, ${TASK}
     ltr ax
     mov ax, ${data}
     mov ds, ax
     mov es, ax
     mov eax, 0x1000
     mov cr3, eax
     mov eax, ${0x11 + (paging ? 0x8000_0000 : 0) + (scene.writeProtect ? 0x1_0000 : 0)}
     mov cr0, eax
     mov eax, 0
     iretd
     align 4
     gdt: dw 0x7ff
     dd 0x3000
     idt: dw 0x7ff
     dd 0x5000`,
    { origin: 0x5800 },
  );
  ram.write(0x5800, begin.bytes);
  const program = assemble(scene.code, {
    origin: CODE_AT,
    symbols: {
      CODE_0,
      DATA_0,
      CODE_3,
      DATA_3,
      TASK,
      CODE_1,
      DATA_1,
      CODE_2,
      DATA_2,
      FREE,
      DATA: DATA_AT,
      STACK,
    },
  });
  ram.write(CODE_AT, program.bytes);
  const frame =
    ring === 0 ? [CODE_AT, code, scene.flags ?? 2] : [CODE_AT, code, scene.flags ?? 2, STACK, data];
  const top = ring === 0 ? STACK - 12 : RING_0_STACK - 20;
  for (const [index, value] of frame.entries()) ram.write32(top + index * 4, value);
  for (const [address, value] of Object.entries(scene.words ?? {})) ram.write32(Number(address), value >>> 0);
  registers.eip = 0x5800;
  registers.esp = top;
  machine.run(13);
  if (registers.eip !== CODE_AT)
    throw new Error(`the stage collapsed at eip 0x${registers.eip.toString(16)}`);
  return { machine, labels: program.labels };
}

/** Sets the stage and lets the code run until it halts, wherever that is. */
export function play(scene: Scene, stage = machineFor(scene)): Ending {
  const { machine, labels } = prepare(scene, stage);
  if (scene.interrupt !== undefined) machine.interrupt.raise(scene.interrupt);
  const stop = machine.run(scene.limit ?? 10_000);
  return { labels, ...ending(machine, stop), machine };
}

/** What the handler found, if it was a handler that halted. */
export function ending(machine: Machine, stop: Stop): Omit<Ending, 'labels' | 'machine'> {
  const { ram, registers } = machine;
  const vector = registers.eip - HANDLERS - 1;
  const inHandler = stop === 'halted' && vector >= 0 && vector < 256;
  let top = registers.esp;
  let error: number | undefined;
  if (inHandler && WITH_ERROR.includes(vector)) {
    error = ram.read32(top);
    top += 4;
  }
  const read = (offset: number) => (top + offset + 4 <= ram.size ? ram.read32(top + offset) : 0);
  const frame = { eip: read(0), cs: read(4) & 0xffff, eflags: read(8), esp: read(12), ss: read(16) & 0xffff };
  return { stop, vector: inHandler ? vector : -1, error, eip: frame.eip - CODE_AT, frame };
}
