/* # Dice */
import { KIND_RANDOM, addPath } from '../2-guest/archive.ts';
import type { OpenFile } from '../2-guest/files.ts';
import type { i32, u32, u8 } from '../2-guest/language.ts';
import { addressOf, array, struct } from '../2-guest/language.ts';
import { EFAULT, ENODEV } from '../2-guest/protocol.ts';
import { sleepOn, wake } from '../2-guest/scheduler.ts';
import { copyToUser } from '../2-guest/user-memory.ts';
import type { VirtioDevice } from './virtio.ts';
import { driverIsReady, listen, negotiate } from './virtio.ts';
import type { Virtqueue } from './virtqueue.ts';
import { DEVICE_WRITES, describe, hasUsed, offer, openQueue, takeUsed, usedLength } from './virtqueue.ts';

const queue = struct<Virtqueue>();
const BUFFER_SIZE = 64;
const buffer = array<u8>(64);
let present: boolean = false;
let busy: boolean = false;

/** Takes over a source of randomness and makes it a file: `/dev/random`. */
export function startEntropy(device: VirtioDevice): boolean {
  if (present || !negotiate(device, 0)) return false;
  openQueue(queue, device, 0);
  driverIsReady(device);
  listen(device, diceRolled);
  present = true;
  addPath(addressOf('dev/random'), KIND_RANDOM, 0, 0);
  return true;
}

function diceRolled(): void {
  wake(addressOf(queue));
}

/** Reads up to 64 random bytes. */
export function readRandomFile(_file: OpenFile, address: u32, count: u32): i32 {
  if (!present) return -ENODEV;
  while (busy) sleepOn(addressOf(buffer));
  busy = true;
  offer(queue, describe(queue, addressOf(buffer), count < BUFFER_SIZE ? count : BUFFER_SIZE, DEVICE_WRITES));
  while (!hasUsed(queue)) sleepOn(addressOf(queue));
  const length: u32 = usedLength(queue);
  takeUsed(queue);
  const copied: boolean = copyToUser(address, addressOf(buffer), length);
  busy = false;
  wake(addressOf(buffer));
  return copied ? (length as i32) : -EFAULT;
}
