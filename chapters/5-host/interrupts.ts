/*
 * # Interrupts that are not
 *
 * No device ever interrupts a Guest. There are no devices. There is a Launcher that says *line 3*, and a bit is set in
 * `raised`; and sooner or later, when the Guest happens to be out, we change its registers so that on its return it
 * finds itself in its own interrupt handler. It has no way of telling the difference. Neither, when you think about it,
 * has your laptop.
 */
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

/*
 * ## May we come in?
 *
 * Two things can keep an interrupt waiting. The Guest can block one line, a bit in a word; or it can turn all of them
 * off, bit 9 of another. In the second case we leave a note in irq_pending, as we do when two come at once and the gate
 * of the first has turned interrupts off. When the Guest turns interrupts on again it looks there, and calls.
 *
 * :::aside
 * Bit 9, and no other. The way back from a trap pops the saved EFLAGS straight into that word, so that it may hold
 * 0x46: interrupts off, and the last comparison came out equal. lguest asked whether the word was *zero*. With 0x46 it
 * was not, so the interrupt was delivered to a kernel that had interrupts off. It went wrong so rarely that nobody ever
 * found out.
 * :::
 *
 * A Guest that sleeps is another matter. HALT means *until there is an interrupt*, so an interrupt wakes it and turns
 * interrupts on, asked or not. One for which there is no gate yet stays raised, and is asked about again on every
 * round.
 */
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
  const irq = lowest(ready);
  if (hasHandler(guest, FIRST_EXTERNAL_VECTOR + irq)) take(guest, irq);
  guest.writeData(LGUEST_DATA_IRQ_PENDING, ready === 1 << irq ? 0 : X86_EFLAGS_IF);
}

/*
 * The last line of `deliverInterrupt` has a story as well. irq_pending must be cleared when nothing is waiting any
 * more. lguest meant to. It found the interrupt to deliver by looking for the lowest bit, then looked for the next one
 * above it, and took the answer for a yes or a no. But the answer is a number, 32 when there is none, and 32 is as true
 * as any. So the note, once left, stayed for good, and from then on a Guest made a hypercall each time it turned
 * interrupts on, to be told that there was nothing. All was correct. It was only slow, and slow has no stack trace.
 */
function lowest(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

function take(guest: Guest, irq: number): void {
  guest.raised &= ~(1 << irq);
  guest.ground.statistics.interrupts++;
  guest.ground.witness?.interrupts(guest, irq);
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

/*
 * ## The one instruction
 *
 * You have stood in this gap, in chapter 2, and somebody stepped over you. Now you are he. On its way back from a trap
 * a kernel writes its interrupt flag, a word in memory, and then says `iret`. Between the two its interrupts are on,
 * and the frame of the old trap still lies on the stack. A device that is quick enough could walk it down that stack, a
 * frame at a time, until there is no more stack.
 *
 * So if the Guest is exactly at the `iret` whose address it gave us, we do not push anything. We pretend that the
 * `iret` has happened and that the interrupt came right after it: the frame that the interrupt would push is then *the
 * one that is already there*. All that is missing are the flags that `iret` would have loaded.
 *
 * They come from the Guest's stack, so they are any thirty-two bits. lguest took all but four of them. IF could be
 * clear, and the Guest would have run with interrupts really off, and the Host would never have got its processor back;
 * IOPL could be 3. We take the results of arithmetic and little else.
 */
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

/*
 * A process can jump to that address, too. It will fault at once, but if our interrupt comes first, eip is there, and
 * the stack is whatever the process likes. So we ask who is speaking as well.
 *
 * ## Building a frame
 *
 * What you saw in chapter 1, by hand. From ring 3 the stack is the kernel's, as SET_STACK said, and the old one is
 * pushed first. EFLAGS is pushed as the Guest believes it to be: with the virtual IF in place of the real one.
 */
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

/*
 * Each word goes to a virtual address of the Guest's, so each is translated through the Guest's tables, and marks the
 * page as dirty, as the processor would. lguest translated esp once and counted down from there in *physical* memory.
 * That is right for as long as the stack does not cross into another page. And for an empty stack, esp is the first
 * byte *behind* it: the page that had to be mapped was one that the stack did not even have. Linux's stacks happen to
 * live where both come out right. It costs us two loads to be right for everybody. (Even for a kernel whose stack is at
 * an odd address. Then one word may lie on two pages, and goes byte by byte.)
 */
/** Stores `words` below the virtual address `top`, one below the other, and returns where the last one is. */
function push(guest: Guest, top: number, words: readonly number[]): number {
  let at = top;
  let page = -1;
  let frame = 0;
  const locate = (address: number) => {
    if (pageOf(address) !== page) frame = pageOf(physicalForStore(guest, address));
    page = pageOf(address);
    return frame + (address - page);
  };
  for (const word of words) {
    at = (at - 4) >>> 0;
    if ((at & 3) === 0) guest.memory.write32(locate(at), word >>> 0);
    else
      for (let byte = 3; byte >= 0; byte--)
        guest.memory.write8(locate(at + byte), (word >>> (8 * byte)) & 0xff);
  }
  return at;
}

/*
 * ## Through the gate
 *
 * And then the eip. If it is an interrupt gate, interrupts are off from here on: the virtual ones. Single-stepping ends
 * here as well, so that a debugger does not step into the kernel it runs on. And since a handler may want to know how
 * late it is, it is told.
 */
const FLAGS_CLEARED_BY_A_GATE = EFLAGS_TRAP | EFLAGS_NESTED | EFLAGS_RESUME | EFLAGS_VIRTUAL_8086;

/** Sends the Guest through its own gate for `vector`, which must be there. The frame is already on its stack. */
export function enterHandler(guest: Guest, vector: number): void {
  tellTime(guest);
  const low = guest.gates[vector * 2]!;
  const high = guest.gates[vector * 2 + 1]!;
  guest.setRegister(FRAME_CS, KERNEL_CS);
  guest.setRegister(FRAME_EIP, gateOffset(low, high));
  guest.setRegister(FRAME_EFLAGS, guest.register(FRAME_EFLAGS) & ~FLAGS_CLEARED_BY_A_GATE);
  if (gateType(high) === INTERRUPT_GATE) guest.writeData(LGUEST_DATA_IRQ_ENABLED, 0);
}
