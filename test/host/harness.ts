import { expect } from 'vitest';
import {
  LGUEST_DATA_HCALL_STATUS,
  LGUEST_DATA_KERNEL_ADDRESS,
  LGUEST_DATA_NOIRQ_IRET,
  LGUEST_DATA_SYSCALL_VEC,
  LHCALL_LGUEST_INIT,
  LHCALL_LOAD_GDT_ENTRY,
  LHCALL_LOAD_IDT_ENTRY,
  LHCALL_NEW_PGTABLE,
  LHCALL_SET_STACK,
  LHCALL_SHUTDOWN,
  LHREQ_GETREG,
  LHREQ_INITIALIZE,
  LHREQ_IRQ,
  LHREQ_TRAP,
} from '../../chapters/1-preparation/abi.ts';
import { EAGAIN, ENOENT, ERESTARTSYS } from '../../chapters/1-preparation/errno.ts';
import { createHost, type Host, type LguestDevice } from '../../chapters/5-host/dev-lguest.ts';
import type { GuestWindow } from '../../chapters/5-host/windows.ts';
import { assemble } from '../../src/assembler/index.ts';
import { createMachine, type Machine } from '../../src/processor/index.ts';
import { createDeterministicWorld } from '../deterministic-world.ts';

export const MIB = 2 ** 20;
export const P = 1;
export const RW = 2;
export const US = 4;
export const A = 0x20;
export const D = 0x40;

/** Where the test Guests keep their things; the same physical and, once paging is on, virtual. */
export const CODE = 0x1000;
export const DATA = 0x6000;
export const RESULTS = 0x8000;
export const STACK = 0xc000;
export const USER_STACK = 0xe000;
export const MESSAGE = 0xf000;
export const DIRECTORY = 0x10000;
export const TABLE = 0x11000;
export const SECOND_DIRECTORY = 0x12000;
export const SECOND_TABLE = 0x13000;
/** A page nothing else uses. */
export const PAGE = 0x20000;
export const KERNEL_ADDRESS = 0xc000_0000;

export interface Stage {
  machine: Machine;
  host: Host;
}

export function createStage(megabytes = 48): Stage {
  const machine = createMachine({ ramBytes: megabytes * MIB });
  return { machine, host: createHost(machine, createDeterministicWorld(machine)) };
}

export type Event =
  | { kind: 'dead'; reason: string }
  | { kind: 'exit'; trap: number; instruction: number[]; address: number }
  | { kind: 'sleeps' }
  | { kind: 'slice' };

/** A Guest made of assembly text, in 4 MiB of its own unless told otherwise. */
export class TestGuest {
  readonly device: LguestDevice;
  readonly window: GuestWindow;
  readonly labels: Map<string, number>;
  readonly stage: Stage;

  constructor(
    source: string,
    options: { stage?: Stage; bytes?: number; devices?: number; code?: number } = {},
  ) {
    this.stage = options.stage ?? createStage();
    this.device = this.stage.host.open();
    this.window = this.device.mmap(options.bytes ?? 4 * MIB);
    const code = options.code ?? CODE;
    const { bytes, labels } = assemble(source, { origin: code, file: 'guest.asm' });
    this.labels = labels;
    this.window.write(code, bytes);
    this.window.write(DATA + LGUEST_DATA_HCALL_STATUS, new Uint8Array(64).fill(0xff));
    this.window.write32(DATA + LGUEST_DATA_KERNEL_ADDRESS, KERNEL_ADDRESS);
    this.window.write32(DATA + LGUEST_DATA_SYSCALL_VEC, 0x80);
    this.window.write32(DATA + LGUEST_DATA_NOIRQ_IRET, labels.get('protected_iret') ?? 0);
    this.window.write(MESSAGE, new TextEncoder().encode('done'));
    identityMap(this.window, DIRECTORY, TABLE);
    const pages = this.window.size / 4096;
    const words = [
      LHREQ_INITIALIZE,
      this.window.base,
      pages,
      labels.get('start') ?? code,
      pages + (options.devices ?? 0),
    ];
    expect(this.device.write(Uint32Array.from(words))).toBe(16);
  }

  /** Runs until something happens that is not the end of a slice; at most `slices`. */
  run(slices = 100): Event {
    for (let i = 0; i < slices; i++) {
      const event = this.step();
      if (event.kind !== 'slice') return event;
    }
    return { kind: 'slice' };
  }

  step(): Event {
    const into = new Uint8Array(200);
    const got = this.device.read(into);
    if (got === -ERESTARTSYS) return { kind: 'slice' };
    if (got === -EAGAIN) return { kind: 'sleeps' };
    if (got === -ENOENT) return { kind: 'dead', reason: this.reason() };
    expect(got).toBe(12);
    const address = new DataView(into.buffer).getUint32(8, true);
    return { kind: 'exit', trap: into[0]!, instruction: [...into.subarray(1, 8)], address };
  }

  /** Runs to the end, sleeping when it sleeps, and says why it ended. */
  async live(): Promise<string> {
    for (let i = 0; i < 1000; i++) {
      const event = this.run();
      if (event.kind === 'dead') return event.reason;
      if (event.kind !== 'sleeps') throw new Error(`the Guest did not end: ${JSON.stringify(event)}`);
      await this.device.poll();
    }
    throw new Error('the Guest never ended');
  }

  /** Runs to the end and says why it ended. */
  die(): string {
    const event = this.run();
    if (event.kind !== 'dead')
      throw new Error(`the Guest did not die: ${JSON.stringify(event)} ${this.where()}`);
    return event.reason;
  }

  reason(): string {
    const into = new Uint8Array(400);
    const length = this.device.read(into);
    expect(into[length - 1]).toBe(0);
    return String.fromCharCode(...into.subarray(0, length - 1));
  }

  result(index = 0): number {
    return this.window.read32(RESULTS + index * 4);
  }

  /** A register by its `pt_regs` offset: 48 is eip, 60 esp, 24 eax. */
  register(offset: number): number {
    expect(this.device.write(Uint32Array.of(LHREQ_GETREG, offset))).toBe(8);
    const into = new Uint8Array(4);
    expect(this.device.read(into)).toBe(4);
    return new DataView(into.buffer).getUint32(0, true);
  }

  interrupt(irq: number): void {
    expect(this.device.write(Uint32Array.of(LHREQ_IRQ, irq))).toBe(0);
  }

  inject(trap: number): number {
    return this.device.write(Uint32Array.of(LHREQ_TRAP, trap));
  }

  where(): string {
    return `eip 0x${this.register(48).toString(16)} esp 0x${this.register(60).toString(16)}`;
  }
}

/** Maps the first 4 MiB to themselves, for everybody, and once more from `KERNEL_ADDRESS` up. */
export function identityMap(
  window: GuestWindow,
  directory: number,
  table: number,
  flags = P | RW | US,
): void {
  for (let page = 0; page < 1024; page++) window.write32(table + page * 4, (page << 12) | flags);
  window.write32(directory, table | P | RW | US);
  window.write32(directory + (KERNEL_ADDRESS >>> 22) * 4, table | P | RW | US);
}

/** Where the entry for `address` lies in a page table. */
export const entryAt = (address: number, table: number = TABLE): number =>
  table + ((address >>> 12) & 0x3ff) * 4;

/** One hypercall, as assembly. Arguments may be expressions. */
export function call(number: number, ...args: (number | string)[]): string {
  const loads = args.map((arg, i) => `  mov ${['ebx', 'ecx', 'edx', 'esi'][i]}, ${arg}`);
  return [...loads, `  mov eax, ${number}`, '  int 0x1f', ''].join('\n');
}

export const INIT = call(LHCALL_LGUEST_INIT, DATA);
export const PAGING = INIT + call(LHCALL_NEW_PGTABLE, DIRECTORY);
export const DONE = call(LHCALL_SHUTDOWN, MESSAGE, 1);
export const ENDED = 'CRASH: done';

/** A gate: `0x8e` an interrupt gate for ring 0, `0xef` a trap gate that ring 3 may call, ... */
export function gate(vector: number, handler: string, kind: number): string {
  return call(
    LHCALL_LOAD_IDT_ENTRY,
    vector,
    `(0x61 << 16) | (${handler} & 0xffff)`,
    `(${handler} & 0xffff0000) | ${kind << 8}`,
  );
}

/** Segments and a stack for ring 3, and a way there: `enter_user` jumps to `user`. */
export const USER_SEGMENTS =
  call(LHCALL_LOAD_GDT_ENTRY, 14, 0x0000_ffff, 0x00cf_fb00) +
  call(LHCALL_LOAD_GDT_ENTRY, 15, 0x0000_ffff, 0x00cf_f300) +
  call(LHCALL_SET_STACK, 0x69, STACK, 2);

export const ENTER_USER = `
  mov eax, 0x7b
  mov ds, ax
  mov es, ax
  push 0x7b
  push ${USER_STACK}
  push 0x202
  push 0x73
  push user
  iret
`;

/** Stores eax as result `index`. */
export function result(index: number, from = 'eax'): string {
  return `  mov [${RESULTS + index * 4}], ${from}\n`;
}
