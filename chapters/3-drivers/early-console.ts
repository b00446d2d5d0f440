/*
 * # Talking through the keyhole
 *
 * The worst time to have no voice is the beginning. To use the console you need its registers mapped, so page
 * tables, so an allocator, queues, interrupts, and if one of these has a bug, then it is the one that keeps you
 * from saying so.
 *
 * Virtio has thought of it. The fifth capability, `VIRTIO_WINDOW`, is a peephole: you say in configuration space
 * which register of the device you want, and then you read or write it *through* configuration space, by ports,
 * with nothing mapped at all. And the console has one register made for this, `emerg_wr`. What is written to it is
 * printed, before any handshake, whatever state the device is in.
 */
import { BARE } from '../2-guest/bare.ts';
import type { u32 } from '../2-guest/language.ts';
import { load8 } from '../2-guest/language.ts';
import { bareConsoleByte } from '../2-guest/paravirt.ts';
import {
  PCI_ADDRESS,
  PCI_DATA,
  PCI_IDENTITY,
  VIRTIO_DEVICE,
  VIRTIO_WINDOW,
  findCapability,
  pciAddress,
  pciRead32,
  pciWrite32,
} from './pci.ts';
import { portWrite32, portWrite8 } from './registers.ts';

/** The console has always been in slot 1: virtio's vendor, device 0x1040 plus type 3. */
const CONSOLE_SLOT = 1;
const CONSOLE_IDENTITY = 0x10431af4;

/*
 * Where it is must be pieced together: the device's capability says where its own registers begin, and the
 * emergency one is 8 bytes further. It comes to 0x44 in this machine, and a driver that looks it up does not care.
 */

/** Where the device's own registers say where they are, and which of them prints what is written to it. */
const CAPABILITY_OFFSET = 8;
const EMERGENCY_WRITE = 8;

/** In the window capability: which BAR, where in it, how many bytes, and the window itself. */
const WINDOW_BAR = 4;
const WINDOW_OFFSET = 8;
const WINDOW_LENGTH = 12;
const WINDOW_DATA = 16;

/*
 * Set up once: BAR 0, four bytes, at that offset. From then on each letter takes two port writes, the address
 * and the letter.
 */

/** Where the window is in configuration space; 0 if there is none. */
let window: u32 = 0;

/** Opens the window onto the emergency register, if there is a console. */
export function startEarlyConsole(): void {
  if (BARE || pciRead32(CONSOLE_SLOT, PCI_IDENTITY) !== CONSOLE_IDENTITY) return;
  const registers: u32 = findCapability(CONSOLE_SLOT, VIRTIO_DEVICE);
  window = findCapability(CONSOLE_SLOT, VIRTIO_WINDOW);
  if (registers === 0 || window === 0) {
    window = 0;
    return;
  }
  portWrite32(PCI_ADDRESS, pciAddress(CONSOLE_SLOT, window + WINDOW_BAR));
  portWrite8(PCI_DATA, 0);
  const offset: u32 = pciRead32(CONSOLE_SLOT, registers + CAPABILITY_OFFSET) + EMERGENCY_WRITE;
  pciWrite32(CONSOLE_SLOT, window + WINDOW_LENGTH, 4);
  pciWrite32(CONSOLE_SLOT, window + WINDOW_OFFSET, offset);
}

/*
 * Two exits a letter. The greeting of pup, its first line, makes about a hundred and fifty trips to another
 * program to be shown. Nobody will ever call it fast, and it cannot fail.
 */

/** Prints `count` bytes, one after the other. */
export function earlyWrite(address: u32, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    if (BARE) bareConsoleByte(load8(address + i));
    else if (window !== 0) pciWrite32(CONSOLE_SLOT, window + WINDOW_DATA, load8(address + i));
  }
}
