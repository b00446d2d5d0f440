/*
 * # How to die
 *
 * With a sentence. lguest killed a Guest with a printf, and the sentence was the last thing you saw on the screen. It is the best part of
 * its manners: *bad stack segment 0*, *unhandled trap 13 at 0xc0123456*. You could look for it in the source and read what you had done.
 *
 * Ours keep its words and say more: what was found, what would have been right, and where.
 */
/** The end of a Guest, on its way to the run loop. */
export class GuestDied extends Error {
  /** The Guest asked to be started again. */
  readonly restart: boolean;

  constructor(reason: string, restart = false) {
    super(reason);
    this.restart = restart;
  }
}

/** Ends the Guest that is being served. Nothing after the call happens. */
export function kill(reason: string): never {
  throw new GuestDied(reason);
}

/*
 * Numbers in reasons are for people who compare them with other numbers, in a dump, at night. Addresses have all their digits.
 */
/** As reasons show numbers: at least one digit, lower case, unsigned. */
export function hex(value: number): string {
  return `0x${(value >= 0 ? value : value >>> 0).toString(16)}`;
}

/** As reasons show addresses and entries: eight digits. */
export function hex32(value: number): string {
  return `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
}
