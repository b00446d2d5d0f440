import {
  GDT_ENTRIES,
  GDT_ENTRY_LGUEST_CS,
  GDT_ENTRY_LGUEST_DS,
  GDT_ENTRY_TSS,
} from '../1-preparation/abi.ts';
import { LGUEST_CS, LGUEST_DS, LGUEST_TRAP_ENTRY } from '../1-preparation/abi.ts';
import {
  DESCRIPTOR_PRESENT,
  FLAT_CODE_HIGH,
  FLAT_DATA_HIGH,
  FLAT_LOW,
  GUEST_KERNEL_RING,
} from '../1-preparation/rings.ts';
import { GATE_PRESENT, GATE_RING_SHIFT, INTERRUPT_GATE, VECTORS } from '../1-preparation/traps.ts';
import {
  FRAME_END,
  IDT_SIZE,
  REGISTER_PAGE,
  STATE_END,
  STATE_GDT,
  STATE_GDT_POINTER,
  STATE_IDT,
} from './pages.ts';
import {
  STATE_IDT_POINTER,
  STATE_PAGE,
  STATE_START,
  STATE_TSS,
  TSS_ESP0,
  TSS_ESP1,
  TSS_IO_MAP,
  TSS_SIZE,
  TSS_SS0,
  TSS_SS1,
} from './pages.ts';

/**
 * What the processor should find in the state page while one Guest runs: a draft, copied there when that Guest's
 * turn comes. Remembers which bytes changed since the last copy.
 */
export class StatePage {
  readonly bytes = new Uint8Array(STATE_END);
  /** Bytes from `changedFrom` up to `changedTo` differ from what was last copied. */
  changedFrom = STATE_START;
  changedTo = STATE_END;
  readonly #view = new DataView(this.bytes.buffer);
  readonly #stubs: Uint32Array;

  /** @param stubs linear address of the Switcher's stub for each vector */
  constructor(stubs: Uint32Array) {
    this.#stubs = stubs;
    this.#point(STATE_IDT_POINTER, IDT_SIZE, STATE_PAGE + STATE_IDT);
    this.#point(STATE_GDT_POINTER, GDT_ENTRIES * 8, STATE_PAGE + STATE_GDT);
    this.#write32(STATE_TSS + TSS_ESP0, REGISTER_PAGE + FRAME_END);
    this.#write32(STATE_TSS + TSS_SS0, LGUEST_DS);
    this.#view.setUint16(STATE_TSS + TSS_IO_MAP, TSS_SIZE, true);
    this.setDescriptor(GDT_ENTRY_LGUEST_CS, FLAT_LOW, FLAT_CODE_HIGH);
    this.setDescriptor(GDT_ENTRY_LGUEST_DS, FLAT_LOW, FLAT_DATA_HIGH);
    const tss = STATE_PAGE + STATE_TSS;
    this.setDescriptor(
      GDT_ENTRY_TSS,
      (tss << 16) | (TSS_SIZE - 1),
      (tss & 0xff00_0000) | AVAILABLE_TSS | ((tss >>> 16) & 0xff),
    );
    for (let vector = 0; vector < VECTORS; vector++) this.setStubGate(vector, 0);
    this.setStubGate(LGUEST_TRAP_ENTRY, GUEST_KERNEL_RING);
  }

  /** The processor takes `vector` to the Host. `ring` is the outermost that may cause it with an INT instruction. */
  setStubGate(vector: number, ring: number): void {
    const stub = this.#stubs[vector]!;
    const kind = GATE_PRESENT | (ring << GATE_RING_SHIFT) | (INTERRUPT_GATE << 8);
    this.setGate(vector, (LGUEST_CS << 16) | (stub & 0xffff), (stub & 0xffff_0000) | kind);
  }

  /** The processor takes `vector` wherever this gate says. */
  setGate(vector: number, low: number, high: number): void {
    this.#write32(STATE_IDT + vector * 8, low);
    this.#write32(STATE_IDT + vector * 8 + 4, high);
  }

  /** Entry `index` of the GDT. */
  setDescriptor(index: number, low: number, high: number): void {
    this.#write32(STATE_GDT + index * 8, low);
    this.#write32(STATE_GDT + index * 8 + 4, high);
  }

  /** The stack for traps that go directly from ring 3 to the Guest's kernel in ring 1. */
  setKernelStack(ss: number, esp: number): void {
    this.#write32(STATE_TSS + TSS_SS1, ss);
    this.#write32(STATE_TSS + TSS_ESP1, esp);
  }

  /** Both words of entry `index` of the GDT. */
  descriptor(index: number): { low: number; high: number } {
    const at = STATE_GDT + index * 8;
    return { low: this.#view.getUint32(at, true), high: this.#view.getUint32(at + 4, true) };
  }

  #point(at: number, size: number, address: number): void {
    this.#view.setUint16(at, size - 1, true);
    this.#view.setUint32(at + 2, address, true);
  }

  #write32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
    this.changedFrom = Math.min(this.changedFrom, at);
    this.changedTo = Math.max(this.changedTo, at + 4);
  }
}

const AVAILABLE_TSS = DESCRIPTOR_PRESENT | (0x9 << 8);
