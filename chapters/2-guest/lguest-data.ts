/* # The shared page */
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
