/*
 * # Two rings and a table
 *
 * This is the idea that has outlived everything around it. Two parties share memory, do not trust each other's
 * speed, and want to pass buffers without locks. So each part of that memory has exactly one writer.
 *
 * The *table* holds descriptors: address, length, and maybe the number of another one that belongs with it. In the
 * *available ring* the driver puts the numbers of chains it wants to have worked on. In the *used ring* the device
 * puts the numbers of those that it is done with. Both rings come with a counter that only grows. What is new is
 * the difference to what you saw last.
 *
 * :::figure{#virtqueue caption="Three requests have been offered, and two of them are done. The third begins at descriptor 0, and is a chain of three."}
 * ```text
 *      available               descriptors                used
 *     +----------+         +---+------------+         +-----------+
 *     | index: 3 |    .--> | 0 | header ->1 |         | index: 2  |
 *     +----------+    |    | 1 | data   ->2 |         +-----------+
 *     | 5        |    |    | 2 | status     |         | 5,   1    |
 *     | 7        |    |    |   |            |         | 7, 513    |
 *     | 0      --|----'    | 5 | ...        |         | next here |
 *     +----------+         +---+------------+         +-----------+
 *        written by           written by                written by
 *        the driver           the driver                the device
 * ```
 * :::
 */
import type { Inline, u16, u32 } from '../2-guest/language.ts';
import { at } from '../2-guest/language.ts';
import { linear, physical } from '../2-guest/layout.ts';
import { allocatePage } from '../2-guest/pages.ts';
import { panic } from '../2-guest/panic.ts';
import { register16, setRegister16, setRegister32 } from './registers.ts';
import type { VirtioDevice } from './virtio.ts';

/** One piece of memory for the device (16 bytes). Addresses are physical and have 64 bits, of which we fill 32. */
interface Descriptor {
  address: u32;
  addressHigh: u32;
  length: u32;
  flags: u16;
  next: u16;
}

/*
 * Addresses are physical, since the device knows nothing of your page tables. It is a small mercy that all of RAM
 * is linear in this kernel. A driver whose buffer straddles two pages that are not neighbours has to describe it
 * in two pieces.
 */

/** Flags of a descriptor: another one follows; the device writes here rather than reads. */
const NEXT = 1;
export const DEVICE_WRITES = 2;

/** What we offer: heads of chains, and a counter that only grows. */
interface AvailableRing {
  flags: u16;
  index: u16;
  ring: Inline<u16, 256>;
}

/*
 * The device says not only which chain, but also how much it wrote into it. A read of 64 bytes from a keyboard
 * usually gives one.
 */

/** What the device is done with: the head, and how much it wrote. */
interface UsedElement {
  head: u32;
  length: u32;
}

interface UsedRing {
  flags: u16;
  index: u16;
  ring: Inline<UsedElement, 256>;
}

const LARGEST_QUEUE = 256;

/** Flag in the used ring: do not bother to notify. Flag in the available ring: do not bother to interrupt. */
const NO_NOTIFY = 1;
const NO_INTERRUPT = 1;

/*
 * What follows is our own notebook, in no memory that the device ever sees.
 */

/** A queue and our notes about it. `free` heads a list of free descriptors, linked through `next`. */
export interface Virtqueue {
  device: VirtioDevice;
  number: u32;
  size: u32;
  descriptors: Descriptor[];
  available: AvailableRing;
  used: UsedRing;
  free: u32;
  freeCount: u32;
  seen: u32;
}

/*
 * ## Setting it up
 *
 * Choose the queue, ask how long it is, give it memory, switch it on. Lengths are powers of two, and 256 is what
 * the Launcher offers, so the table is 4,096 bytes: a page, to the byte. The two rings need 518 and 2,054 and
 * share another.
 *
 * Unused descriptors are kept in a list, by the trick that you know from [free pages](../2-guest/pages.ts): in their
 * own `next` fields.
 */

const QUEUE_SELECT = 0x16;
const QUEUE_SIZE = 0x18;
const QUEUE_ENABLE = 0x1c;
const QUEUE_DESCRIPTORS = 0x20;
const QUEUE_AVAILABLE = 0x28;
const QUEUE_USED = 0x30;

/** Where the used ring begins in the page it shares with the available ring, whose 518 bytes end before. */
const USED_OFFSET = 1024;

/** Gives queue `number` of `device` its memory: a page of descriptors, and a page for both rings. */
export function openQueue(queue: Virtqueue, device: VirtioDevice, number: u32): void {
  setRegister16(device.common + QUEUE_SELECT, number);
  const size: u32 = register16(device.common + QUEUE_SIZE);
  const table: u32 = allocatePage();
  const rings: u32 = allocatePage();
  if (size === 0 || size > LARGEST_QUEUE || table === 0 || rings === 0)
    panic('a device without a usable queue');
  queue.device = device;
  queue.number = number;
  queue.size = size;
  queue.descriptors = at<Descriptor[]>(table);
  queue.available = at<AvailableRing>(rings);
  queue.used = at<UsedRing>(rings + USED_OFFSET);
  queue.freeCount = size;
  for (let i: u32 = 0; i < size; i++) queue.descriptors[i].next = i + 1;
  setRegister16(device.common + QUEUE_SIZE, size);
  tell(device, QUEUE_DESCRIPTORS, table);
  tell(device, QUEUE_AVAILABLE, rings);
  tell(device, QUEUE_USED, rings + USED_OFFSET);
  setRegister16(device.common + QUEUE_ENABLE, 1);
}

/** An address has two registers, low and high. */
function tell(device: VirtioDevice, register: u32, address: u32): void {
  setRegister32(device.common + register, physical(address));
  setRegister32(device.common + register + 4, 0);
}

/*
 * A flag for whoever prefers to look for himself. The console does, at its output: it looks whenever it needs a buffer,
 * and does not want to be rung for each.
 */

/** Asks the device not to interrupt for this queue: we look ourselves. */
export function wantNoInterrupts(queue: Virtqueue): void {
  queue.available.flags = NO_INTERRUPT;
}

/*
 * ## Building a chain
 *
 * A chain is built link by link and only then offered: until its number stands in the available ring, the device
 * has no idea that it exists.
 */

/**
 * Takes a free descriptor for `length` bytes at the kernel address `address`. Whoever calls has made sure there is one.
 */
export function describe(queue: Virtqueue, address: u32, length: u32, flags: u32): u32 {
  const index: u32 = queue.free;
  const descriptor = queue.descriptors[index];
  queue.free = descriptor.next;
  queue.freeCount--;
  descriptor.address = physical(address);
  descriptor.addressHigh = 0;
  descriptor.length = length;
  descriptor.flags = flags;
  return index;
}

/** Hangs descriptor `next` behind descriptor `index`. */
export function chain(queue: Virtqueue, index: u32, next: u32): void {
  queue.descriptors[index].flags |= NEXT;
  queue.descriptors[index].next = next;
}

/*
 * The counter goes up *after* the entry has been written. The other side may look at any time, and what it must
 * never see is a number it was promised and not given.
 *
 * Then knock, if need be. A device that is at work anyway says so with a flag, and the knock, which is an exit, can be
 * saved. (Ours never raises it. It stops the world to hear you, and has nothing else to be at.)
 */

/** Offers the chain that begins at `head`, and knocks unless the device says it is watching. */
export function offer(queue: Virtqueue, head: u32): void {
  queue.available.ring[queue.available.index % queue.size] = head;
  queue.available.index++;
  if ((queue.used.flags & NO_NOTIFY) === 0) setRegister16(queue.device.notify, queue.number);
}

/*
 * ## Taking it back
 *
 * Chains need not come back in the order in which they went. A disk may have reasons. The used ring names each by
 * its head, and from there its descriptors are walked and freed.
 */

/** Whether the device has used a chain that `takeUsed` has not returned yet. */
export function hasUsed(queue: Virtqueue): boolean {
  return queue.seen !== queue.used.index;
}

/**
 * How much the device wrote into the chain that `takeUsed` will return next, and where its first piece lies (kernel
 * address).
 */
export function usedLength(queue: Virtqueue): u32 {
  return queue.used.ring[queue.seen % queue.size].length;
}

export function usedAddress(queue: Virtqueue): u32 {
  return linear(queue.descriptors[queue.used.ring[queue.seen % queue.size].head].address);
}

/*
 * Counters are sixteen bits wide, so ours has to wrap where theirs does. And the links of a chain end where NEXT is
 * missing: the last descriptor has something in its `next`, too, left over from the time when it was free.
 */

/** Frees the descriptors of the next used chain. */
export function takeUsed(queue: Virtqueue): void {
  let index: u32 = queue.used.ring[queue.seen % queue.size].head;
  queue.seen = (queue.seen + 1) & 0xffff;
  while (true) {
    const descriptor = queue.descriptors[index];
    const last: boolean = (descriptor.flags & NEXT) === 0;
    const next: u32 = descriptor.next;
    descriptor.next = queue.free;
    queue.free = index;
    queue.freeCount++;
    if (last) return;
    index = next;
  }
}
