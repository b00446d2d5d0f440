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
