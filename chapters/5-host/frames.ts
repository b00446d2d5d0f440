/*
 * # Frames
 *
 * Page tables are pages, registers are kept in a page, and all of them must come from somewhere. The lowest 32 MiB of
 * the machine are the Host's: eight thousand frames, handed out from a pile, each wiped. This is the smallest memory
 * allocator you will ever read, and it cannot fragment, as everything in it has the same size.
 */
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

/*
 * ## A fair share
 *
 * A Guest decides how many shadow tables we need for it: it only has to touch one page in each of a thousand places, in
 * each of sixty-four address spaces. Left alone, it could use up the Host's frames, and its neighbour would die of it
 * with a message about being out of memory, wondering what it had done.
 *
 * So each Guest has a share, enough for the largest address space twice over. Whoever needs more gives up what it has
 * and builds it again, one fault at a time. It is slower. It is slower for *them*.
 *
 * Three such Guests leave a quarter of the frames, and that quarter is for the modest: whoever has 128 already gets
 * none of it. With 128 one can live, if not in style. There are enough for sixteen who live like that.
 */
/** What one Guest may have of the Host's frames: twice what one address space can need, a quarter of all. */
const MOST_FRAMES = 2048;
/** The last frames are for those who have few. */
const LAST_FRAMES = 2048;
const FEW_FRAMES = 128;

/** The frames that serve one Guest: its register page, its directories, its page tables. */
export class Share {
  readonly #frames: Frames;
  readonly #held = new Set<number>();

  constructor(frames: Frames) {
    this.#frames = frames;
  }

  /** The physical address of a zeroed frame, or `undefined` when the Guest has had its share or the Host has none. */
  allocate(): number | undefined {
    const most = this.#frames.available > LAST_FRAMES ? MOST_FRAMES : FEW_FRAMES;
    const frame = this.#held.size < most ? this.#frames.allocate() : undefined;
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
