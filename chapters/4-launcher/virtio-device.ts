import type { GuestWindow } from '../5-host/dev-lguest.ts';
import { BadDriver, type Chain, Virtqueue } from './virtqueue.ts';

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
  /** The device's own registers, behind the common ones. */
  readonly config: Uint8Array;
  /** Is there anything to be done with a buffer on this queue? */
  ready(queue: number): boolean;
  /** Serves one request and returns how many bytes it wrote into it. */
  serve(queue: number, request: Chain, memory: GuestWindow, label: string): number;
  /** A write to `config`; absent or false: there is nothing to write at. */
  writeConfig?(offset: number, width: number, value: number): boolean;
  /** The Guest is gone. */
  close?(): void;
}

export const STATUS_ACKNOWLEDGE = 1;
export const STATUS_DRIVER = 2;
export const STATUS_DRIVER_OK = 4;
export const STATUS_FEATURES_OK = 8;
export const STATUS_FAILED = 0x80;
const STATUS_ORDER = [STATUS_ACKNOWLEDGE, STATUS_DRIVER, STATUS_FEATURES_OK, STATUS_DRIVER_OK];

/** The second word of features has one bit that matters: this is no legacy device (bit 32). */
const VERSION_1 = 1;
const INTERRUPT_QUEUE = 1;
/** Bytes moved before the other devices get a turn; a request counts as at least REQUEST_COST. */
const TURN = 1 << 20;
const REQUEST_COST = 512;

/** A virtio 1.0 device: its status, its features, its queues. The registers in front of it are in `virtio-registers.ts`. */
export class VirtioDevice {
  readonly behaviour: Behaviour;
  readonly memory: GuestWindow;
  readonly queues: Virtqueue[];
  readonly #raise: () => void;
  readonly #waiting: boolean[];

  status = 0;
  deviceFeatureSelect = 0;
  guestFeatureSelect = 0;
  readonly guestFeatures = new Uint32Array(2);
  queueSelect = 0;
  #interruptStatus = 0;
  #featuresConfirmed = false;

  /** @param raise pulls the device's interrupt line */
  constructor(behaviour: Behaviour, memory: GuestWindow, raise: () => void) {
    this.behaviour = behaviour;
    this.memory = memory;
    this.#raise = raise;
    this.queues = behaviour.queues.map((name) => new Virtqueue(memory, `${behaviour.name} vq ${name}`));
    this.#waiting = behaviour.queues.map(() => false);
  }

  /** Ends the Guest: its driver broke a rule. */
  bad(what: string): never {
    throw new BadDriver(this.behaviour.name, what);
  }

  /** The offered features, 32 at a time. */
  features(half: number): number {
    if (half === 0) return this.behaviour.features;
    return half === 1 ? VERSION_1 : 0;
  }

  /** Reads the status, which is how a driver learns whether its features were accepted. */
  readStatus(): number {
    if (this.status & STATUS_FEATURES_OK) this.#featuresConfirmed = true;
    return this.status;
  }

  /** One step on the way from ACKNOWLEDGE to DRIVER_OK, or back to the start (virtio 1.0, section 3.1). */
  writeStatus(value: number): void {
    if (value === 0) {
      this.#reset();
      return;
    }
    if (value & STATUS_FAILED) this.bad(`gave up on the device (status 0x${value.toString(16)})`);
    const next = STATUS_ORDER.find((bit) => (this.status & bit) === 0) ?? 0;
    if (next === 0 || value !== (this.status | next)) {
      const wanted = next === 0 ? '0 is all that is left' : `0x${(this.status | next).toString(16)} is next`;
      this.bad(`status went from 0x${this.status.toString(16)} to 0x${value.toString(16)}, but ${wanted}`);
    }
    if (next === STATUS_FEATURES_OK && (this.guestFeatures[1]! & VERSION_1) === 0) {
      this.bad('did not accept VERSION_1, and this is no legacy device');
    }
    if (next === STATUS_DRIVER_OK) this.requireFeaturesConfirmed('set DRIVER_OK');
    this.status = value;
    if (next === STATUS_DRIVER_OK) this.#waiting.fill(true);
  }

  #reset(): void {
    this.status = 0;
    this.deviceFeatureSelect = 0;
    this.guestFeatureSelect = 0;
    this.guestFeatures.fill(0);
    this.queueSelect = 0;
    this.#interruptStatus = 0;
    this.#featuresConfirmed = false;
    this.#waiting.fill(false);
    for (const queue of this.queues) queue.reset();
  }

  requireDriver(what: string): void {
    if ((this.status & STATUS_DRIVER) === 0) this.bad(`${what} before setting DRIVER`);
  }

  requireFeaturesConfirmed(what: string): void {
    if (!this.#featuresConfirmed) this.bad(`${what} before FEATURES_OK was set and read back`);
  }

  /** Reading the interrupt status is the acknowledgement. */
  takeInterruptStatus(): number {
    const status = this.#interruptStatus;
    this.#interruptStatus = 0;
    return status;
  }

  /** The driver has put something on a queue. */
  notify(index: number): void {
    const queue = this.queues[index];
    if (!queue) this.bad(`notified queue ${index} of ${this.queues.length}`);
    if ((this.status & STATUS_DRIVER_OK) === 0) this.bad(`notified queue ${index} before setting DRIVER_OK`);
    if (!queue.enabled) this.bad(`notified queue ${index}, which it never enabled`);
    this.#waiting[index] = true;
  }

  /** Serves what waits, up to one turn's worth on each queue. @returns true if there is more to do at once */
  work(): boolean {
    if ((this.status & STATUS_DRIVER_OK) === 0) return false;
    let more = false;
    for (const [index, queue] of this.queues.entries()) {
      if (!this.#waiting[index] || !queue.enabled || !this.behaviour.ready(index)) continue;
      if (this.#serve(index, queue)) more = true;
      if (queue.announce()) {
        this.#interruptStatus |= INTERRUPT_QUEUE;
        this.#raise();
      }
    }
    return more;
  }

  #serve(index: number, queue: Virtqueue): boolean {
    for (let moved = 0; moved < TURN; ) {
      if (!this.behaviour.ready(index)) return false;
      const request = queue.take();
      if (!request) {
        this.#waiting[index] = false;
        return false;
      }
      queue.give(request, this.behaviour.serve(index, request, this.memory, queue.label));
      moved += Math.max(request.bytes, REQUEST_COST);
    }
    return true;
  }
}
