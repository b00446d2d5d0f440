/*
 * # A witness
 *
 * There is a chair in the corner. Most days nobody sits in it. On some days somebody does, with a notebook, and is told
 * of everything as it happens: he is in, he is out, this is what he wanted, here comes line 3. A witness is never asked
 * for an opinion. He cannot stop a Guest, change a register or be waited for, so a Guest with a witness runs exactly as
 * one without, to the instruction; it merely takes the afternoon a little longer.
 *
 * What he does with his notes is his affair. One of them draws timelines, in chapter 7.
 */
import type { Switcher, Trap } from '../6-switcher/switcher.ts';
import type { Guest } from './guest.ts';
import type { Exit } from './traps.ts';

/*
 * ## What he is told
 *
 * Seven kinds of thing happen to a Guest, in this order if you draw it as a circle, and two more at the end. He is told
 * before anything has been done about a trap, so what the Guest left in its registers, and the processor in CR2, is
 * there to be looked at.
 */
/** Somebody who is told what happens, as it happens. Must change nothing. */
export interface Witness {
  /** The Launcher reads from /dev/lguest. */
  called(guest: Guest): void;
  /** The processor goes to the Guest. */
  enters(guest: Guest): void;
  /** It is back. */
  leaves(guest: Guest, trap: Trap): void;
  /** A hypercall is served, from the ring or in person. */
  asks(guest: Guest, number: number, first: number, second: number, third: number): void;
  /** A trap is sent to the Guest's own handler. */
  reflects(guest: Guest, trap: Trap): void;
  /** An interrupt is delivered. */
  interrupts(guest: Guest, irq: number): void;
  /** The read ends: with an errand for the Launcher, or with a negative errno. */
  returns(guest: Guest, outcome: Exit | number): void;
  /** It ends otherwise. */
  dies(guest: Guest, reason: string): void;
  /** The memory that began at `base`, in the machine's RAM, is nobody's any more. */
  closes(base: number): void;
}

/*
 * ## At the door
 *
 * Two of them would be lines in the busiest loop of the hypervisor, and the loop does not have to know: there is one
 * way in and out, and whoever puts a man beside it has seen everybody. With no witness the door is the door, and costs
 * what it cost.
 */
/** The same Switcher, with somebody beside it. */
export function watched(switcher: Switcher, witness: Witness): Switcher {
  return {
    ...switcher,
    switchTo(passenger, limit) {
      const guest = passenger as Guest; // nobody else travels from here
      witness.enters(guest);
      const trap = switcher.switchTo(passenger, limit);
      witness.leaves(guest, trap);
      return trap;
    },
  };
}
