/*
 * # A queue of bytes
 *
 * What the computer's socket has given us, and what the Guest has not yet said it has. New pieces go on at the
 * back. What is acknowledged comes off at the front. And in between, at any place, somebody may want some bytes
 * again, because what was sent there got lost.
 */

/** Bytes in the pieces in which they came. */
export class ByteQueue {
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#pieces.push(bytes);
    this.#length += bytes.length;
  }

  /** Fills `into` with what begins `from` bytes behind the front. They must be there. */
  copy(from: number, into: Uint8Array): void {
    let skip = from;
    let done = 0;
    for (const piece of this.#pieces) {
      if (skip >= piece.length) {
        skip -= piece.length;
        continue;
      }
      const some = piece.subarray(skip, skip + into.length - done);
      into.set(some, done);
      done += some.length;
      skip = 0;
      if (done === into.length) return;
    }
    if (done < into.length)
      throw new RangeError(`${into.length} bytes at ${from} of a queue of ${this.#length}`);
  }

  /** Takes `count` bytes off the front. They must be there. */
  drop(count: number): void {
    let left = count;
    this.#length -= count;
    while (left > 0) {
      const piece = this.#pieces[0]!;
      if (piece.length > left) {
        this.#pieces[0] = piece.subarray(left);
        return;
      }
      left -= piece.length;
      this.#pieces.shift();
    }
  }
}
