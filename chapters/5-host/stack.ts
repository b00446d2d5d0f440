/*
 * # A stack you can count on
 *
 * There is one access that must not fault: the processor's own, when it takes a trap *directly* from ring 3 into ring 1
 * and pushes a frame onto the Guest's kernel stack. Nobody is on that stack yet. A kernel would call a page fault at
 * that point very bad luck, and so SET_STACK says how many pages below the top must always be there, none, one or two,
 * and we see to it that they are.
 *
 * On our silicon such a fault comes to the Host like any other, is mended, and the trap is taken again. But the promise
 * is in the ABI, it is cheap, and *pinned* is a word that makes kernel people sleep better.
 */
import {
  directoryOffset,
  FAULT_WRITE,
  PAGE_SIZE,
  PRESENT,
  pageOf,
  tableOffset,
  WRITABLE,
} from '../1-preparation/paging.ts';
import { GUEST_KERNEL_RING, ringOf } from '../1-preparation/rings.ts';
import { SWITCHER_ADDRESS } from '../6-switcher/pages.ts';
import { setKernelStack } from '../6-switcher/state.ts';
import { hex, hex32, kill } from './death.ts';
import type { Guest } from './guest.ts';
import { demandPage } from './page-tables.ts';

/**
 * LHCALL_SET_STACK: where traps from ring 3 put their frames.
 *
 * @throws GuestDied when it is no stack for ring 1
 */
export function setStack(guest: Guest, selector: number, top: number, pages: number): void {
  if (ringOf(selector) !== GUEST_KERNEL_RING) {
    kill(
      `bad stack segment ${hex(selector)}: its ring is ${ringOf(selector)}, expected ${GUEST_KERNEL_RING}`,
    );
  }
  if (pages > MOST_STACK_PAGES) {
    kill(`bad stack pages ${pages}: expected at most ${MOST_STACK_PAGES}`);
  }
  guest.stackSegment = selector & 0xffff;
  guest.stackTop = top;
  guest.stackPages = pages;
  setKernelStack(guest.state, guest.stackSegment, top);
  pinStack(guest);
}

/*
 * Pinning is demanding in advance: the fault that would come is handled before it does. The stack's selector has been
 * checked as well. Its ring must be 1, or the first direct trap would end in a fault about the stack, which needs a
 * stack.
 */
const MOST_STACK_PAGES = 2;

/** Makes sure that the pages of the stack can be written without a fault. */
export function pinStack(guest: Guest): void {
  for (let i = 0; i < guest.stackPages; i++) {
    const address = (guest.stackTop - 1 - i * PAGE_SIZE) >>> 0;
    if (isWritable(guest, address) || demandPage(guest, address, FAULT_WRITE) === 'filled') continue;
    kill(`bad stack page ${hex32(address)}: the Guest does not map it for writing`);
  }
}

function isWritable(guest: Guest, address: number): boolean {
  if (address >= SWITCHER_ADDRESS) return false;
  const { ram } = guest.ground.machine;
  const needed = PRESENT | WRITABLE;
  const directoryEntry = ram.read32(guest.shadows.current.directory + directoryOffset(address));
  if ((directoryEntry & needed) !== needed) return false;
  return (ram.read32(pageOf(directoryEntry) + tableOffset(address)) & needed) === needed;
}
