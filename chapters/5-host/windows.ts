/*
 * # Windows
 *
 * The Launcher of lguest owned the memory and told the Host where it was. Ours asks for it, since there is only one
 * memory here, the machine's RAM, and somebody must see to it that no two Guests get the same piece.
 *
 * A *window* is such a piece: so many pages in a row, seen from 0. Offset 0x1000 of it is the Guest's physical address
 * 0x1000, wherever in RAM that may be. Launcher, devices and Guest all mean the same byte by the same number, and only
 * the Host knows what it must add.
 */
import type { Ram } from '../../src/processor/machine.ts';
import { PAGE_SIZE } from '../1-preparation/paging.ts';
import { HOST_BYTES } from './frames.ts';

/** A Guest's physical memory, as its Launcher sees it. Offsets are guest-physical addresses. */
export interface GuestWindow {
  /** Where it lies in the machine's RAM, and how long it is, in bytes. Whole pages. */
  readonly base: number;
  readonly size: number;
  /** To read only: writes must go through the methods, so that the processor forgets code it has decoded. */
  readonly bytes: Uint8Array;
  read8(offset: number): number;
  read16(offset: number): number;
  read32(offset: number): number;
  write8(offset: number, value: number): void;
  write16(offset: number, value: number): void;
  write32(offset: number, value: number): void;
  /** A copy of `length` bytes. */
  read(offset: number, length: number): Uint8Array;
  write(offset: number, bytes: Uint8Array): void;
}

/*
 * ## First come, first served
 *
 * Windows are given out from the bottom, each in the first gap that is large enough. Most of them are asked for at
 * once, when all Guests are started, and whoever starts again finds the gap that it has left.
 *
 * But a window that was somebody's must be wiped before it is somebody else's. You would not think that this needs
 * saying. It does: a Guest finds the previous one's memory in its own the first time you forget, passwords and all.
 * What was never lent is still as the machine came up, zero, and we save ourselves the work, for it is half a gigabyte
 * at times.
 */
/** The machine's RAM above `HOST_BYTES`, let in pieces to Guests. */
export class Windows {
  readonly #ram: Ram;
  readonly #taken: Window[] = [];
  #neverUsed = HOST_BYTES; // from here on RAM is still as it was at power-on: zero

  constructor(ram: Ram) {
    this.#ram = ram;
  }

  /**
   * Finds room for `bytes`, rounded up to whole pages, and zeroes it.
   *
   * @throws Error when no gap is large enough
   */
  open(bytes: number): GuestWindow {
    const size = Math.ceil(bytes / PAGE_SIZE) * PAGE_SIZE;
    const base = size > 0 ? this.#gapOf(size) : undefined;
    if (base === undefined) {
      const room = Math.floor((this.#ram.size - HOST_BYTES) / 2 ** 20);
      throw new Error(`cannot map ${bytes} bytes for a Guest: the machine has ${room} MiB for all of them`);
    }
    const dirty = Math.min(size, Math.max(0, this.#neverUsed - base));
    if (dirty > 0) this.#ram.fill(base, dirty, 0);
    this.#neverUsed = Math.max(this.#neverUsed, base + size);

    const window = new Window(this.#ram, base, size);
    this.#taken.push(window);
    this.#taken.sort((a, b) => a.base - b.base);
    return window;
  }

  /**
   * Takes a window back. Whoever still holds it can no longer read or write through its methods; `bytes` must not be
   * kept.
   */
  close(window: GuestWindow): void {
    const index = this.#taken.indexOf(window as Window);
    if (index >= 0) this.#taken.splice(index, 1)[0]!.close();
  }

  #gapOf(size: number): number | undefined {
    let base = HOST_BYTES;
    for (const window of this.#taken) {
      if (window.base - base >= size) return base;
      base = window.base + window.size;
    }
    return this.#ram.size - base >= size ? base : undefined;
  }
}

/*
 * ## Looking in
 *
 * Every access is checked, and all go through the machine's RAM rather than around it: when a Launcher puts a kernel
 * over the top of code that the processor has already decoded, the processor must hear of it. Closing a window makes it
 * zero bytes long. Whoever kept a reference finds that out.
 */
class Window implements GuestWindow {
  readonly base: number;
  size: number;
  readonly #ram: Ram;

  constructor(ram: Ram, base: number, size: number) {
    this.#ram = ram;
    this.base = base;
    this.size = size;
  }

  get bytes(): Uint8Array {
    return this.#ram.view(this.base, this.size);
  }

  read8(offset: number): number {
    return this.#ram.read8(this.#at(offset, 1));
  }

  read16(offset: number): number {
    return this.#ram.read16(this.#at(offset, 2));
  }

  read32(offset: number): number {
    return this.#ram.read32(this.#at(offset, 4));
  }

  write8(offset: number, value: number): void {
    this.#ram.write8(this.#at(offset, 1), value);
  }

  write16(offset: number, value: number): void {
    this.#ram.write16(this.#at(offset, 2), value);
  }

  write32(offset: number, value: number): void {
    this.#ram.write32(this.#at(offset, 4), value);
  }

  read(offset: number, length: number): Uint8Array {
    return this.#ram.read(this.#at(offset, length), length);
  }

  write(offset: number, bytes: Uint8Array): void {
    this.#ram.write(this.#at(offset, bytes.length), bytes);
  }

  close(): void {
    this.size = 0;
  }

  #at(offset: number, length: number): number {
    if (offset >= 0 && length >= 0 && offset + length <= this.size) return this.base + offset;
    throw new RangeError(`${length} bytes at ${offset} are outside a Guest's ${this.size} bytes of memory`);
  }
}
