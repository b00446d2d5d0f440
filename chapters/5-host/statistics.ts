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
