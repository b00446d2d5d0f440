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

/** As reasons show numbers: at least one digit, lower case, unsigned. */
export function hex(value: number): string {
  return `0x${(value >= 0 ? value : value >>> 0).toString(16)}`;
}

/** As reasons show addresses and entries: eight digits. */
export function hex32(value: number): string {
  return `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
}
