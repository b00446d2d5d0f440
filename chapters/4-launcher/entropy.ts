/*
 * # A handful of dice
 *
 * A Guest is born without chance. It has no mouse to be shaken and no disk whose arm trembles; and where its clock
 * counts instructions, as in our tests, two pups started alike are alike to the last bit, which is wonderful for tests
 * and terrible for keys. If you want it to have a secret, you have to give it one.
 */

import type { World } from '../1-preparation/world.ts';
import type { Behaviour } from './virtio-device.ts';
import { BadDriver } from './virtqueue.ts';

const ENTROPY = 4;
const PCI_UNCLASSIFIED = 0xff00;
/** Random bytes cost more than others. Whoever wants more asks again. */
const MOST_AT_ONCE = 1 << 16;

/*
 * ## Filling buffers
 *
 * One queue of empty buffers, no configuration, no features: the whole device is a loop. The bytes come from the
 * World, so in a terminal they are the operating system's best, and in a test they are the same every time.
 *
 * lguest filled whatever it got from /dev/urandom, however large it was, which is a way to keep a launcher busy for
 * as long as a Guest has memory to point at. A device may give less than it was asked for, as long as it says so.
 * Ours gives 64 KiB.
 */

/** virtio-rng (virtio 1.0, section 5.4): buffers go in empty and come out unpredictable. */
export function createEntropy(world: World): Behaviour {
  return {
    name: 'rng',
    type: ENTROPY,
    pciClass: PCI_UNCLASSIFIED,
    features: 0,
    queues: ['input'],
    config: new Uint8Array(0),

    ready: () => true,

    serve(_queue, request, memory, label) {
      if (request.readable.length > 0)
        throw new BadDriver(label, 'a buffer for entropy that is not for writing');
      const bytes = new Uint8Array(Math.min(request.bytes, MOST_AT_ONCE));
      world.entropy(bytes);
      let written = 0;
      for (const { address, length } of request.writable) {
        memory.write(address, bytes.subarray(written, written + length));
        written = Math.min(written + length, bytes.length);
      }
      return written;
    },
  };
}
