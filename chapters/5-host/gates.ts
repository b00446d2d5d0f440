import { KERNEL_CS, LGUEST_TRAP_ENTRY } from '../1-preparation/abi.ts';
import {
  DEVICE_NOT_AVAILABLE,
  DOUBLE_FAULT,
  EXCEPTIONS,
  GATE_PRESENT,
  GATE_RING,
  GATE_RING_SHIFT,
  GENERAL_PROTECTION,
  gateType,
  INTERRUPT_GATE,
  NON_MASKABLE_INTERRUPT,
  PAGE_FAULT,
  pushesErrorCode,
  SPURIOUS_INTERRUPT,
  TRAP_GATE,
  VECTORS,
} from '../1-preparation/traps.ts';
import { setGate, setStubGate } from '../6-switcher/state.ts';
import { hex, hex32, kill } from './death.ts';
import type { Guest } from './guest.ts';

/** Vectors whose gates a Guest sets in vain. */
const NOT_FOR_GUESTS = [NON_MASKABLE_INTERRUPT, DOUBLE_FAULT, SPURIOUS_INTERRUPT, LGUEST_TRAP_ENTRY];

/** Bits that are kept of a gate's upper word: not the one that makes it a segment, and not the reserved ones. */
const KEPT = 0xffff_ef00;

/**
 * LHCALL_LOAD_IDT_ENTRY: sets the gate of one vector.
 *
 * @throws GuestDied when there is no such vector, or the gate is neither an interrupt gate nor a trap gate
 */
export function loadIdtEntry(guest: Guest, vector: number, low: number, high: number): void {
  if (vector >= VECTORS) kill(`Setting idt entry ${vector}: the table has ${VECTORS}`);
  if (NOT_FOR_GUESTS.includes(vector)) return;
  const present = (high & GATE_PRESENT) !== 0;
  if (present && gateType(high) !== INTERRUPT_GATE && gateType(high) !== TRAP_GATE) {
    const expected = `expected ${hex(INTERRUPT_GATE)} or ${hex(TRAP_GATE)}`;
    kill(`bad IDT type ${gateType(high)}: gate ${vector} is ${hex32(high)}, ${expected}`);
  }
  guest.gates[vector * 2] = present ? (KERNEL_CS << 16) | (low & 0xffff) : 0;
  guest.gates[vector * 2 + 1] = present ? high & KEPT : 0;
  setRealGate(guest, vector);
}

function setRealGate(guest: Guest, vector: number): void {
  const low = guest.gates[vector * 2]!;
  const high = guest.gates[vector * 2 + 1]!;
  if (goesDirect(guest, vector, high)) setGate(guest.state, vector, low, high);
  else
    setStubGate(guest.state, vector, mayBeCalled(guest, vector) ? (high & GATE_RING) >>> GATE_RING_SHIFT : 0);
}

/** Vectors on which the Host has the first word. */
const OURS_FIRST = [DEVICE_NOT_AVAILABLE, GENERAL_PROTECTION, PAGE_FAULT, LGUEST_TRAP_ENTRY];

function goesDirect(guest: Guest, vector: number, high: number): boolean {
  if (gateType(high) !== TRAP_GATE || OURS_FIRST.includes(vector)) return false;
  return vector < EXCEPTIONS || vector === guest.syscallVector;
}

function mayBeCalled(guest: Guest, vector: number): boolean {
  if (vector >= EXCEPTIONS) return vector === guest.syscallVector;
  return !pushesErrorCode(vector);
}
