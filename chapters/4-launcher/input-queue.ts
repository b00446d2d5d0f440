/*
 * # Between the keyboard and the console
 *
 * You type when you like, and the Guest reads when it likes. In between there has to be a place for what has been
 * typed and not been read, and every such place has the same question written over its door: what if nobody ever
 * comes to collect?
 *
 * `cat /dev/urandom | npm run boot` asks it in earnest. A queue that grows is a launcher that eats all of its
 * computer's memory within the minute, by means of a Guest that did nothing at all, for once literally. So this one
 * has an end. Whoever pushes is told how much went in, and called again when there is room: a pipe is then simply
 * not read for a while, and whoever writes into it waits.
 */

/*
 * ## A ring
 *
 * A fixed array, a start and a length, both going round. Taking and pushing happen in two pieces whenever the end
 * of the array comes between, and the second piece is nearly always empty.
 *
 * The two calls at the edges are single slots and not lists of listeners. There is one Guest here and one keyboard.
 */

/** A bounded pipe of bytes, from whoever types to the console device. */
export class InputQueue {
  readonly #ring: Uint8Array;
  #start = 0;
  #length = 0;

  /** Called after bytes came in. The Launcher sets it while its Guest sleeps. */
  onArrival: () => void = () => {};
  /** Called after bytes went out. Whoever pushes sets it, to push the rest. */
  onRoom: () => void = () => {};

  /** @param capacity in bytes */
  constructor(capacity = 1 << 20) {
    this.#ring = new Uint8Array(capacity);
  }

  /** Bytes waiting to be taken. */
  get length(): number {
    return this.#length;
  }

  /** Appends what fits, and returns how many bytes that was. */
  push(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, this.#ring.length - this.#length);
    if (taken === 0) return 0;
    const end = (this.#start + this.#length) % this.#ring.length;
    const straight = Math.min(taken, this.#ring.length - end);
    this.#ring.set(bytes.subarray(0, straight), end);
    this.#ring.set(bytes.subarray(straight, taken), 0);
    this.#length += taken;
    this.onArrival();
    return taken;
  }

  /** Removes up to `limit` bytes from the front. */
  take(limit: number): Uint8Array {
    const bytes = new Uint8Array(Math.min(limit, this.#length));
    const straight = Math.min(bytes.length, this.#ring.length - this.#start);
    bytes.set(this.#ring.subarray(this.#start, this.#start + straight), 0);
    bytes.set(this.#ring.subarray(0, bytes.length - straight), straight);
    this.#start = (this.#start + bytes.length) % this.#ring.length;
    this.#length -= bytes.length;
    if (bytes.length > 0) this.onRoom();
    return bytes;
  }
}
