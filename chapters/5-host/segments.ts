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

function dropLostSelectors(guest: Guest): void {
  for (const at of [FRAME_DS, FRAME_ES, FRAME_FS, FRAME_GS]) {
    const selector = guest.register(at) & 0xffff;
    if (!canReload(guest, selector)) guest.setRegister(at, 0);
  }
}

const SELECTOR_LOCAL = 1 << 2;

/** Whether `pop ds` with this selector works in the Switcher, which is in ring 0 (Intel SDM vol. 2, POP). */
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
