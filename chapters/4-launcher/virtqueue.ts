import type { GuestWindow } from '../5-host/dev-lguest.ts';
import { LauncherError, hex } from './outside.ts';

/** A driver that breaks the rules of virtio 1.0. It ends its Guest. */
export class BadDriver extends LauncherError {
  override readonly name = 'BadDriver';
  constructor(device: string, what: string) {
    super(`${device}: bad driver: ${what}`);
  }
}

/** A buffer of the Guest, checked: all of it lies in the Guest's memory. */
export interface Span {
  address: number;
  length: number;
}

/** One request: the buffers that the device reads, then those that it writes. */
export interface Chain {
  head: number;
  readable: Span[];
  writable: Span[];
  /** Bytes of all of them together; never more than the Guest has memory. */
  bytes: number;
}

export const QUEUE_SIZE = 256;

const DESCRIPTOR_SIZE = 16;
const NEXT = 1;
const WRITE = 2;
const INDIRECT = 4;
const NO_INTERRUPT = 1;

/** A split virtqueue as the device sees it (virtio 1.0, section 2.4). */
export class Virtqueue {
  /** What complaints call it: `block vq request`. */
  readonly label: string;
  /** Entries, a power of two. */
  size = QUEUE_SIZE;
  enabled = false;
  /** Low and high halves of the addresses of descriptors, available ring and used ring. */
  readonly addresses = new Uint32Array(6);

  readonly #memory: GuestWindow;
  #next = 0;
  #unannounced = false;

  constructor(memory: GuestWindow, label: string) {
    this.#memory = memory;
    this.label = label;
  }

  reset(): void {
    this.size = QUEUE_SIZE;
    this.enabled = false;
    this.addresses.fill(0);
    this.#next = 0;
    this.#unannounced = false;
  }

  get #descriptors(): number {
    return this.addresses[0]!;
  }

  get #available(): number {
    return this.addresses[2]!;
  }

  get #used(): number {
    return this.addresses[4]!;
  }

  #bad(what: string): never {
    throw new BadDriver(this.label, what);
  }

  /** Checks all three parts (virtio 1.0, table of section 2.4) and opens for business. */
  enable(): void {
    this.#checkPart('descriptor table', 0, DESCRIPTOR_SIZE * this.size, 16);
    this.#checkPart('available ring', 2, 6 + 2 * this.size, 2);
    this.#checkPart('used ring', 4, 6 + 8 * this.size, 4);
    const flags = this.#memory.read16(this.#used);
    if (flags !== 0) this.#bad(`used.flags is ${flags} before the device was asked to use anything`);
    this.enabled = true;
  }

  #checkPart(part: string, index: number, length: number, alignment: number): void {
    const low = this.addresses[index]!;
    const high = this.addresses[index + 1]!;
    if (high !== 0) this.#bad(`${part} at ${hex(high)}_${hex(low).slice(2)} is beyond 4 GiB`);
    if (low % alignment !== 0) this.#bad(`${part} at ${hex(low)} is not aligned to ${alignment} bytes`);
    if (low + length > this.#memory.size) {
      this.#bad(
        `${part} at ${hex(low)}, ${length} bytes, leaves the Guest's ${hex(this.#memory.size)} of memory`,
      );
    }
  }

  /** The next request, or undefined if the driver has offered no more. */
  take(): Chain | undefined {
    const offered = this.#memory.read16(this.#available + 2);
    const waiting = (offered - this.#next) & 0xffff;
    if (waiting === 0) return undefined;
    if (waiting > this.size) {
      this.#bad(`avail.idx is ${offered}, ${waiting} ahead of us, in a queue of ${this.size}`);
    }
    const head = this.#memory.read16(this.#available + 4 + 2 * (this.#next % this.size));
    this.#next = (this.#next + 1) & 0xffff;
    return this.#follow(head);
  }

  #follow(head: number): Chain {
    const chain: Chain = { head, readable: [], writable: [], bytes: 0 };
    let index = head;
    for (let links = 1; ; links++) {
      if (index >= this.size) this.#bad(`descriptor ${index} of a table of ${this.size}`);
      if (links > this.size) this.#bad(`the chain from descriptor ${head} never ends`);
      const at = this.#descriptors + DESCRIPTOR_SIZE * index;
      const flags = this.#memory.read16(at + 12);
      this.#append(chain, index, flags, at);
      if ((flags & NEXT) === 0) return chain;
      index = this.#memory.read16(at + 14);
    }
  }

  #append(chain: Chain, index: number, flags: number, at: number): void {
    if (flags & INDIRECT) this.#bad(`descriptor ${index} is indirect, which was never offered`);
    const address = this.#memory.read32(at);
    const high = this.#memory.read32(at + 4);
    const length = this.#memory.read32(at + 8);
    if (high !== 0 || address + length > this.#memory.size) {
      const where = high === 0 ? hex(address) : `${hex(high)}_${hex(address).slice(2)}`;
      this.#bad(
        `descriptor ${index} has ${length} bytes at ${where}, memory ends at ${hex(this.#memory.size)}`,
      );
    }
    chain.bytes += length;
    if (chain.bytes > this.#memory.size) {
      this.#bad(`the chain from descriptor ${chain.head} is longer than the Guest's memory`);
    }
    if (flags & WRITE) chain.writable.push({ address, length });
    else if (chain.writable.length === 0) chain.readable.push({ address, length });
    else this.#bad(`descriptor ${index} is for reading, but comes behind one for writing`);
  }

  /** Returns a request to the driver, with the number of bytes written into it. */
  give(chain: Chain, written: number): void {
    const index = this.#memory.read16(this.#used + 2);
    const entry = this.#used + 4 + 8 * (index % this.size);
    this.#memory.write32(entry, chain.head);
    this.#memory.write32(entry + 4, written);
    this.#memory.write16(this.#used + 2, (index + 1) & 0xffff);
    this.#unannounced = true;
  }

  /** Is an interrupt due for what was given back? Asking settles it. */
  announce(): boolean {
    if (!this.#unannounced) return false;
    this.#unannounced = false;
    const flags = this.#memory.read16(this.#available);
    if (flags > NO_INTERRUPT) this.#bad(`avail.flags is ${flags}; only bit 0 has a meaning`);
    return flags !== NO_INTERRUPT;
  }
}
