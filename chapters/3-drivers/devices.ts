/*
 * # Who is there?
 *
 * Knock at all thirty-two doors and see who answers. Virtio devices have their maker's number, 0x1AF4, and say in
 * the other half what they are: 0x1040 plus a type. There are types up to forty-odd by now, among them a watchdog,
 * a GPU and, honestly, a CAN bus.
 *
 * Slot 0 is answered by a *host bridge* of nobody's make. Nothing can be done with it. It sits there because Linux
 * refuses to believe in a bus without one.
 */
import { KIND_NULL, KIND_TERMINAL, addPath } from '../2-guest/archive.ts';
import { BARE } from '../2-guest/bare.ts';
import type { u32 } from '../2-guest/language.ts';
import { addressOf, array } from '../2-guest/language.ts';
import { print, printNumber } from '../2-guest/print.ts';
import { startBlock } from './block.ts';
import { startConsole } from './console.ts';
import { startEntropy } from './entropy.ts';
import { PCI_IDENTITY, PCI_SLOTS, pciRead32 } from './pci.ts';
import type { VirtioDevice } from './virtio.ts';
import { openDevice } from './virtio.ts';

/** Virtio devices say what they are in their device number: 0x1040 plus a type; their vendor is 0x1AF4. */
const VIRTIO_VENDOR = 0x1af4;
const VIRTIO_FIRST = 0x1040;
const VIRTIO_LAST = 0x107f;
const TYPE_BLOCK = 2;
const TYPE_CONSOLE = 3;
const TYPE_ENTROPY = 4;

const devices = array<VirtioDevice>(PCI_SLOTS);

/** Looks into every slot of the bus and starts the driver for whatever is in it. */
export function startDevices(): void {
  addPath(addressOf('dev/console'), KIND_TERMINAL, 0, 0);
  addPath(addressOf('dev/null'), KIND_NULL, 0, 0);
  if (BARE) return;
  for (let slot: u32 = 0; slot < PCI_SLOTS; slot++) {
    const identity: u32 = pciRead32(slot, PCI_IDENTITY);
    const number: u32 = identity >>> 16;
    if ((identity & 0xffff) !== VIRTIO_VENDOR || number < VIRTIO_FIRST || number > VIRTIO_LAST) continue;
    if (openDevice(devices[slot], slot)) startDriver(devices[slot], number - VIRTIO_FIRST);
  }
}

/*
 * ## One line each
 *
 * A driver that cannot agree with its device on the features says no, and the boot goes on. A kernel without a disk is
 * better than no kernel. What nobody drives is reported all the same.
 */

function startDriver(device: VirtioDevice, type: u32): void {
  if (type === TYPE_CONSOLE && startConsole(device)) {
    report(device, 'console');
  } else if (type === TYPE_ENTROPY && startEntropy(device)) {
    report(device, 'dice, in /dev/random');
  } else if (type === TYPE_BLOCK) {
    report(device, startBlock(device) ? 'disk, in /dev/vda' : 'a disk, but not for us');
  } else {
    report(device, 'something I have no driver for');
  }
}

function report(device: VirtioDevice, what: string): void {
  print('pup: slot ');
  printNumber(device.slot);
  print(', line ');
  printNumber(device.line);
  print(': ');
  print(what);
  print('\n');
}
