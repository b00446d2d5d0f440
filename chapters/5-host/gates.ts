/*
 * # Gates
 *
 * A kernel sets up its interrupt table by storing 256 gates and saying `lidt`. Ours is in ring 1 and may not. It tells
 * us of each gate in a hypercall: 757 of those, when a Linux boots.
 *
 * We keep two tables for it. One is what the Guest said. The other is what the processor reads, and there nearly every
 * gate leads to the Switcher.
 */
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

/*
 * ## What the Guest says
 *
 * Four vectors are set in vain: non-maskable interrupts and double faults are not for Guests, 15 does not exist, and
 * 0x1f is our own. A gate that is neither of the two kinds we know (a task gate, a relic of 1982) is a reason to die.
 * The code segment is not looked at: it will be the Guest kernel's own, whatever was written there.
 */
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

/*
 * ## What the processor reads
 *
 * Now for the trick that made lguest fast enough to use. A system call is a trap from ring 3 to ring 1: `int 0x80`. It
 * has to be *in the Guest's kernel* in the end. Why go through ring 0, if the processor can go straight there? It only
 * needs a gate that leads to ring 1, and nothing forbids us to put the Guest's own gate into the real table. With that
 * a system call never comes by here. You met the figures in chapter 2: 1,750 nanoseconds the long way, 270 the short
 * one.
 *
 * There is a catch. An interrupt gate turns interrupts off on the way in, and it would be the *real* flag that it turns
 * off, with nobody there to see it, and no way of getting the processor back. So only trap gates go direct. Later Linux
 * kernels turned their system call gate into an interrupt gate, for reasons of their own, and since then each of their
 * system calls takes the long way round.
 */
function setRealGate(guest: Guest, vector: number): void {
  const low = guest.gates[vector * 2]!;
  const high = guest.gates[vector * 2 + 1]!;
  if (goesDirect(guest, vector, high)) setGate(guest.state, vector, low, high);
  else
    setStubGate(guest.state, vector, mayBeCalled(guest, vector) ? (high & GATE_RING) >>> GATE_RING_SHIFT : 0);
}

/*
 * Page faults we must see first, as the shadow tables live from them, and general protection faults, as the Launcher
 * does. The hardware's vectors are ours; a Guest's interrupts come from us.
 *
 * And one rule that lguest did not have. A gate has a ring, the outermost from which `int` may pass, and the Guest's
 * wish was copied into ours. Suppose it opens gate 14 to its processes, and one of them executes `int 14`. The
 * processor comes to the stub of 14, which expects an error code, and there is none, for only real page faults bring
 * one. All words of the frame are now one place off: what we take for eip is cs. So nobody passes on purpose through a
 * gate of ours whose trap has an error code. It faults instead, and its kernel is told.
 */
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
