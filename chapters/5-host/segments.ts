/*
 * # Segments
 *
 * Page tables keep a Guest in its memory. Segments keep it in its ring. They are eight bytes each, a Guest may have
 * thirty-two, and each is a small program for the processor that we have to read before the processor does.
 */
import {
  GDT_ENTRIES,
  GDT_ENTRY_DOUBLEFAULT_TSS,
  GDT_ENTRY_KERNEL_CS,
  GDT_ENTRY_KERNEL_DS,
  GDT_ENTRY_LGUEST_CS,
  GDT_ENTRY_LGUEST_DS,
  GDT_ENTRY_TLS_MIN,
  GDT_ENTRY_TSS,
} from '../1-preparation/abi.ts';
import {
  DESCRIPTOR_ACCESSED,
  DESCRIPTOR_CODE,
  DESCRIPTOR_CONFORMING,
  DESCRIPTOR_PRESENT,
  DESCRIPTOR_READABLE,
  DESCRIPTOR_RING,
  DESCRIPTOR_RING_SHIFT,
  DESCRIPTOR_SEGMENT,
  FLAT_CODE_HIGH,
  FLAT_DATA_HIGH,
  FLAT_LOW,
  GUEST_KERNEL_RING,
  ringOf,
} from '../1-preparation/rings.ts';
import { FRAME_DS, FRAME_ES, FRAME_FS, FRAME_GS } from '../6-switcher/pages.ts';
import { setDescriptor, descriptorHigh } from '../6-switcher/state.ts';
import { kill } from './death.ts';
import type { Guest } from './guest.ts';

/** The two segments a Guest is born with. */
export function setFirstSegments(guest: Guest): void {
  setSegment(guest, GDT_ENTRY_KERNEL_CS, FLAT_LOW, FLAT_CODE_HIGH);
  setSegment(guest, GDT_ENTRY_KERNEL_DS, FLAT_LOW, FLAT_DATA_HIGH);
}

/*
 * A kernel tells us of entries one at a time; the three that belong to a thread come together, by LOAD_TLS, at every
 * context switch.
 */
/**
 * LHCALL_LOAD_GDT_ENTRY: sets one descriptor.
 *
 * @throws GuestDied when there is no such entry
 */
export function loadGdtEntry(guest: Guest, index: number, low: number, high: number): void {
  if (index >= GDT_ENTRIES) {
    kill(`too many gdt entries ${index}: the table has ${GDT_ENTRIES}`);
  }
  setSegment(guest, index, low, high);
  dropLostSelectors(guest);
}

/** LHCALL_LOAD_TLS: sets the three descriptors of the current thread, from 24 bytes at guest-physical `table`. */
export function loadTls(guest: Guest, table: number): void {
  for (let i = 0; i < 3; i++) {
    const at = table + i * 8;
    setSegment(guest, GDT_ENTRY_TLS_MIN + i, guest.memory.read32(at), guest.memory.read32(at + 4));
  }
  dropLostSelectors(guest);
}

/*
 * ## Taming
 *
 * Four entries are ours, and what a Guest says about them is not even an error. Linux sets all thirty-two without
 * asking.
 *
 * To the others two things are done. Ring 0 becomes ring 1: a kernel believes it is in 0 and describes its segments
 * accordingly. And the bit *accessed* is set beforehand, because the processor sets it when a segment is loaded, and
 * the table is on a page that is read-only in the Guest's world.
 *
 * Then there is S, the bit that tells memory from machinery. With S clear, eight bytes are no segment but a *call
 * gate*, say: a door to any address in any ring, ring 0 included, open to whoever its DPL admits. lguest let these
 * through, on the theory that the worst a strange descriptor could do was to trip the Switcher. Work out for yourself
 * what a call gate would do that leads into *our* code segment, at an address of the Guest's choosing. We store nothing
 * instead.
 */
/** Entries that are the Host's. A Guest may say what it likes about them. */
const OURS = [GDT_ENTRY_LGUEST_CS, GDT_ENTRY_LGUEST_DS, GDT_ENTRY_TSS, GDT_ENTRY_DOUBLEFAULT_TSS];

function setSegment(guest: Guest, index: number, low: number, high: number): void {
  if (OURS.includes(index)) return;
  if ((high & DESCRIPTOR_SEGMENT) === 0) setDescriptor(guest.state, index, 0, 0);
  else setDescriptor(guest.state, index, low, tamed(high));
}

function tamed(high: number): number {
  const ring = high & DESCRIPTOR_RING || GUEST_KERNEL_RING << DESCRIPTOR_RING_SHIFT;
  return (high & ~DESCRIPTOR_RING) | ring | DESCRIPTOR_ACCESSED;
}

/*
 * ## The rug
 *
 * A thread has 0x33 in gs, which is entry 6. It makes a hypercall that empties entry 6. On real hardware nothing
 * happens, as the processor has its own copy of what was in gs. But our Switcher *saved the selector*, and after such a
 * change it will load it again. It finds nothing there, faults, in ring 0, and in lguest the Guest was dead: trap 256.
 * So its Linux took care to put a null into gs first.
 *
 * We look after every change whether the four can still be loaded, by the same rules as the processor. What cannot
 * becomes null. A kernel that uses it after that gets a fault of its own, which is more than fair.
 */
function dropLostSelectors(guest: Guest): void {
  for (const at of [FRAME_DS, FRAME_ES, FRAME_FS, FRAME_GS]) {
    const selector = guest.register(at) & 0xffff;
    if (!canReload(guest, selector)) guest.setRegister(at, 0);
  }
}

const SELECTOR_LOCAL = 1 << 2;

/** Whether `mov ds` with this selector works in the Switcher, which is in ring 0 (Intel SDM vol. 2, MOV). */
function canReload(guest: Guest, selector: number): boolean {
  if (selector <= 3) return true;
  if (selector & SELECTOR_LOCAL) return false;
  const high = descriptorHigh(guest.state, selector >>> 3);
  const needed = DESCRIPTOR_PRESENT | DESCRIPTOR_SEGMENT;
  if ((high & needed) !== needed) return false;
  const code = (high & DESCRIPTOR_CODE) !== 0;
  if (code && (high & DESCRIPTOR_READABLE) === 0) return false;
  if (code && (high & DESCRIPTOR_CONFORMING) !== 0) return true;
  return ringOf(selector) <= (high & DESCRIPTOR_RING) >>> DESCRIPTOR_RING_SHIFT;
}
