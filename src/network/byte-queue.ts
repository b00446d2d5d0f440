/*
 * # A queue of bytes
 *
 * What the computer's socket has given us, and what the Guest has not yet said it has. New pieces go on at the
 * back. What is acknowledged comes off at the front. And in between, at any place, somebody may want some bytes
 * again, because what was sent there got lost.
 */

/** Pieces are put together as long as they are shorter than this, in bytes. */
const SMALL = 4096;

/*
 * Some come in very small pieces. A stranger may send one byte at a time, for as long as he likes, and a quarter of a
 * million pieces of one byte are something else than a quarter of a megabyte. So small ones are put together.
 */

/** Bytes in pieces: as they came, or a few thousand together. */
export class ByteQueue {
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Adds bytes, which belong to the queue from now on. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#length += bytes.length;
    const last = this.#pieces.at(-1);
    if (last === undefined || last.length + bytes.length > SMALL) {
      this.#pieces.push(bytes);
      return;
    }
    const both = new Uint8Array(last.length + bytes.length);
    both.set(last);
    both.set(bytes, last.length);
    this.#pieces[this.#pieces.length - 1] = both;
  }

  /** Fills `into` with what begins `from` bytes behind the front. They must be there: else a RangeError. */
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

  /** Takes `count` bytes off the front. They must be there: else a RangeError. */
  drop(count: number): void {
    if (count > this.#length) throw new RangeError(`${count} bytes off a queue of ${this.#length}`);
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
