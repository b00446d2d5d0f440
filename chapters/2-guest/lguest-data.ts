/*
 * # The shared page
 *
 * Traps are slow. A trap to the Host means saving everything, stopping the processor, running some TypeScript, and all
 * of it back; such a trip is called an *exit*, and you will hear people count them. So before you ask him anything, the
 * two of you agree on a piece of *your* memory that both can simply write on, like a note on the kitchen table.
 *
 * What stands on it is no business of ours to choose. It is `struct lguest_data`, 1,388 bytes laid out in 2007 and last
 * touched in 2015, and Linux kernels compiled by strangers rely on every offset. The fields worth a second look are at
 * the top. `irqEnabled` is your interrupt flag: not a copy of it, *the* flag, since the one in the processor's EFLAGS
 * is out of your reach. `blockedInterrupts` is a mask with one bit for each line. `cr2` is where the Host leaves the
 * address of a page fault, as reading the register of that name takes ring 0. And most of the structure, from offset
 * 0x58 on, is a ring with sixty-four places, which the next file is about.
 */
import type { Inline, u32, u8 } from './language.ts';
import { struct } from './language.ts';

/** One queued hypercall: its number and four arguments (20 bytes). */
export interface HypercallSlot {
  number: u32;
  first: u32;
  second: u32;
  third: u32;
  fourth: u32;
}

/** `struct lguest_data` of the ABI, 1388 bytes: what Guest and Host tell each other without a trap. */
export interface LguestData {
  irqEnabled: u32;
  blockedInterrupts: u32;
  cr2: u32;
  seconds: u32;
  nanoseconds: u32;
  irqPending: u32;
  hypercallStatus: Inline<u8, 64>;
  hypercalls: Inline<HypercallSlot, 64>;
  reserveMemory: u32;
  tscKilohertz: u32;
  noirqIret: u32;
  kernelAddress: u32;
  systemCallVector: u32;
}

/** The one instance. The Host remembers its physical address for ever, so it never moves. */
export const lguestData = struct<LguestData>(4096);
