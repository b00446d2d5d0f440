/*
 * # Tallies
 *
 * How often does a Guest come out, and why? The answer has surprised everybody who ever asked. Up to its first process
 * a Linux 4.12 comes out some fifty-one thousand times. More than three thousand of those are pages that it touches for
 * the first time, fourteen hundred are hypercalls, and fifteen hundred times it did not come by itself but was fetched.
 * And forty-five thousand are talk: a kernel that has no driver for its console yet, and many messages.
 *
 * Counting is a store to an array for each trip. The bench reads these, and so can you, when it is slow and you would
 * like to know whose fault it is.
 */
import { LHCALL_SEND_INTERRUPTS } from '../1-preparation/abi.ts';
import { SWITCHER_FAULT } from '../6-switcher/switcher.ts';

/** What the Host has done since it came up, for all Guests together. */
export interface Statistics {
  /** Ways out of a Guest, by trap: 0 to 255, and `SWITCHER_FAULT`. */
  readonly traps: Float64Array;
  /** Hypercalls by number, those from the ring included. */
  readonly hypercalls: Float64Array;
  /** Page faults that the Host settled without telling the Guest. */
  pagesFilled: number;
  /** Virtual interrupts delivered. */
  interrupts: number;
  /** Traps of which the Guest's own handler was told. */
  reflected: number;
  /** Round trips into a Guest and out again: the sum of `traps`. */
  readonly worldSwitches: number;
}

/** Counters, all at zero. */
export function createStatistics(): Statistics {
  return {
    traps: new Float64Array(SWITCHER_FAULT + 1),
    hypercalls: new Float64Array(LHCALL_SEND_INTERRUPTS + 1),
    pagesFilled: 0,
    interrupts: 0,
    reflected: 0,
    get worldSwitches() {
      return this.traps.reduce((sum, count) => sum + count, 0);
    },
  };
}

/*
 * This was the Host. You have met every lie it tells: the interrupt flag that is a word, the disk that is a trap, the
 * clock that is hearsay, and tables that no processor reads. There were fewer than you feared. What you have not seen
 * is how anybody gets from here to there, for `switchTo` has been a name all along, and whatever is behind it has to
 * work from the first instruction to the last with nobody's hand to hold. It is the smallest room of the cave. Mind
 * your head.
 */
