import { assemble } from '../../src/assembler/index.ts';
import type { Machine } from '../../src/processor/index.ts';
import {
  CODE,
  CODE_BYTES,
  DATA,
  DATA_BYTES,
  descriptorOf,
  LDT,
  type Outcome,
  PAGE,
  PRISTINE,
  type Stage,
  SYSTEM,
  type Trial,
  WRITABLE_BYTES,
} from './stage.ts';
import { fromFnsave, INITIAL_FNSAVE } from './x87.ts';

/** A way to make a machine: one engine or another. */
export interface Engine {
  name: string;
  /** How often a trial is played before it counts. */
  plays: number;
  create(ramBytes: number): Machine;
}

/** Where the tables of ring 0 lie in RAM; they are seen from SYSTEM on. */
const DIRECTORY = 0x1000;
const CODE_TABLE = 0x2000;
const DATA_TABLE = 0x3000;
const SYSTEM_TABLE = 0x4000;
const GDT = 0x5000;
const IDT = 0x6000;
const LDT_AT = 0x7000;
const TSS = 0x7800;
const HANDLERS = 0x8000;
const ENTRANCE = 0x8200;
const STACK_TOP = 0xa000;
/** What the way in pops: gs, fs, es, ds, eight registers, EIP, CS, EFLAGS, ESP, SS. */
const FRAME = 0xb000;
const X87 = 0xb800;
const SYSTEM_BYTES = 0xc000;
const CODE_FRAMES = 0x1_0000;
const DATA_FRAMES = 0x2_0000;
const RAM_BYTES = 0x3_0000;

const KERNEL_CODE = 0x10;
const KERNEL_DATA = 0x18;
const LDT_SELECTOR = 0x50;
const TASK = 0x40;
const MOST_INSTRUCTIONS = 20_000;
const WITH_ERROR = [8, 10, 11, 12, 13, 14, 17];
const HLT = 0xf4;
const FPU = 1;

/** Whether an address belongs to ring 0 of the emulated stage, where the real one has nothing. */
export function isOffStage(address: number): boolean {
  return address >= SYSTEM && address < SYSTEM + SYSTEM_BYTES;
}

/** An emulated processor with the stage set up: ring 0 of our own, and the trials in ring 3. */
export function createLanternStage(engine: Engine): Stage {
  const machine = engine.create(RAM_BYTES);
  const { ram } = machine;
  const doors = setUp(machine);
  const hasX87 = reportsX87(machine, doors);
  let usedAt = CODE_FRAMES;
  let used = 0;
  return {
    name: engine.name,
    play(trial) {
      const offset = CODE_FRAMES + trial.at - CODE;
      ram.fill(usedAt, used, HLT);
      ram.write(offset, trial.code);
      usedAt = offset;
      used = trial.code.length;
      for (let rehearsal = 1; rehearsal < engine.plays; rehearsal++) {
        setData(ram, trial);
        playOn(machine, doors, trial, hasX87);
      }
      setData(ram, trial);
      return playOn(machine, doors, trial, hasX87);
    },
  };
}

function setData(ram: Machine['ram'], trial: Trial): void {
  if (Buffer.compare(ram.view(DATA_FRAMES, DATA_BYTES), PRISTINE) !== 0) ram.write(DATA_FRAMES, PRISTINE);
  for (const { address, bytes } of trial.pokes)
    ram.write(DATA_FRAMES + address - DATA, Uint8Array.from(bytes));
}

interface Doors {
  in: number;
  inWithX87: number;
  outWithX87: number;
  identify: number;
}

function setUp(machine: Machine): Doors {
  const { ram, registers } = machine;
  mapPages(machine);
  writeTables(machine);
  const { bytes, labels } = assemble(
    `begin:
       lgdt [gdt]
       lidt [idt]
       jmp ${KERNEL_CODE}:reloaded
     reloaded:
       mov ax, ${KERNEL_DATA}
       mov ss, ax
       mov ax, ${TASK}
       ltr ax
       mov ax, ${LDT_SELECTOR}
       lldt ax
       hlt
     identify:
       mov eax, 1
       cpuid
       hlt
     inWithX87:
       frstor [ss:${SYSTEM + X87}]
     in:
       pop gs
       pop fs
       pop es
       pop ds
       popad
       iretd
     outWithX87:
       fnsave [ss:${SYSTEM + X87}]
       hlt
     gdt: dw 0x7f
       dd ${SYSTEM + GDT}
     idt: dw 0x7ff
       dd ${SYSTEM + IDT}`,
    { origin: SYSTEM + ENTRANCE },
  );
  ram.write(ENTRANCE, bytes);
  ram.fill(HANDLERS, 256, HLT);
  ram.fill(CODE_FRAMES, CODE_BYTES, HLT);
  registers.cr3 = DIRECTORY;
  registers.cr0 = 0x8005_0033; // PG, AM, WP, NE, ET, MP, PE: as Linux has it
  registers.eip = labels.get('begin')!;
  if (machine.run(100) !== 'halted')
    throw new Error(`the stage collapsed at 0x${registers.eip.toString(16)}`);
  const address = (label: string) => labels.get(label)!;
  return {
    in: address('in'),
    inWithX87: address('inWithX87'),
    outWithX87: address('outWithX87'),
    identify: address('identify'),
  };
}

function mapPages({ ram }: Machine): void {
  const map = (table: number, linear: number, physical: number, bytes: number, rights: number) => {
    ram.write32(DIRECTORY + (linear >>> 22) * 4, table | 7);
    for (let at = 0; at < bytes; at += PAGE)
      ram.write32(table + (((linear + at) >>> 12) & 0x3ff) * 4, (physical + at) | rights);
  };
  map(CODE_TABLE, CODE, CODE_FRAMES, CODE_BYTES, 5);
  map(DATA_TABLE, DATA, DATA_FRAMES, WRITABLE_BYTES, 7);
  map(DATA_TABLE, DATA + WRITABLE_BYTES, DATA_FRAMES + WRITABLE_BYTES, DATA_BYTES - WRITABLE_BYTES, 5);
  map(SYSTEM_TABLE, SYSTEM, 0, SYSTEM_BYTES, 3);
}

/** Linux's GDT as far as a program can tell, an IDT that lets programs call up 3 and 4, a TSS, our LDT. */
function writeTables({ ram }: Machine): void {
  const system = (base: number, limit: number, access: number): [number, number] => [
    ((base << 16) | limit) >>> 0,
    ((base & 0xff00_0000) | (access << 8) | ((base >>> 16) & 0xff)) >>> 0,
  ];
  const pair = (at: number, [low, high]: [number, number]) => {
    ram.write32(at, low);
    ram.write32(at + 4, high);
  };
  pair(GDT + KERNEL_CODE, [0xffff, 0x00cf_9b00]);
  pair(GDT + KERNEL_DATA, [0xffff, 0x00cf_9300]);
  pair(GDT + 0x20, [0xffff, 0x00cf_fb00]);
  pair(GDT + 0x28, [0xffff, 0x00cf_f300]);
  pair(GDT + 0x30, [0xffff, 0x00af_fb00]);
  pair(GDT + 0x78, [0, 0x0040_f500]);
  pair(GDT + LDT_SELECTOR, system(SYSTEM + LDT_AT, LDT.length * 8 - 1, 0x82));
  pair(GDT + TASK, system(SYSTEM + TSS, 0x67, 0x89));
  for (const segment of LDT) pair(LDT_AT + (segment.selector & ~7), descriptorOf(segment));
  ram.write32(TSS + 4, SYSTEM + STACK_TOP);
  ram.write32(TSS + 8, KERNEL_DATA);
  ram.write16(TSS + 0x66, 0x68);
  for (let vector = 0; vector < 256; vector++) {
    const handler = SYSTEM + HANDLERS + vector;
    const access = vector === 3 || vector === 4 ? 0xee : 0x8e;
    pair(IDT + vector * 8, [
      ((KERNEL_CODE << 16) | (handler & 0xffff)) >>> 0,
      ((handler & 0xffff_0000) | (access << 8)) >>> 0,
    ]);
  }
}

/** CPUID's word on the x87. */
function reportsX87(machine: Machine, doors: Doors): boolean {
  machine.registers.eip = doors.identify;
  machine.run(100);
  return (machine.registers.edx & FPU) !== 0;
}

function playOn(machine: Machine, doors: Doors, trial: Trial, hasX87: boolean): Outcome | undefined {
  const { ram, registers } = machine;
  const [es, cs, ss, ds, fs, gs] = trial.selectors as [number, number, number, number, number, number];
  const [eax, ecx, edx, ebx, esp, ebp, esi, edi] = trial.registers;
  const codeBase = (cs & 4) !== 0 ? LDT[cs >>> 3]!.base : 0;
  const popped = [
    gs,
    fs,
    es,
    ds,
    edi,
    esi,
    ebp,
    0,
    ebx,
    edx,
    ecx,
    eax,
    trial.at - codeBase,
    cs,
    trial.eflags,
    esp,
    ss,
  ];
  ram.write(FRAME, new Uint8Array(Uint32Array.from(popped as number[]).buffer));
  if (hasX87) ram.write(X87, trial.x87 ?? INITIAL_FNSAVE);
  registers.esp = SYSTEM + FRAME;
  registers.eip = hasX87 ? doors.inWithX87 : doors.in;
  const stop = machine.run(MOST_INSTRUCTIONS);
  if (stop === 'limit') {
    // Still in ring 3: have it called back.
    machine.interrupt.raise(0x20);
    machine.run(1);
    return undefined;
  }
  const outcome = readOutcome(machine);
  if (hasX87) {
    registers.eip = doors.outWithX87;
    machine.run(10);
    outcome.x87 = fromFnsave(ram.read(X87, 108));
  }
  return outcome;
}

/** What the handler of ring 0 finds in its frame. */
function readOutcome({ ram, registers }: Machine): Outcome {
  const { eax, ecx, edx, ebx, ebp, esi, edi, es, ds, fs, gs } = registers;
  const vector = registers.eip - 1 - SYSTEM - HANDLERS;
  let top = registers.esp - SYSTEM;
  if (registers.cpl !== 0 || vector < 0 || vector > 255)
    throw new Error(`the emulated stage ended at 0x${registers.eip.toString(16)} in ring ${registers.cpl}`);
  const error = WITH_ERROR.includes(vector) ? ram.read32(top) : 0;
  if (WITH_ERROR.includes(vector)) top += 4;
  const [eip, cs, eflags, esp, ss] = [0, 4, 8, 12, 16].map((at) => ram.read32(top + at));
  return {
    vector,
    error,
    cr2: vector === 14 ? registers.cr2 : 0,
    eip: eip!,
    eflags: eflags!,
    registers: Uint32Array.of(eax, ecx, edx, ebx, esp!, ebp, esi, edi),
    selectors: [es, cs! & 0xffff, ss! & 0xffff, ds, fs, gs],
    memory: ram.view(DATA_FRAMES, WRITABLE_BYTES),
  };
}
