/* # Paravirt: everything a ring-1 kernel may not do itself */
import {
  FIRST_EXTERNAL_VECTOR,
  GDT_ENTRIES,
  GDT_ENTRY_TSS,
  LGUEST_SHUTDOWN_POWEROFF,
  LHCALL_FLUSH_TLB,
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

/** Selectors of the kernel: ring 1 under a Host, ring 0 without one. */
export const KERNEL_CODE = BARE ? 0x60 : 0x61;
export const KERNEL_DATA = BARE ? 0x68 : 0x69;

/** The privilege level the kernel's own segments have. */
export const KERNEL_RING = BARE ? 0 : 1;

/* ## Introductions */

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

/* ## Page tables */

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
  if (BARE) flushTranslations();
  else deferredHypercall(LHCALL_SET_PGD, directory, index, 0);
}

/** Forgets every translation, the kernel's too. */
export function flushTranslations(): void {
  if (BARE) {
    asm`
      mov eax, cr3
      mov cr3, eax
    `;
  } else {
    deferredHypercall(LHCALL_FLUSH_TLB, 1, 0, 0);
  }
}

/** The address that the last page fault was about. */
export function faultAddress(): u32 {
  if (BARE) return asm`mov eax, cr2`;
  return lguestData.cr2;
}

/* ## Segments and stacks */

/** A table's limit and address as `lgdt` and `lidt` want them: the address begins at offset 2, so it comes in halves. */
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

function describeTable(base: u32, entries: u32): void {
  bareRegister.limit = entries * TABLE_ENTRY_SIZE - 1;
  bareRegister.baseLow = base & 0xffff;
  bareRegister.baseHigh = base >>> 16;
}

/** The stack on which traps from ring 3 arrive: ends at `top`, and the two pages below are there. */
export function setKernelStack(top: u32): void {
  if (BARE) {
    bareTaskState[1] = top;
    bareTaskState[2] = KERNEL_DATA;
  } else {
    deferredHypercall(LHCALL_SET_STACK, KERNEL_DATA, top, 2);
  }
}

/* ## Gates */

/** Sends vector `vector` to `handler`. `kind` is the gate's access byte: 0x8E interrupt gate, 0xEF a trap gate that ring 3 may call. */
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

/* ## The interrupt flag that is not the interrupt flag */

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

/* ## Sleep, time, death */

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

/** Asks for one clock interrupt in `nanoseconds`; 0 takes the wish back. Bare, the clock ticks as it likes. */
export function setAlarm(nanoseconds: u32): void {
  if (!BARE) hypercall(LHCALL_SET_CLOCKEVENT, nanoseconds, 0, 0);
}

/** The vector of the clock: line 0. */
export const CLOCK_VECTOR = FIRST_EXTERNAL_VECTOR;

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

/** Whether the byte at `address` is an `iret`: the address promised to the Host had better be one. */
export function isIret(address: u32): boolean {
  return load8(address) === 0xcf;
}
