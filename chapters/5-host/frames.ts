import type { Ram } from '../../src/processor/machine.ts';
import { PAGE_SIZE } from '../1-preparation/paging.ts';

/** What the Host keeps of a machine's RAM for itself: everything below this physical address. */
export const HOST_BYTES = 32 * 1024 * 1024;

/** The Host's own memory, by the page: physical frames below `HOST_BYTES`. */
export class Frames {
  readonly #ram: Ram;
  readonly #free: number[] = [];
  #next = PAGE_SIZE; // frame 0 stays empty, so that 0 can mean none

  constructor(ram: Ram) {
    this.#ram = ram;
  }

  /** The physical address of a zeroed frame, or `undefined` when the Host has none left. */
  allocate(): number | undefined {
    const frame = this.#free.pop();
    if (frame !== undefined) {
      this.#ram.fill(frame, PAGE_SIZE, 0);
      return frame;
    }
    if (this.#next >= HOST_BYTES) return undefined;
    this.#next += PAGE_SIZE;
    return this.#next - PAGE_SIZE;
  }

  /** Takes back what `allocate` gave. */
  release(frame: number): void {
    this.#free.push(frame);
  }

  /** How many more `allocate` can give. */
  get available(): number {
    return (HOST_BYTES - this.#next) / PAGE_SIZE + this.#free.length;
  }
}

/** What one Guest may have of the Host's frames: twice what one address space can need, a quarter of all. */
const MOST_FRAMES = 2048;

/** The frames that serve one Guest: its register page, its directories, its page tables. */
export class Share {
  readonly #frames: Frames;
  readonly #held = new Set<number>();

  constructor(frames: Frames) {
    this.#frames = frames;
  }

  /** The physical address of a zeroed frame, or `undefined` when the Guest has had its share or the Host has none. */
  allocate(): number | undefined {
    const frame = this.#held.size < MOST_FRAMES ? this.#frames.allocate() : undefined;
    if (frame !== undefined) this.#held.add(frame);
    return frame;
  }

  release(frame: number): void {
    this.#held.delete(frame);
    this.#frames.release(frame);
  }

  releaseAll(): void {
    for (const frame of this.#held) this.release(frame);
  }
}
