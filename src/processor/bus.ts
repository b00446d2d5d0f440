/*
 * # The other address space
 *
 * Besides memory there are 65,536 *ports*, with two instructions of their own. It is an inheritance from the
 * 8008, which had so little memory to address that giving any of it to a keyboard would have been a shame. The
 * bare pup prints by writing to port `0xe9`; guests under lguest never get as far as the wires.
 */
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
