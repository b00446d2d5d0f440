/*
 * # Three tables in the dark
 *
 * Here is the oldest problem of computers that talk to each other through memory: both read it, both write it,
 * neither may stop the other, and no word of it may ever be torn. You have met the virtqueue's answer as a driver. A
 * table of descriptors and two rings, and to each of them one writer.
 *
 * Now you are the other one, and of the three you write the least: *I am done with what began at 5, and put 513 bytes
 * into it*. All that comes before that is reading. Here are the bytes.
 *
 * :::figure{#virtqueue caption="A request of three buffers on its way through a split virtqueue."}
 * ```text
 *      descriptors, 16 bytes each               available   used
 *      address      length   flags       next   +-------+   +-----------+
 *   5  0x00203000       16   NEXT           9   | flags |   | flags     |
 *   9  0x00204000      512   NEXT WRITE     2   | idx 1 |   | idx 1     |
 *   2  0x00203010        1   WRITE          -   |   5   |   | 5, 513 B  |
 *                                               +-------+   +-----------+
 *      written by the driver                     driver        device
 * ```
 * :::
 *
 * All three lie in the Guest's memory. The first two were written by a program that we have no reason to trust, and
 * which could write into the third as well.
 */

import type { GuestWindow } from '../5-host/dev-lguest.ts';
import { LauncherError, hex32 } from './outside.ts';

/*
 * ## Bad driver
 *
 * There is no error code for this. A driver that breaks the rules of the ring cannot be told so, since the ring is
 * how it would be told. Hardware would do something, undefined, silently. We say what we saw, what we expected, and
 * where, and end it.
 */

/** A driver that breaks the rules of virtio 1.0. It ends its Guest. */
export class BadDriver extends LauncherError {
  override readonly name = 'BadDriver';
  constructor(device: string, what: string) {
    super(`${device}: bad driver: ${what}`);
  }
}

/*
 * ## What comes out
 *
 * By the time a device sees a request, every byte of it is known to be in the Guest's memory. This is the gate
 * where that is made sure, and there is no other way in.
 */

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
  /** Bytes of all of them together, at most `LONGEST_REQUEST`; the same memory may be in it more than once. */
  bytes: number;
  /** What serving it counts for in its queue's turn beyond that, in bytes; its device may say. */
  extra: number;
}

export const QUEUE_SIZE = 256;

/*
 * Three flags a descriptor, one flag a ring.
 */

const DESCRIPTOR_SIZE = 16;
const NEXT = 1;
const WRITE = 2;
const INDIRECT = 4;
const NO_INTERRUPT = 1;

/*
 * ## A queue, from behind
 *
 * `next` counts what we have taken; it is our half of the conversation, and kept where the Guest cannot reach it.
 * The other counter we read from the Guest's memory, and believe only as far as it can be true.
 */

/** A split virtqueue as the device sees it (virtio 1.0, section 2.4). */
export class Virtqueue {
  /** What complaints call it: `block vq request`. */
  readonly label: string;
  readonly memory: GuestWindow;
  /** The most entries there can be, a power of two. */
  readonly most: number;
  /** Entries, a power of two. */
  size: number;
  enabled = false;
  /** The driver has accepted INDIRECT_DESC. */
  indirect = false;
  /** Low and high halves of the addresses of descriptors, available ring and used ring. */
  readonly addresses = new Uint32Array(6);
  /** How many requests we have taken, modulo 65,536. */
  next = 0;
  /** Something was given back since the driver's last interrupt. */
  unannounced = false;

  constructor(memory: GuestWindow, label: string, most = QUEUE_SIZE) {
    this.memory = memory;
    this.label = label;
    this.most = most;
    this.size = most;
  }

  get descriptors(): number {
    return this.addresses[0]!;
  }

  get available(): number {
    return this.addresses[2]!;
  }

  get used(): number {
    return this.addresses[4]!;
  }

  reset(): void {
    this.size = this.most;
    this.enabled = false;
    this.indirect = false;
    this.addresses.fill(0);
    this.next = 0;
    this.unannounced = false;
  }

  /** Ends the Guest: its driver broke a rule. */
  bad(what: string): never {
    throw new BadDriver(this.label, what);
  }
}

/*
 * ## Opening
 *
 * The driver says where the three parts are, and we check before the first use that they are whole, aligned, and
 * inside. Addresses have 64 bits, for machines that need them. In ours the upper half must be zero.
 */

/** Checks all three parts (virtio 1.0, table of section 2.4) and opens for business. */
export function enableQueue(queue: Virtqueue): void {
  checkPart(queue, 'descriptor table', 0, DESCRIPTOR_SIZE * queue.size, 16);
  checkPart(queue, 'available ring', 2, 6 + 2 * queue.size, 2);
  checkPart(queue, 'used ring', 4, 6 + 8 * queue.size, 4);
  const flags = queue.memory.read16(queue.used);
  if (flags !== 0) queue.bad(`used.flags is ${flags} before the device was asked to use anything`);
  queue.enabled = true;
}

function checkPart(queue: Virtqueue, part: string, index: number, length: number, alignment: number): void {
  const low = queue.addresses[index]!;
  const high = queue.addresses[index + 1]!;
  if (high !== 0) queue.bad(`${part} at ${longHex(high, low)} is beyond 4 GiB`);
  if (low % alignment !== 0) queue.bad(`${part} at ${hex32(low)} is not aligned to ${alignment} bytes`);
  const end = queue.memory.size;
  if (low + length > end) {
    queue.bad(`${part} at ${hex32(low)}, ${length} bytes, leaves the Guest's ${hex32(end)} of memory`);
  }
}

function longHex(high: number, low: number): string {
  return `${hex32(high)}_${hex32(low).slice(2)}`;
}

/*
 * ## Taking
 *
 * Both counters have 16 bits and wrap. Subtracting them, modulo 65,536, still tells how much is waiting, as long as
 * it is not more than a queue can hold. If it is, then one of us cannot count.
 */

/** The next request, or undefined if the driver has offered no more. */
export function takeRequest(queue: Virtqueue): Chain | undefined {
  const offered = queue.memory.read16(queue.available + 2);
  const waiting = (offered - queue.next) & 0xffff;
  if (waiting === 0) return undefined;
  if (waiting > queue.size) {
    queue.bad(`avail.idx is ${offered}, ${waiting} ahead of us, in a queue of ${queue.size}`);
  }
  const head = queue.memory.read16(queue.available + 4 + 2 * (queue.next % queue.size));
  queue.next = (queue.next + 1) & 0xffff;
  return followChain(queue, head);
}

/*
 * ## Following the chain
 *
 * A chain is followed from descriptor to descriptor, and a chain that bites its own tail would be followed for ever. No
 * need to remember where we have been: a chain without a loop cannot have more links than there are descriptors. In a
 * table of 256 the 257th is the proof.
 */

function followChain(queue: Virtqueue, head: number): Chain {
  const chain: Chain = { head, readable: [], writable: [], bytes: 0, extra: 0 };
  let table: Table = { address: queue.descriptors, size: queue.size, indirect: false };
  let index = head;
  for (let links = 1; ; links++) {
    if (index >= table.size) queue.bad(`descriptor ${index} of a table of ${table.size}`);
    if (links > table.size) queue.bad(`the chain from descriptor ${head} never ends`);
    const at = table.address + DESCRIPTOR_SIZE * index;
    const flags = queue.memory.read16(at + 12);
    if (flags & INDIRECT) {
      table = enterTable(queue, table, at, index, flags);
      index = 0;
      links = 0;
      continue;
    }
    addLink(queue, chain, at, index, flags);
    if ((flags & NEXT) === 0) return chain;
    index = queue.memory.read16(at + 14);
  }
}

/*
 * Each link is then weighed. It must lie in memory with all its bytes. What is for reading must come before what is for
 * writing, because devices are simple and want to know where the one ends. And there is a length that no request may
 * have. virtio knows of none, and a Guest with two gigabytes could have all of them read from its disk in one go, while
 * its neighbours, and you with your ^C, stand and wait. A Linux left as it comes makes none of more than a few
 * megabytes, so nobody misses any.
 */

/** Bytes of all buffers of a request together, at most. */
const LONGEST_REQUEST = 16 << 20;

function addLink(queue: Virtqueue, chain: Chain, at: number, index: number, flags: number): void {
  const span = spanOf(queue, at, index);
  chain.bytes += span.length;
  if (chain.bytes > LONGEST_REQUEST) {
    queue.bad(`the chain from descriptor ${chain.head} has more than ${LONGEST_REQUEST} bytes`);
  }
  if (flags & WRITE) chain.writable.push(span);
  else if (chain.writable.length === 0) chain.readable.push(span);
  else queue.bad(`descriptor ${index} is for reading, but comes behind one for writing`);
}

function spanOf(queue: Virtqueue, at: number, index: number): Span {
  const { memory } = queue;
  const address = memory.read32(at);
  const high = memory.read32(at + 4);
  const length = memory.read32(at + 8);
  if (high !== 0 || address + length > memory.size) {
    const where = high === 0 ? hex32(address) : longHex(high, address);
    queue.bad(`descriptor ${index} has ${length} bytes at ${where}, memory ends at ${hex32(memory.size)}`);
  }
  return { address, length };
}

/*
 * ## A table in the table
 *
 * A frame from a network can come in nineteen pieces, and thirteen of those fill a queue. So there is a descriptor
 * that points not at a buffer but at a table of further descriptors, somewhere in memory: one place in the queue,
 * however many pieces. Disks and consoles have no use for it, and a driver may only do it if it was offered.
 *
 * It is another door through which you could be sent in circles, so it opens once. A table must be
 * whole, no longer than the queue, must be the end of the chain it hangs from, and must not lead to another table.
 */

/** Where a chain is being followed: the queue's own descriptors, or a table that one of them points to. */
interface Table {
  address: number;
  /** Descriptors in it. */
  size: number;
  indirect: boolean;
}

function enterTable(queue: Virtqueue, from: Table, at: number, index: number, flags: number): Table {
  if (!queue.indirect) queue.bad(`descriptor ${index} is indirect, which was never agreed on`);
  if (from.indirect) queue.bad(`descriptor ${index} of an indirect table is indirect itself`);
  if (flags & NEXT) queue.bad(`descriptor ${index} is indirect and has a next one`);
  const { address, length } = spanOf(queue, at, index);
  const size = length / DESCRIPTOR_SIZE;
  if (!Number.isInteger(size) || size === 0 || size > queue.size) {
    queue.bad(
      `descriptor ${index} has an indirect table of ${length} bytes, not 16 for each of up to ${queue.size}`,
    );
  }
  return { address, size, indirect: true };
}

/*
 * ## Giving back
 *
 * First the entry, then the counter: whoever sees the counter must find the entry there. On a processor that
 * reorders its writes you would need a barrier between the two. Ours has one hand.
 */

/** Returns a request to the driver, with the number of bytes written into it. */
export function giveBack(queue: Virtqueue, chain: Chain, written: number): void {
  const { memory, used } = queue;
  const index = memory.read16(used + 2);
  const entry = used + 4 + 8 * (index % queue.size);
  memory.write32(entry, chain.head);
  memory.write32(entry + 4, written);
  memory.write16(used + 2, (index + 1) & 0xffff);
  queue.unannounced = true;
}

/*
 * Has anything been used since we last asked, and does the driver mind? A driver that polls sets bit 0 of its flags
 * and is left in peace. pup does, for its output: it frees old buffers when it needs new ones, and would only be
 * woken to be told what it can see.
 */

/** Is an interrupt due for what was given back? Asking settles it. */
export function announce(queue: Virtqueue): boolean {
  if (!queue.unannounced) return false;
  queue.unannounced = false;
  const flags = queue.memory.read16(queue.available);
  if (flags > NO_INTERRUPT) queue.bad(`avail.flags is ${flags}; only bit 0 has a meaning`);
  return flags !== NO_INTERRUPT;
}
