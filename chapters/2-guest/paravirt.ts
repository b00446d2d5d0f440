/*
 * # Paravirt: everything a ring-1 kernel may not do itself
 *
 * Here is the full list of what you lost when you woke up in ring 1. It is not long: page tables, descriptors, gates,
 * the interrupt flag, sleeping, the clock, dying. Each has a function or two, and most of those have two bodies. In
 * one, the instruction that Intel made for it; in the other, a message to the Host.
 *
 * Linux has the same list, as tables of function pointers whose names begin with `pv_`, and when it boots under lguest
 * it overwrites about forty of them. Ours is resolved when you tangle: a constant condition leaves no trace in the
 * image, and a kernel built for the Host has no `mov cr3` in it anywhere. Look for yourself with `objdump`, or with a
 * Guest that dies of one.
 */
import {
  GDT_ENTRIES,
  GDT_ENTRY_TSS,
  LGUEST_SHUTDOWN_POWEROFF,
  LHCALL_HALT,
  LHCALL_LGUEST_INIT,
  LHCALL_LOAD_GDT_ENTRY,
  LHCALL_LOAD_IDT_ENTRY,
  LHCALL_NEW_PGTABLE,
  LHCALL_RING_SIZE,
  LHCALL_SEND_INTERRUPTS,
  LHCALL_SET_CLOCKEVENT,
  LHCALL_SET_PGD,
  LHCALL_SET_PTE,
  LHCALL_SET_STACK,
  LHCALL_SHUTDOWN,
  LHCALL_SLOT_FREE,
  SYSCALL_VECTOR,
  X86_EFLAGS_IF,
} from '../1-preparation/abi.ts';
import { BARE } from './bare.ts';
import { deferredHypercall, hypercall } from './hypercalls.ts';
import type { u16, u32 } from './language.ts';
import { addressOf, array, asm, load8, struct } from './language.ts';
import { KERNEL_BASE, physical } from './layout.ts';
import type { LguestData } from './lguest-data.ts';
import { lguestData } from './lguest-data.ts';

/*
 * A selector's two lowest bits are a ring, so even the kernel's names for its own segments depend on where it
 * stands: 0x61 is entry 12 as seen from ring 1. The Host forces that on you anyway, whatever you write into a
 * gate.
 */

/** Selectors of the kernel: ring 1 under a Host, ring 0 without one. */
export const KERNEL_CODE = BARE ? 0x60 : 0x61;
export const KERNEL_DATA = BARE ? 0x68 : 0x69;

/** The privilege level the kernel's own segments have. */
export const KERNEL_RING = BARE ? 0 : 1;

/*
 * ## Introductions
 *
 * The first hypercall of your life has to be LGUEST_INIT, and before making it you fill in what the Host will read. All
 * interrupts blocked: nothing may come before there is a door for it. Where kernel addresses begin, so that he knows
 * which part of every directory is the same in all of them. Which vector your system calls use, so that he can send
 * those straight to you, past himself. And the address of a single instruction, an `iret`, which needs a longer story;
 * it is told in `trap-return.ts`.
 */

/**
 * Tells the Host who we are. `data` is the *physical* address of `lguestData`: this runs before paging does.
 */
export function introduce(data: LguestData, protectedIret: u32): void {
  if (BARE) return;
  for (let i: u32 = 0; i < LHCALL_RING_SIZE; i++) data.hypercallStatus[i] = LHCALL_SLOT_FREE;
  data.blockedInterrupts = 0xffffffff;
  data.noirqIret = protectedIret;
  data.kernelAddress = KERNEL_BASE;
  data.systemCallVector = SYSCALL_VECTOR;
  hypercall(LHCALL_LGUEST_INIT, addressOf(data), 0, 0);
}

/*
 * ## Page tables
 *
 * On the bare silicon you write an address into `cr3` and the processor believes it. Down here it goes on
 * believing what the Host tells it. Your tables are, to be blunt, a work of fiction: no processor ever walks them.
 * The Host does, one fault at a time, and copies what he finds into tables of his own, the *shadows*.
 *
 * You can ignore that almost entirely. The one consequence is a duty to gossip: when you change an entry that he may
 * already have copied, you have to tell him. (An entry that was *not* present needs no message. Nobody copies nothing;
 * the access faults, he looks, and there it is. Where you know that it will be used at once you tell him all the same,
 * and save the fault.) Which is, if you think about it, the very same contract that a real processor makes with its
 * TLB. Nothing about shadow tables is as strange as it seems at first. They are a TLB, a large one.
 */

/** The first page directory of this machine's life. Runs at physical addresses, before and after. */
export function startPaging(directory: u32): void {
  if (BARE) {
    asm`
      mov eax, ${directory}
      mov cr3, eax
      mov eax, cr0
      or eax, 0x80010000      ; PG, and WP: the kernel respects read-only pages as well
      mov cr0, eax
      jmp paging_is_on
    paging_is_on:
    `;
  } else {
    hypercall(LHCALL_NEW_PGTABLE, directory, 0, 0);
  }
}

/*
 * Three kinds of gossip: a whole new directory; one page; four megabytes. On the bare silicon the last has no
 * instruction of its own, and the whole TLB pays.
 */

/** Makes `directory` (physical) the current page directory. */
export function usePageDirectory(directory: u32): void {
  if (BARE) {
    asm`
      mov eax, ${directory}
      mov cr3, eax
    `;
  } else {
    deferredHypercall(LHCALL_NEW_PGTABLE, directory, 0, 0);
  }
}

/** The entry for the page at `address` has become `entry`, in the tables under `directory` (physical). */
export function pageEntryChanged(directory: u32, address: u32, entry: u32): void {
  if (BARE) {
    asm`
      mov eax, ${address}
      invlpg [eax]
    `;
  } else {
    deferredHypercall(LHCALL_SET_PTE, directory, address, entry);
  }
}

/** Entry `index` of `directory` (physical) has changed: whatever was known of the 4 MiB under it is stale. */
export function directoryEntryChanged(directory: u32, index: u32): void {
  if (BARE) {
    asm`
      mov eax, cr3
      mov cr3, eax
    `;
  } else {
    deferredHypercall(LHCALL_SET_PGD, directory, index, 0);
  }
}

/*
 * The last thing about page faults is where they happened. A processor puts that into `cr2`; the Host puts it on
 * the kitchen table.
 */

/** The address that the last page fault was about. */
export function faultAddress(): u32 {
  if (BARE) return asm`mov eax, cr2`;
  return lguestData.cr2;
}

/*
 * ## Segments and stacks
 *
 * The descriptor table, the GDT, exists bare as an array that you point the processor to. Under the Host it is
 * his, and you send him entries, one by one. Eight bytes are two words are two arguments.
 *
 * The task state segment needs a word of apology. Intel meant it for switching tasks in hardware, no system worth
 * the name has used it for that since the early days of Linux, and yet none can do without it, because two of its
 * fields say where the stack is when somebody enters the kernel from ring 3. So you build a monument of 104 bytes
 * for the sake of eight.
 */

/**
 * A table's limit and address as `lgdt` and `lidt` want them: the address begins at offset 2, so it comes in halves.
 */
interface TableRegister {
  limit: u16;
  baseLow: u16;
  baseHigh: u16;
}

const TABLE_ENTRY_SIZE = 8;
const TASK_STATE_SIZE = 104;
const TASK_STATE_SELECTOR = 0x80;
const PRESENT_TASK_STATE = 0x8900;

const bareTaskState = array<u32>(26, 128);
const bareGlobalTable = array<u32>(64, 8);
const bareInterruptTable = array<u32>(512, 8);
const bareRegister = struct<TableRegister>(8);

/*
 * Bare, the table only counts once the register that points to it has been loaded, and every segment register
 * after it; `cs` can be loaded only by jumping somewhere. Under the Host there is nothing to do: each entry
 * counted when he got it.
 */

/** Sets entry `index` of the global descriptor table. */
export function setSegment(index: u32, low: u32, high: u32): void {
  if (BARE) {
    bareGlobalTable[index * 2] = low;
    bareGlobalTable[index * 2 + 1] = high;
  } else {
    hypercall(LHCALL_LOAD_GDT_ENTRY, index, low, high);
  }
}

/** Lets the processor see the entries set by `setSegment`. The Host copied them already, each on its own. */
export function loadSegmentTable(): void {
  if (!BARE) return;
  const state = addressOf(bareTaskState);
  setSegment(
    GDT_ENTRY_TSS,
    ((state & 0xffff) << 16) | (TASK_STATE_SIZE - 1),
    (state & 0xff000000) | PRESENT_TASK_STATE | ((state >>> 16) & 0xff),
  );
  describeTable(addressOf(bareGlobalTable), GDT_ENTRIES);
  asm`
    lgdt [${bareRegister}]
    jmp ${KERNEL_CODE}:new_code_segment
  new_code_segment:
    mov eax, ${KERNEL_DATA}
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov eax, ${TASK_STATE_SELECTOR}
    ltr ax
  `;
}

/*
 * `lgdt` wants six bytes in a row, a 16-bit limit and a 32-bit address. No compiler would lay them out like that
 * of its own will, hence the halves.
 */

function describeTable(base: u32, entries: u32): void {
  bareRegister.limit = entries * TABLE_ENTRY_SIZE - 1;
  bareRegister.baseLow = base & 0xffff;
  bareRegister.baseHigh = base >>> 16;
}

/*
 * SET_STACK is where the Host is at his most careful, and he has reason. System calls reach you *directly*: the
 * processor pushes your program's registers onto this stack before anybody could check that it is there. Were it not,
 * that would be a fault in the middle of a trap, on his page tables and his reputation. So he wants to know how many
 * pages it has, and keeps them mapped by force.
 */

/** The stack on which traps from ring 3 arrive: ends at `top`, and the two pages below are there. */
export function setKernelStack(top: u32): void {
  if (BARE) {
    bareTaskState[1] = top;
    bareTaskState[2] = KERNEL_DATA;
  } else {
    deferredHypercall(LHCALL_SET_STACK, KERNEL_DATA, top, 2);
  }
}

/*
 * ## Gates
 *
 * Vectors, 256 of them, each with the address of your code for it. The `kind` byte says who may call it with an
 * `int` instruction, and one more thing: an *interrupt* gate turns interrupts off on the way in and a *trap* gate
 * does not. For a Guest that little bit decides about speed. The Host can let a trap gate go straight to you; an
 * interrupt gate would have to clear your interrupt flag, and only he knows that yours is a word in memory.
 */

/**
 * Sends vector `vector` to `handler`. `kind` is the gate's access byte: 0x8E interrupt gate, 0xEF a trap gate that ring
 * 3 may call.
 */
export function setGate(vector: u32, handler: u32, kind: u32): void {
  const low: u32 = (KERNEL_CODE << 16) | (handler & 0xffff);
  const high: u32 = (handler & 0xffff0000) | (kind << 8);
  if (BARE) {
    bareInterruptTable[vector * 2] = low;
    bareInterruptTable[vector * 2 + 1] = high;
  } else {
    hypercall(LHCALL_LOAD_IDT_ENTRY, vector, low, high);
  }
}

/** Lets the processor see the gates set by `setGate`. */
export function loadGates(): void {
  if (!BARE) return;
  describeTable(addressOf(bareInterruptTable), 256);
  asm`lidt [${bareRegister}]`;
}

/*
 * ## The interrupt flag that is not the interrupt flag
 *
 * `cli` and `sti` do nothing for you in ring 1 but trap, and a kernel says them thousands of times a second. It
 * would be unbearable, if the Host had not had a good idea: he does not need to *hear* about it. He only needs to
 * know at the moment when he has an interrupt to deliver, and at that moment he can look at a word in your memory.
 * So turning interrupts off is a store. No trap, no exit, one instruction, cheaper than the real thing.
 *
 * Turning them on has a catch. Suppose an interrupt came while they were off. He looked, shrugged, and left it
 * pending, with a note in `irqPending`. If you now just store the flag, you may run on happily for a long time,
 * and so may he, each waiting for the other to say something. Hence the second line: *if there is a note, go and
 * knock*.
 *
 * lguest had the first of the two patched right into the places in Linux where `cli` used to be; the second stayed a
 * call, for the sake of its second line. In the bare body, mind the `nop`. The instruction after `sti` still runs
 * undisturbed, a rule from 1978 that lets a routine end with `sti; ret` without an interrupt on its stack. `sti; cli`
 * in a row would let nobody in at all.
 */

/** Lets interrupts in, beginning with any that has waited. */
export function interruptsOn(): void {
  if (BARE) {
    asm`
      sti
      nop                     ; sti takes effect one instruction late: this one
    `;
    return;
  }
  lguestData.irqEnabled = X86_EFLAGS_IF;
  if (lguestData.irqPending !== 0) hypercall(LHCALL_SEND_INTERRUPTS, 0, 0, 0);
}

/** Keeps interrupts out. Under a Host this costs one store. */
export function interruptsOff(): void {
  if (BARE) asm`cli`;
  else lguestData.irqEnabled = 0;
}

/** Lets interrupt line `line` through, or not. Bare there are no lines, only the clock. */
export function setLineBlocked(line: u32, blocked: boolean): void {
  const bit: u32 = 1 << line;
  if (blocked) lguestData.blockedInterrupts |= bit;
  else lguestData.blockedInterrupts &= ~bit;
}

/*
 * ## Sleep, time, death
 *
 * Three more things to ask for, and you are complete. *Wake me when something happens*: bare, that is `hlt`, by
 * which a processor dozes until an interrupt; under the Host he lends the processor to somebody else, and switches
 * your interrupts on for you when he wakes you, or the interrupt could not be delivered.
 */

/** Sleeps until an interrupt has been served. Interrupts must be off; they are off again afterwards. */
export function sleepUntilInterrupt(): void {
  if (BARE) {
    asm`
      sti
      hlt
    `;
  } else {
    hypercall(LHCALL_HALT, 0, 0, 0);
  }
  interruptsOff();
}

/*
 * *Wake me in so many nanoseconds.* There is no ticking clock in this machine. You get one alarm, it rings once,
 * and setting it again moves it. A kernel with nothing to do asks for nothing and costs nothing.
 */

/** Asks for one clock interrupt in `nanoseconds`; 0 takes the wish back. Bare, the clock ticks as it likes. */
export function setAlarm(nanoseconds: u32): void {
  if (!BARE) hypercall(LHCALL_SET_CLOCKEVENT, nanoseconds, 0, 0);
}

/*
 * And *switch me off*. The Host calls every such end a crash: even the tidiest shutdown reaches the Launcher as
 * "CRASH: Power down". lguest never had another word for it. A bare pup has nobody to tell, so it writes one byte
 * to a port where only the PCjr had anything, and stops for good.
 */

/** What a bare machine's owner sees on this port when the kernel is done: 0 after a power-off, 1 after a panic. */
export const BARE_EXIT_PORT = 0xf4;

/** A bare machine's console, one byte at a time. */
export const BARE_CONSOLE_PORT = 0xe9;

/** The end. `message` has room for 128 bytes and lies in the linear map; it is the reason the Host gives. */
export function switchOff(message: u32, failed: boolean): void {
  if (BARE) {
    const status: u32 = failed ? 1 : 0;
    asm`
      mov eax, ${status}
      mov edx, ${BARE_EXIT_PORT}
      out dx, al
    the_end:
      cli
      hlt
      jmp the_end
    `;
  } else {
    hypercall(LHCALL_SHUTDOWN, physical(message), LGUEST_SHUTDOWN_POWEROFF, 0);
  }
}

/** Sends one byte to the bare console. */
export function bareConsoleByte(byte: u32): void {
  asm`
    mov eax, ${byte}
    mov edx, ${BARE_CONSOLE_PORT}
    out dx, al
  `;
}

/*
 * One promise is easier to check than to keep, so it is checked at boot.
 */

/** Whether the byte at `address` is an `iret`: the address promised to the Host had better be one. */
export function isIret(address: u32): boolean {
  return load8(address) === 0xcf;
}
