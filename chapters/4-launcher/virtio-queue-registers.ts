/*
 * # One queue at a time
 *
 * A device has up to 65,536 queues, and one set of eleven registers for all of them. `queue_select` says which one you
 * mean. Everything about a queue can be changed until it is enabled, and nothing afterwards, because from then on
 * we look at it without asking.
 */

import { STATUS_DRIVER_OK, type VirtioDevice } from './virtio-device.ts';
import type { Register } from './virtio-registers.ts';
import { enableQueue, type Virtqueue } from './virtqueue.ts';

/*
 * A queue that is not there has no registers either: its size reads 0, and this is how a driver finds out how many
 * there are. The last six are three addresses of 64 bits, each in two halves, since a processor of 32 bits has no other
 * way to say them.
 */

/** The registers of BAR0 that speak of the queue selected last. */
export const QUEUE_REGISTERS: readonly Register[] = [
  selector(0x16, 'queue_select', 2, 'queueSelect'),
  {
    at: 0x18,
    name: 'queue_size',
    width: 2,
    read: (device) => selected(device)?.size ?? 0,
    write: writeQueueSize,
  },
  { at: 0x1a, name: 'queue_msix_vector', width: 2, read: () => 0xffff },
  {
    at: 0x1c,
    name: 'queue_enable',
    width: 2,
    read: (device) => (selected(device)?.enabled ? 1 : 0),
    write: writeQueueEnable,
  },
  { at: 0x1e, name: 'queue_notify_off', width: 2, read: () => 0 },
  queueAddress(0x20, 'queue_desc_lo', 0),
  queueAddress(0x24, 'queue_desc_hi', 1),
  queueAddress(0x28, 'queue_avail_lo', 2),
  queueAddress(0x2c, 'queue_avail_hi', 3),
  queueAddress(0x30, 'queue_used_lo', 4),
  queueAddress(0x34, 'queue_used_hi', 5),
];

/*
 * ## The selected one
 *
 * A selector is the humblest kind of register: it remembers. Nothing is checked when it is written, since a driver that
 * looks how many queues there are must select one too many.
 */

/** A register that only says what the others are about. */
export function selector(
  at: number,
  name: string,
  width: Register['width'],
  field: 'deviceFeatureSelect' | 'queueSelect',
): Register {
  return {
    at,
    name,
    width,
    read: (device) => device[field],
    write: (device, value) => {
      device[field] = value;
    },
  };
}

function selected(device: VirtioDevice): Virtqueue | undefined {
  return device.queues[device.queueSelect];
}

/** The queue that a write is about, at a time when it may still be changed. */
function unfinished(device: VirtioDevice, register: string): Virtqueue {
  const queue = selected(device);
  if (!queue) device.bad(`wrote ${register} of queue ${device.queueSelect} of ${device.queues.length}`);
  if (queue.enabled) device.bad(`wrote ${register} of queue ${device.queueSelect}, which is enabled already`);
  return queue;
}

/*
 * A driver with little memory may make a queue shorter. Not longer, and only by powers of two: indices run freely
 * through 16 bits and wrap at 65,536, and only for a power of two does the ring wrap there as well.
 */

function writeQueueSize(device: VirtioDevice, value: number): void {
  const queue = unfinished(device, 'queue_size');
  const powerOfTwo = value > 0 && (value & (value - 1)) === 0;
  if (!powerOfTwo || value > queue.most) {
    device.bad(`queue_size is ${value}, not a power of two up to ${queue.most}`);
  }
  queue.size = value;
}

function writeQueueEnable(device: VirtioDevice, value: number): void {
  if (value !== 1) device.bad(`queue_enable is ${value}; only 1 can be written`);
  if (device.status & STATUS_DRIVER_OK) device.bad('enabled a queue after setting DRIVER_OK');
  device.requireFeaturesConfirmed('enabled a queue');
  enableQueue(unfinished(device, 'queue_enable'));
}

/*
 * Six registers that differ in name and number get one recipe.
 */

function queueAddress(at: number, name: string, index: number): Register {
  return {
    at,
    name,
    width: 4,
    read: (device) => selected(device)?.addresses[index] ?? 0,
    write: (device, value) => {
      device.requireFeaturesConfirmed(`wrote ${name}`);
      unfinished(device, name).addresses[index] = value;
    },
  };
}
