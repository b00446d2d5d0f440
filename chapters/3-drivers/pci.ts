/*
 * # The bus with two ports
 *
 * How do you find out what is plugged in? Before 1992 you looked at the card, moved some jumpers and prayed. PCI
 * was the bus that could be *asked*. Every device has 256 bytes of configuration space, in a layout that is the
 * same for all of them, and one reaches it through two ports: write to the first which word you mean, then read or
 * write it through the second.
 *
 * :::figure{#pci-address caption="What goes to port 0xCF8. Bit 31 says that it is meant."}
 * ```text
 *       31 30        24 23    16 15    11 10   8 7        2 1 0
 *      +--+------------+--------+--------+------+----------+---+
 *      | 1|     0      |  bus   |  slot  | func |   word   | 0 |
 *      +--+------------+--------+--------+------+----------+---+
 * ```
 * :::
 *
 * Ask an empty slot for its name and it answers 0xFFFFFFFF. Nobody says that: the bus floats, and floating wires
 * read as ones. The Launcher plays even that.
 */
import type { u32 } from '../2-guest/language.ts';
import { portRead32, portWrite32 } from './registers.ts';

/** Configuration mechanism 1: an address goes to the first port, and the word it names appears behind the second. */
export const PCI_ADDRESS = 0xcf8;
export const PCI_DATA = 0xcfc;
const ENABLE = 0x80000000;

/** Slots on the bus; the bus and the function are always 0. */
export const PCI_SLOTS = 32;

/** Where things are in the configuration space of every device. */
export const PCI_IDENTITY = 0x00;
export const PCI_BAR0 = 0x10;
export const PCI_CAPABILITIES = 0x34;
export const PCI_INTERRUPT = 0x3c;

/*
 * Two ports for one access is a recipe for trouble when two people do it at the same time. You are alone.
 */

/** The address of the aligned word at `offset` in the configuration space of the device in `slot`. */
export function pciAddress(slot: u32, offset: u32): u32 {
  return ENABLE | (slot << 11) | (offset & 0xfc);
}

/** Reads a word of configuration space. */
export function pciRead32(slot: u32, offset: u32): u32 {
  portWrite32(PCI_ADDRESS, pciAddress(slot, offset));
  return portRead32(PCI_DATA);
}

/** Reads one byte of configuration space. */
export function pciRead8(slot: u32, offset: u32): u32 {
  return (pciRead32(slot, offset) >>> ((offset & 3) * 8)) & 0xff;
}

/** Writes a word of configuration space. */
export function pciWrite32(slot: u32, offset: u32, value: u32): void {
  portWrite32(PCI_ADDRESS, pciAddress(slot, offset));
  portWrite32(PCI_DATA, value);
}

/*
 * ## Capabilities
 *
 * Six words of the first 64 bytes are *base address registers*, BAR for short: each says where in memory a region of
 * the device's own registers lies. Beyond the 64 bytes every device is free to say what it likes, as a chain of
 * *capabilities*: an id, the offset of the next one, some contents. Virtio uses five, all with the id "vendor
 * specific", to say *my common registers lie in the region of this BAR, at that offset* and so forth. The driver knows
 * no address by heart.
 *
 * A chain in somebody else's memory may be a circle. Count.
 */

const CAPABILITY_VENDOR = 0x09;

/** Types of a virtio capability: where a set of registers lies. */
export const VIRTIO_COMMON = 1;
export const VIRTIO_NOTIFY = 2;
export const VIRTIO_INTERRUPT_STATUS = 3;
export const VIRTIO_DEVICE = 4;
export const VIRTIO_WINDOW = 5;

/** Finds the virtio capability of `type`: its offset in configuration space, or 0. The chain has at most 48 links. */
export function findCapability(slot: u32, type: u32): u32 {
  let offset: u32 = pciRead8(slot, PCI_CAPABILITIES);
  for (let links: u32 = 0; offset !== 0 && links < 48; links++) {
    const word: u32 = pciRead32(slot, offset); // id, next, length, type
    if ((word & 0xff) === CAPABILITY_VENDOR && word >>> 24 === type) return offset;
    offset = (word >>> 8) & 0xff;
  }
  return 0;
}
