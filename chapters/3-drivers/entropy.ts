/*
 * # Dice
 *
 * A computer that does the same thing each time is a marvel, until you need a password. And nothing is as reproducible
 * as a virtual machine: this one retires the same instructions in the same order at each boot, in a World that is made
 * for it. Two Guests started from the same image would draw the same "random" numbers. Keys of real machines have been
 * guessed because too many of them had been born alike.
 *
 * So dice have to be brought in from outside, from somebody with access to noise. It is the simplest device there
 * is: you give it an empty buffer and it comes back with something in it. The driver has no interface to speak of,
 * no configuration, no features. Having read the disk's, you could have written it yourself, and I hope you
 * looked away and did.
 */
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

/*
 * ## Rolling them
 *
 * Whoever comes second waits, as at the disk. Then one buffer goes out empty, and the process sleeps until it is back.
 * There is no way to be told in advance what will be in it, which is the idea.
 */

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

/*
 * You have come out on the far side of the bus. You know by now what a device is: some registers that answer, two rings
 * of numbers, and a line that is raised. For two chapters you have been lied to, politely, by an expert. In the next
 * one we change sides: you are the Launcher, somebody is about to boot a kernel, and all you have is a file, a block of
 * memory and a telephone line to the Host.
 */
