/*
 * # What things are called
 *
 * The processor says 14, and people say *page fault*. Intel's manual has two letters for it and a hash sign, and those are
 * what you will find when you search for help, so they are what stands on the timeline. A hypercall goes by its name in the
 * ABI. For a number that nobody has given a name to, the number must do.
 */
import {
  LGUEST_TRAP_ENTRY,
  LHCALL_FLUSH_ASYNC,
  LHCALL_FLUSH_TLB,
  LHCALL_HALT,
  LHCALL_LGUEST_INIT,
  LHCALL_LOAD_GDT_ENTRY,
  LHCALL_LOAD_IDT_ENTRY,
  LHCALL_LOAD_TLS,
  LHCALL_NEW_PGTABLE,
  LHCALL_SEND_INTERRUPTS,
  LHCALL_SET_CLOCKEVENT,
  LHCALL_SET_PGD,
  LHCALL_SET_PTE,
  LHCALL_SET_STACK,
  LHCALL_SHUTDOWN,
  LHCALL_TS,
} from '../1-preparation/abi.ts';
import { EXCEPTIONS } from '../1-preparation/traps.ts';
import { PREEMPTED, SWITCHER_FAULT } from '../6-switcher/switcher.ts';

/** Intel SDM vol. 3, table 6-1. */
const MNEMONICS =
  '#DE #DB NMI #BP #OF #BR #UD #NM #DF overrun #TS #NP #SS #GP #PF 15 #MF #AC #MC #XM #VE'.split(' ');

/** What a way out of a Guest is called: `#PF`, `hypercall`, `preempted`, `int 0x80`. */
export function trapName(trap: number): string {
  if (trap === LGUEST_TRAP_ENTRY) return 'hypercall';
  if (trap === PREEMPTED) return 'preempted';
  if (trap === SWITCHER_FAULT) return 'Switcher fault';
  if (trap < EXCEPTIONS) return MNEMONICS[trap] ?? `exception ${trap}`;
  return `int 0x${trap.toString(16)}`;
}

/** What a hypercall is called in the ABI. */
export function hypercallName(number: number): string {
  return HYPERCALLS.get(number) ?? `hypercall ${number}`;
}

const HYPERCALLS: ReadonlyMap<number, string> = new Map([
  [LHCALL_FLUSH_ASYNC, 'LHCALL_FLUSH_ASYNC'],
  [LHCALL_LGUEST_INIT, 'LHCALL_LGUEST_INIT'],
  [LHCALL_SHUTDOWN, 'LHCALL_SHUTDOWN'],
  [LHCALL_NEW_PGTABLE, 'LHCALL_NEW_PGTABLE'],
  [LHCALL_FLUSH_TLB, 'LHCALL_FLUSH_TLB'],
  [LHCALL_LOAD_IDT_ENTRY, 'LHCALL_LOAD_IDT_ENTRY'],
  [LHCALL_SET_STACK, 'LHCALL_SET_STACK'],
  [LHCALL_TS, 'LHCALL_TS'],
  [LHCALL_SET_CLOCKEVENT, 'LHCALL_SET_CLOCKEVENT'],
  [LHCALL_HALT, 'LHCALL_HALT'],
  [LHCALL_SET_PTE, 'LHCALL_SET_PTE'],
  [LHCALL_SET_PGD, 'LHCALL_SET_PGD'],
  [LHCALL_LOAD_TLS, 'LHCALL_LOAD_TLS'],
  [LHCALL_LOAD_GDT_ENTRY, 'LHCALL_LOAD_GDT_ENTRY'],
  [LHCALL_SEND_INTERRUPTS, 'LHCALL_SEND_INTERRUPTS'],
]);
