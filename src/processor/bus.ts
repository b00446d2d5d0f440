/** What is wired to the I/O ports. */
export interface Bus {
  /** The value read from a port; only the low `size` bytes count. */
  in(port: number, size: 1 | 2 | 4): number;
  /** Takes a value, zero-extended, written to a port. */
  out(port: number, size: 1 | 2 | 4, value: number): void;
}

/** A bus with nothing on it: reads find the lines pulled up. */
export const emptyBus: Bus = {
  in: () => -1,
  out: () => {},
};
