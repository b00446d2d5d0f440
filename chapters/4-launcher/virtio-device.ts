/*
 * # Hello, device
 *
 * A driver and a device are two programs by different authors who have never met, and who share a bus, a few
 * registers and a stretch of memory. One of them may have been written in ten years from now. How do they begin?
 *
 * They shake hands, one finger at a time. The device's status is a byte, each bit of which the driver sets when it
 * has got that far: I have seen you (1). I know how to drive you (2). This is what I understand of you (8). And
 * when the queues are laid out: go (4).
 *
 * :::figure{#status caption="The only way up. From anywhere, writing 0 leads back to the start; 0x80 means that the driver gave up."}
 * ```text
 *    0 --> 1 -----------> 3 --------> b ---------------> f
 *      ACKNOWLEDGE     DRIVER    FEATURES_OK         DRIVER_OK
 *                         |           |                   |
 *                 features may    must be read      queues are
 *                 be written      back; then the    looked at
 *                                 queues may be
 *                                 set up
 * ```
 * :::
 */

import type { GuestWindow } from '../5-host/dev-lguest.ts';
import { announce, BadDriver, type Chain, giveBack, takeRequest, Virtqueue } from './virtqueue.ts';

/*
 * ## What differs
 *
 * Everything up to here, and most of what follows, is the same for a disk and for a handful of dice. What is not
 * fits into a `Behaviour`: a few numbers to be recognised by, a block of configuration, and `serve`, which gets one
 * request from a queue and says how much it wrote back. No device of this chapter needs to know what a ring is.
 *
 * `ready` exists for the console and the network, which get their buffers long before there is anything to put in
 * them. `accept` is for whoever behaves differently for different drivers.
 */

/** What makes a virtio device a disk or a dice cup: the part that differs. */
export interface Behaviour {
  /** For messages: `console`, `block`, `rng`. */
  readonly name: string;
  /** Virtio device type (virtio 1.0, section 5). */
  readonly type: number;
  /** PCI class and subclass, as bits 15:8 and 7:0. */
  readonly pciClass: number;
  /** Offered feature bits 0 to 31. VERSION_1 comes with the bus. */
  readonly features: number;
  /** Names of the queues, in order. */
  readonly queues: readonly string[];
  /** The most entries that a driver may give each of them; `QUEUE_SIZE` where it does not say. */
  readonly queueSizes?: readonly number[];
  /** The device's own registers, behind the common ones. */
  readonly config: Uint8Array;
  /** The driver has chosen among `features`: those of bits 0 to 31. */
  accept?(features: number): void;
  /** Is there anything to be done with a buffer on this queue? */
  ready(queue: number): boolean;
  /** Serves one request and returns how many bytes it wrote into it. */
  serve(queue: number, request: Chain, memory: GuestWindow, label: string): number;
  /** A write to `config`; absent or false: there is nothing to write at. */
  writeConfig?(offset: number, width: number, value: number): boolean;
  /** The Guest is gone. */
  close?(): void;
}

/*
 * ## Numbers
 *
 * The order of the bits is that of their history and not of their use. DRIVER_OK was 4 before anyone thought that
 * features needed a confirmation.
 */

export const STATUS_ACKNOWLEDGE = 1;
export const STATUS_DRIVER = 2;
export const STATUS_DRIVER_OK = 4;
export const STATUS_FEATURES_OK = 8;
export const STATUS_FAILED = 0x80;
const STATUS_ORDER = [STATUS_ACKNOWLEDGE, STATUS_DRIVER, STATUS_FEATURES_OK, STATUS_DRIVER_OK];

/** The second word of features has one bit that matters: this is no legacy device (bit 32). */
const VERSION_1 = 1;
/** Bit 28 of the first: descriptors may point at tables of descriptors. */
export const INDIRECT_DESCRIPTORS = 1 << 28;
const INTERRUPT_QUEUE = 1;
/** Bytes moved before the other devices get a turn; each piece of a request counts as at least REQUEST_COST. */
const TURN = 1 << 20;
const REQUEST_COST = 512;

/*
 * ## The device
 *
 * It remembers what its registers hold, whether the driver has read back its confirmation, and which queues
 * somebody has rung for.
 *
 * :::aside
 * The second half of the features, bits 32 and up, holds only VERSION_1, which says *I am not from before the
 * standard*. Devices from before it had everything in the byte order of the machine they were in, and on ports. We
 * never were one, and say so.
 * :::
 */

/**
 * A virtio 1.0 device: its status, its features, its queues. The registers in front of it are in `virtio-registers.ts`.
 */
export class VirtioDevice {
  readonly behaviour: Behaviour;
  readonly memory: GuestWindow;
  readonly queues: Virtqueue[];
  /** Pulls the interrupt line. */
  readonly raise: () => void;

  status = 0;
  deviceFeatureSelect = 0;
  guestFeatureSelect = 0;
  readonly guestFeatures = new Uint32Array(2);
  queueSelect = 0;
  interruptStatus = 0;
  /** The driver has read FEATURES_OK back. */
  featuresConfirmed = false;
  /** Which queues the driver has rung for. */
  readonly waiting: boolean[];

  constructor(behaviour: Behaviour, memory: GuestWindow, raise: () => void) {
    this.behaviour = behaviour;
    this.memory = memory;
    this.raise = raise;
    this.queues = behaviour.queues.map(
      (name, index) => new Virtqueue(memory, `${behaviour.name} vq ${name}`, behaviour.queueSizes?.[index]),
    );
    this.waiting = behaviour.queues.map(() => false);
  }

  /** Ends the Guest: its driver broke a rule. */
  bad(what: string): never {
    throw new BadDriver(this.behaviour.name, what);
  }

  requireDriver(what: string): void {
    if ((this.status & STATUS_DRIVER) === 0) this.bad(`${what} before setting DRIVER`);
  }

  requireFeaturesConfirmed(what: string): void {
    if (!this.featuresConfirmed) this.bad(`${what} before FEATURES_OK was set and read back`);
  }
}

/** The offered features, 32 at a time. */
export function offeredFeatures(device: VirtioDevice, half: number): number {
  if (half === 0) return device.behaviour.features;
  return half === 1 ? VERSION_1 : 0;
}

/*
 * ## Up the stairs
 *
 * The driver must read the status back after setting FEATURES_OK. It looks like a superstition. But this is where a
 * device that cannot live with the chosen features says no, by not having the bit set, and a driver that does not
 * look has not asked.
 */

/** Reads the status, which is how a driver learns whether its features were accepted. */
export function readStatus(device: VirtioDevice): number {
  if (device.status & STATUS_FEATURES_OK) device.featuresConfirmed = true;
  return device.status;
}

/** One step on the way from ACKNOWLEDGE to DRIVER_OK, or back to the start (virtio 1.0, section 3.1). */
export function writeStatus(device: VirtioDevice, value: number): void {
  if (value === 0) {
    reset(device);
    return;
  }
  if (value & STATUS_FAILED) device.bad(`gave up on the device (status 0x${value.toString(16)})`);
  const next = STATUS_ORDER.find((bit) => (device.status & bit) === 0) ?? 0;
  if (next === 0 || value !== (device.status | next)) {
    const wanted = next === 0 ? '0 is all that is left' : `0x${(device.status | next).toString(16)} is next`;
    device.bad(`status went from 0x${device.status.toString(16)} to 0x${value.toString(16)}, but ${wanted}`);
  }
  if (next === STATUS_FEATURES_OK && (device.guestFeatures[1]! & VERSION_1) === 0) {
    device.bad('did not accept VERSION_1, and this is no legacy device');
  }
  if (next === STATUS_DRIVER_OK) device.requireFeaturesConfirmed('set DRIVER_OK');
  device.status = value;
  if (next === STATUS_FEATURES_OK) acceptFeatures(device);
  if (next === STATUS_DRIVER_OK) device.waiting.fill(true);
}

function acceptFeatures(device: VirtioDevice): void {
  const features = device.guestFeatures[0]!;
  for (const queue of device.queues) queue.indirect = (features & INDIRECT_DESCRIPTORS) !== 0;
  device.behaviour.accept?.(features);
}

function reset(device: VirtioDevice): void {
  device.status = 0;
  device.deviceFeatureSelect = 0;
  device.guestFeatureSelect = 0;
  device.guestFeatures.fill(0);
  device.queueSelect = 0;
  device.interruptStatus = 0;
  device.featuresConfirmed = false;
  device.waiting.fill(false);
  for (const queue of device.queues) queue.reset();
}

/*
 * ## Somebody rings
 *
 * A notification is a queue's number written to a register, and carries nothing else: no length, no address, not
 * even how many. All of that is in memory. It just means *look*, and so it does no harm that several of them melt
 * into one.
 *
 * We do not look here, though. We make a note of it and let `work` find it, once the instruction that rang has been
 * put behind the Guest. A driver that dies of what we find in its queue shall be found dead in the right place.
 */

/** The driver has put something on a queue. */
export function notify(device: VirtioDevice, index: number): void {
  const queue = device.queues[index];
  if (!queue) device.bad(`notified queue ${index} of ${device.queues.length}`);
  if ((device.status & STATUS_DRIVER_OK) === 0)
    device.bad(`notified queue ${index} before setting DRIVER_OK`);
  if (!queue.enabled) device.bad(`notified queue ${index}, which it never enabled`);
  device.waiting[index] = true;
}

/*
 * ## One turn each
 *
 * A Guest can put 256 requests into a queue and make each of them as long as we allow. That is four gigabytes of work,
 * all of it within the rules, and while we do it nobody hears ^C. And a request of a few bytes may
 * be in two hundred and fifty-six pieces. So each queue gets turns of about a megabyte, or of two thousand pieces, and
 * of one request at least, after which the Guest's clock and your keys get theirs.
 *
 * When a queue runs dry or its turn is over, and not once for each request, the driver gets its interrupt. `announce`
 * knows whether it wants one. And whether there is more to do is asked last of all, of every queue: a frame that was
 * sent may have brought its answer already, for a queue that had its turn before.
 */

/** Serves what waits, up to one turn's worth on each queue. @returns true if there is more to do at once */
export function work(device: VirtioDevice): boolean {
  if ((device.status & STATUS_DRIVER_OK) === 0) return false;
  if (!device.waiting.includes(true)) return false;
  for (const [index, queue] of device.queues.entries()) {
    if (!hasWork(device, index)) continue;
    serveTurn(device, index, queue);
    if (announce(queue)) {
      device.interruptStatus |= INTERRUPT_QUEUE;
      device.raise();
    }
  }
  return device.queues.some((_, index) => hasWork(device, index));
}

function hasWork(device: VirtioDevice, index: number): boolean {
  return device.waiting[index]! && device.queues[index]!.enabled && device.behaviour.ready(index);
}

function serveTurn(device: VirtioDevice, index: number, queue: Virtqueue): void {
  const { behaviour, memory } = device;
  for (let moved = 0; moved < TURN && behaviour.ready(index); ) {
    const request = takeRequest(queue);
    if (!request) {
      device.waiting[index] = false;
      return;
    }
    giveBack(queue, request, behaviour.serve(index, request, memory, queue.label));
    const pieces = request.readable.length + request.writable.length;
    moved += Math.max(request.bytes, REQUEST_COST * pieces) + request.extra;
  }
}

/** Reading the interrupt status is the acknowledgement. */
export function takeInterruptStatus(device: VirtioDevice): number {
  const status = device.interruptStatus;
  device.interruptStatus = 0;
  return status;
}
