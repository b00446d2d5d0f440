import {
  FIRST_EXTERNAL_VECTOR,
  KERNEL_CS,
  LGUEST_DATA_BLOCKED_INTERRUPTS,
  LGUEST_DATA_IRQ_ENABLED,
  LGUEST_DATA_IRQ_PENDING,
  X86_EFLAGS_IF,
} from '../1-preparation/abi.ts';
import { pageOf } from '../1-preparation/paging.ts';
import { GUEST_KERNEL_RING, ringOf } from '../1-preparation/rings.ts';
import {
  EFLAGS_ALWAYS,
  EFLAGS_NESTED,
  EFLAGS_RESUME,
  EFLAGS_TRAP,
  EFLAGS_VIRTUAL_8086,
  GATE_PRESENT,
  gateOffset,
  gateType,
  INTERRUPT_GATE,
} from '../1-preparation/traps.ts';
import { FRAME_CS, FRAME_EFLAGS, FRAME_EIP, FRAME_ESP, FRAME_SS } from '../6-switcher/pages.ts';
import { tellTime } from './clock.ts';
import type { Guest } from './guest.ts';
import { physicalForLoad, physicalForStore } from './page-tables.ts';

/** Interrupts that are raised and that the Guest does not block: bit n is IRQ n. */
export function waiting(guest: Guest): number {
  if (guest.raised === 0 || guest.data === undefined) return 0;
  return guest.raised & ~guest.readData(LGUEST_DATA_BLOCKED_INTERRUPTS);
}

/** Delivers one interrupt, if one waits and the Guest lets it in. */
export function deliverInterrupt(guest: Guest): void {
  const ready = waiting(guest);
  if (ready === 0) return;
  if (guest.halted) {
    guest.writeData(LGUEST_DATA_IRQ_ENABLED, X86_EFLAGS_IF);
    guest.halted = false;
  } else if (!interruptsEnabled(guest)) {
    guest.writeData(LGUEST_DATA_IRQ_PENDING, X86_EFLAGS_IF);
    return;
  }
  tellTime(guest);
  const irq = lowest(ready);
  if (hasHandler(guest, FIRST_EXTERNAL_VECTOR + irq)) take(guest, irq);
  if ((ready & ~(1 << irq)) === 0) guest.writeData(LGUEST_DATA_IRQ_PENDING, 0);
}

function lowest(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

function take(guest: Guest, irq: number): void {
  guest.raised &= ~(1 << irq);
  guest.ground.statistics.interrupts++;
  if (isAboutToReturn(guest)) pretendIret(guest);
  else pushFrame(guest);
  enterHandler(guest, FIRST_EXTERNAL_VECTOR + irq);
}

function interruptsEnabled(guest: Guest): boolean {
  return guest.data === undefined || (guest.readData(LGUEST_DATA_IRQ_ENABLED) & X86_EFLAGS_IF) !== 0;
}

/** Whether the Guest has set a gate for `vector`. */
export function hasHandler(guest: Guest, vector: number): boolean {
  return (guest.gates[vector * 2 + 1]! & GATE_PRESENT) !== 0;
}

function isAboutToReturn(guest: Guest): boolean {
  return guest.register(FRAME_EIP) === guest.noirqIret && inKernel(guest);
}

function inKernel(guest: Guest): boolean {
  return ringOf(guest.register(FRAME_SS)) === GUEST_KERNEL_RING;
}

/** What an iret may change in a Guest's EFLAGS: the results of arithmetic, DF, AC and ID. */
const FLAGS_OF_ITS_OWN = 0x0024_0cd5;

function pretendIret(guest: Guest): void {
  const at = physicalForLoad(guest, (guest.register(FRAME_ESP) + 8) >>> 0);
  const flags = guest.memory.read32(at) & FLAGS_OF_ITS_OWN;
  guest.setRegister(FRAME_EFLAGS, flags | X86_EFLAGS_IF | EFLAGS_ALWAYS);
}

/** Puts on the Guest's stack what the processor would, had it delivered a trap: `error` only if there is one. */
export function pushFrame(guest: Guest, error?: number): void {
  const words: number[] = [];
  let top = guest.register(FRAME_ESP);
  if (!inKernel(guest)) {
    words.push(guest.register(FRAME_SS) & 0xffff, top);
    top = guest.stackTop;
    guest.setRegister(FRAME_SS, guest.stackSegment);
  }
  words.push(virtualFlags(guest), guest.register(FRAME_CS) & 0xffff, guest.register(FRAME_EIP));
  if (error !== undefined) words.push(error);
  guest.setRegister(FRAME_ESP, push(guest, top, words));
}

function virtualFlags(guest: Guest): number {
  const flags = guest.register(FRAME_EFLAGS);
  return interruptsEnabled(guest) ? flags : flags & ~X86_EFLAGS_IF;
}

/** Stores `words` below the virtual address `top`, one below the other, and returns where the last one is. */
function push(guest: Guest, top: number, words: readonly number[]): number {
  let at = top;
  let page = -1;
  let frame = 0;
  for (const word of words) {
    at = (at - 4) >>> 0;
    if (pageOf(at) !== page) {
      page = pageOf(at);
      frame = physicalForStore(guest, page);
    }
    guest.memory.write32(frame + (at - page), word >>> 0);
  }
  return at;
}

const FLAGS_CLEARED_BY_A_GATE = EFLAGS_TRAP | EFLAGS_NESTED | EFLAGS_RESUME | EFLAGS_VIRTUAL_8086;

/** Sends the Guest through its own gate for `vector`, which must be there. The frame is already on its stack. */
export function enterHandler(guest: Guest, vector: number): void {
  const low = guest.gates[vector * 2]!;
  const high = guest.gates[vector * 2 + 1]!;
  guest.setRegister(FRAME_CS, KERNEL_CS);
  guest.setRegister(FRAME_EIP, gateOffset(low, high));
  guest.setRegister(FRAME_EFLAGS, guest.register(FRAME_EFLAGS) & ~FLAGS_CLEARED_BY_A_GATE);
  if (gateType(high) === INTERRUPT_GATE) guest.writeData(LGUEST_DATA_IRQ_ENABLED, 0);
}
