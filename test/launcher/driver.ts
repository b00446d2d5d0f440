import type { GuestWindow } from '../../chapters/5-host/dev-lguest.ts';
import { createConsole } from '../../chapters/4-launcher/console.ts';
import { InputQueue } from '../../chapters/4-launcher/input-queue.ts';
import { readRegister, writeRegister } from '../../chapters/4-launcher/virtio-registers.ts';
import { VirtioDevice, type Behaviour, work } from '../../chapters/4-launcher/virtio-device.ts';
import { guestMemory } from './guest-memory.ts';

export interface Buffer {
  address: number;
  length: number;
  write?: boolean;
}

const RINGS = 0x10000;
const RING_SPACE = 0x4000;
const AVAILABLE = 0x2000;
const USED = 0x3000;

/** A well-behaved virtio driver, in TypeScript: it sees the device's registers and the Guest's memory, no more. */
export class Driver {
  readonly device: VirtioDevice;
  readonly memory: GuestWindow;
  interrupts = 0;
  readonly #freeDescriptor: number[] = [];
  readonly #offered: number[] = [];
  readonly #entries: number[] = [];

  constructor(behaviour: Behaviour, memory: GuestWindow) {
    this.memory = memory;
    this.device = new VirtioDevice(behaviour, memory, () => {
      this.interrupts++;
    });
  }

  read(offset: number, width: number): number {
    return readRegister(this.device, offset, width);
  }

  write(offset: number, width: number, value: number): void {
    writeRegister(this.device, offset, width, value);
  }

  /** The first half of virtio 1.0, section 3.1.1, up to the features. */
  negotiate(features = 0): void {
    this.write(0x14, 1, 0);
    this.write(0x14, 1, 1);
    this.write(0x14, 1, 3);
    this.write(0x08, 4, 0);
    this.write(0x0c, 4, features);
    this.write(0x08, 4, 1);
    this.write(0x0c, 4, 1);
    this.write(0x14, 1, 11);
    this.read(0x14, 1);
  }

  /** Where a queue's three parts are. */
  ring(queue: number): { descriptors: number; available: number; used: number } {
    const base = RINGS + queue * RING_SPACE;
    return { descriptors: base, available: base + AVAILABLE, used: base + USED };
  }

  openQueue(queue: number, size = 256): void {
    const { descriptors, available, used } = this.ring(queue);
    this.write(0x16, 2, queue);
    const entries = Math.min(size, this.read(0x18, 2));
    this.write(0x18, 2, entries);
    this.#entries[queue] = entries;
    for (const [index, address] of [descriptors, 0, available, 0, used, 0].entries()) {
      this.write(0x20 + 4 * index, 4, address);
    }
    this.write(0x1c, 2, 1);
    this.#freeDescriptor[queue] = 0;
    this.#offered[queue] = 0;
  }

  /** All of it: features, every queue, DRIVER_OK. */
  start(features = 0): this {
    this.negotiate(features);
    for (const index of this.device.queues.keys()) this.openQueue(index);
    this.write(0x14, 1, 15);
    return this;
  }

  /** Writes one descriptor. */
  describe(queue: number, index: number, buffer: Buffer, flags: number, next: number): void {
    const at = this.ring(queue).descriptors + 16 * index;
    this.memory.write32(at, buffer.address);
    this.memory.write32(at + 4, 0);
    this.memory.write32(at + 8, buffer.length);
    this.memory.write16(at + 12, flags);
    this.memory.write16(at + 14, next);
  }

  #sizeOf(queue: number): number {
    return this.#entries[queue] ?? 256;
  }

  /** Puts a chain on a queue. @returns its head */
  offer(queue: number, ...buffers: Buffer[]): number {
    const head = this.#freeDescriptor[queue]!;
    for (const [index, buffer] of buffers.entries()) {
      const at = (head + index) % this.#sizeOf(queue);
      const more = index < buffers.length - 1;
      this.describe(
        queue,
        at,
        buffer,
        (more ? 1 : 0) | (buffer.write ? 2 : 0),
        (at + 1) % this.#sizeOf(queue),
      );
    }
    this.#freeDescriptor[queue] = (head + buffers.length) % this.#sizeOf(queue);
    this.offerHead(queue, head);
    return head;
  }

  /** Makes the chain that starts at descriptor `head` available. */
  offerHead(queue: number, head: number, size = this.#sizeOf(queue)): void {
    const { available } = this.ring(queue);
    const index = this.#offered[queue]!;
    this.memory.write16(available + 4 + 2 * (index % size), head);
    this.#offered[queue] = (index + 1) & 0xffff;
    this.memory.write16(available + 2, this.#offered[queue]);
  }

  /** Tells the device, and lets it work until it has nothing left to do. */
  notify(queue: number): void {
    this.write(0x38, 2, queue);
    while (work(this.device));
  }

  /** What has come back: heads and bytes written. */
  used(queue: number): { head: number; written: number }[] {
    const { used } = this.ring(queue);
    return Array.from({ length: this.memory.read16(used + 2) }, (_, index) => ({
      head: this.memory.read32(used + 4 + 8 * (index % this.#sizeOf(queue))),
      written: this.memory.read32(used + 8 + 8 * (index % this.#sizeOf(queue))),
    }));
  }
}

/** The console's queue for what is printed. */
export const OUTPUT = 1;

/** A driver of a console that nobody types at. */
export function consoleDriver(output: (bytes: Uint8Array) => void = () => {}): Driver {
  return new Driver(createConsole(new InputQueue(), output), guestMemory());
}
