/*
 * # What the processor consults
 *
 * While a Guest runs, the processor has three books open, all on the state page: where traps go, what segments there
 * are, and which stack to take when it goes inward. A Guest has its own opinion on the first two, and so each Guest has
 * its own edition, kept here as a draft in TypeScript, and copied to the page when its turn comes.
 *
 * The copy is a good two kilobytes, and between one entry and the next a Guest usually changes nothing. So the draft
 * remembers which of its bytes have changed. When the same Guest goes in again, that is what is copied: for most
 * entries, none.
 */
import {
  GDT_ENTRIES,
  GDT_ENTRY_LGUEST_CS,
  GDT_ENTRY_LGUEST_DS,
  GDT_ENTRY_TSS,
  LGUEST_CS,
  LGUEST_DS,
  LGUEST_TRAP_ENTRY,
} from '../1-preparation/abi.ts';
import {
  DESCRIPTOR_PRESENT,
  FLAT_CODE_HIGH,
  FLAT_DATA_HIGH,
  FLAT_LOW,
  GUEST_KERNEL_RING,
} from '../1-preparation/rings.ts';
import { GATE_PRESENT, GATE_RING_SHIFT, INTERRUPT_GATE, VECTORS } from '../1-preparation/traps.ts';
import { FRAME_END, IDT_SIZE, REGISTER_PAGE, STATE_PAGE } from './pages.ts';
import {
  STATE_END,
  STATE_GDT,
  STATE_GDT_POINTER,
  STATE_IDT,
  STATE_IDT_POINTER,
  STATE_START,
} from './pages.ts';
import { STATE_TSS, TSS_ESP0, TSS_ESP1, TSS_IO_MAP, TSS_SIZE, TSS_SS0, TSS_SS1 } from './pages.ts';

/** A draft of the state page: what the processor should find there while one Guest runs. */
export interface StatePage {
  readonly bytes: DataView;
  /** Bytes from `changedFrom` up to `changedTo` differ from what was last copied. */
  changedFrom: number;
  changedTo: number;
  /** Linear address of the Switcher's stub for each vector. */
  readonly stubs: Uint32Array;
}

/*
 * ## A page with all doors shut
 *
 * At first every vector leads to the Switcher and no Guest may go through a gate on purpose, but for one. The ring of
 * 0x1f is 1: a kernel may call us, its processes may not. A process that tries gets a general protection fault, with
 * the number of the gate in the error code, and will be reported to its kernel for it.
 *
 * The stack for ring 0 is the end of the register page. Whatever the Guest does to its own stacks, ours is there, and
 * empty.
 */
export function createStatePage(stubs: Uint32Array): StatePage {
  const bytes = new DataView(new ArrayBuffer(STATE_END));
  const state: StatePage = { bytes, changedFrom: STATE_START, changedTo: STATE_END, stubs };
  describeTable(state, STATE_IDT_POINTER, IDT_SIZE, STATE_PAGE + STATE_IDT);
  describeTable(state, STATE_GDT_POINTER, GDT_ENTRIES * 8, STATE_PAGE + STATE_GDT);
  for (let vector = 0; vector < VECTORS; vector++) setStubGate(state, vector, 0);
  setStubGate(state, LGUEST_TRAP_ENTRY, GUEST_KERNEL_RING);
  setOurSegments(state);
  write(state, STATE_TSS + TSS_ESP0, REGISTER_PAGE + FRAME_END);
  write(state, STATE_TSS + TSS_SS0, LGUEST_DS);
  bytes.setUint16(STATE_TSS + TSS_IO_MAP, TSS_SIZE, true); // behind the end: no ports for anybody
  return state;
}

function setOurSegments(state: StatePage): void {
  setDescriptor(state, GDT_ENTRY_LGUEST_CS, FLAT_LOW, FLAT_CODE_HIGH);
  setDescriptor(state, GDT_ENTRY_LGUEST_DS, FLAT_LOW, FLAT_DATA_HIGH);
  const tss = STATE_PAGE + STATE_TSS;
  const high = (tss & 0xff00_0000) | AVAILABLE_TSS | ((tss >>> 16) & 0xff);
  setDescriptor(state, GDT_ENTRY_TSS, (tss << 16) | (TSS_SIZE - 1), high);
}

const AVAILABLE_TSS = DESCRIPTOR_PRESENT | (0x9 << 8);

/*
 * ## Ours or theirs
 *
 * A gate is either ours, leading to the stub of its vector, or it is the Guest's, and then the processor follows it
 * without our ever hearing of it. Which of them may be the Guest's is for the Host to say; it has opinions.
 */

/** The processor takes `vector` to the Host. `ring` is the outermost that may cause it with an INT instruction. */
export function setStubGate(state: StatePage, vector: number, ring: number): void {
  const stub = state.stubs[vector]!;
  const kind = GATE_PRESENT | (ring << GATE_RING_SHIFT) | (INTERRUPT_GATE << 8);
  setGate(state, vector, (LGUEST_CS << 16) | (stub & 0xffff), (stub & 0xffff_0000) | kind);
}

/** The processor takes `vector` wherever this gate says. */
export function setGate(state: StatePage, vector: number, low: number, high: number): void {
  write(state, STATE_IDT + vector * 8, low);
  write(state, STATE_IDT + vector * 8 + 4, high);
}

/** Entry `index` of the GDT. */
export function setDescriptor(state: StatePage, index: number, low: number, high: number): void {
  write(state, STATE_GDT + index * 8, low);
  write(state, STATE_GDT + index * 8 + 4, high);
}

/** The upper word of entry `index` of the GDT. */
export function descriptorHigh(state: StatePage, index: number): number {
  return state.bytes.getUint32(STATE_GDT + index * 8 + 4, true);
}

/** The stack for traps that go directly from ring 3 to the Guest's kernel in ring 1. */
export function setKernelStack(state: StatePage, ss: number, esp: number): void {
  write(state, STATE_TSS + TSS_SS1, ss);
  write(state, STATE_TSS + TSS_ESP1, esp);
}

function describeTable(state: StatePage, at: number, size: number, address: number): void {
  state.bytes.setUint16(at, size - 1, true);
  state.bytes.setUint32(at + 2, address, true);
}

function write(state: StatePage, at: number, value: number): void {
  state.bytes.setUint32(at, value, true);
  state.changedFrom = Math.min(state.changedFrom, at);
  state.changedTo = Math.max(state.changedTo, at + 4);
}
