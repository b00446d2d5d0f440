/*
 * # What things are called
 *
 * The processor says 14, and people say *page fault*. Intel's manual has two letters for it and a hash sign, and those
 * are what you will find when you search for help, so they are what stands on the timeline. A hypercall goes by its
 * name in the ABI. For a number that nobody has given a name to, the number must do.
 */
import * as abi from '../1-preparation/abi.ts';
import { EXCEPTIONS } from '../1-preparation/traps.ts';
import { PREEMPTED, SWITCHER_FAULT } from '../6-switcher/switcher.ts';

/** Intel SDM vol. 3, table 6-1. */
const MNEMONICS =
  '#DE #DB NMI #BP #OF #BR #UD #NM #DF overrun #TS #NP #SS #GP #PF 15 #MF #AC #MC #XM #VE'.split(' ');

/** What a way out of a Guest is called: `#PF`, `hypercall`, `preempted`, `int 0x80`. */
export function trapName(trap: number): string {
  if (trap === abi.LGUEST_TRAP_ENTRY) return 'hypercall';
  if (trap === PREEMPTED) return 'preempted';
  if (trap === SWITCHER_FAULT) return 'Switcher fault';
  if (trap < EXCEPTIONS) return MNEMONICS[trap] ?? `exception ${trap}`;
  return `int 0x${trap.toString(16)}`;
}

/** What a hypercall is called in the ABI. */
export function hypercallName(number: number): string {
  return HYPERCALLS.get(number) ?? `hypercall ${number}`;
}

const HYPERCALLS: ReadonlyMap<number, string> = new Map(
  Object.entries(abi).flatMap(([name, value]) =>
    /^LHCALL_(?!RING|SLOT)/.test(name) ? [[value as number, name]] : [],
  ),
);
