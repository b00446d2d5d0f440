/*
 * # Shaking hands
 *
 * All virtio devices begin the same way, so this part is written once. First, find the four sets of registers and
 * map the page they lie in.
 *
 * The interrupt line is a byte in configuration space, put there by whoever built the machine. On a PC it was the
 * BIOS. Here it is the Launcher, and the line has the same number as the slot.
 */
import { mapDevice } from '../2-guest/address-space.ts';
import { claimLine } from '../2-guest/interrupts.ts';
import type { u32 } from '../2-guest/language.ts';
import { addressOf, at } from '../2-guest/language.ts';
import { PAGE_OFFSET_MASK, PAGE_SIZE } from '../2-guest/layout.ts';
import {
  PCI_BAR0,
  PCI_INTERRUPT,
  VIRTIO_COMMON,
  VIRTIO_DEVICE,
  VIRTIO_INTERRUPT_STATUS,
  VIRTIO_NOTIFY,
  findCapability,
  pciRead32,
  pciRead8,
} from './pci.ts';
import { register32, register8, setRegister32, setRegister8 } from './registers.ts';

/** A device as its driver sees it. The four addresses are where its registers are mapped. */
export interface VirtioDevice {
  slot: u32;
  line: u32;
  common: u32;
  notify: u32;
  interruptStatus: u32;
  settings: u32;
  served: () => void;
}

/*
 * The first set is the same for all. Feature bits are 64 and the registers 32 wide, hence the two that select a
 * half.
 */

/** The registers that all devices have (virtio 1.0, 4.1.4.3), as offsets. */
const DEVICE_FEATURE_SELECT = 0x00;
const DEVICE_FEATURE = 0x04;
const DRIVER_FEATURE_SELECT = 0x08;
const DRIVER_FEATURE = 0x0c;
const DEVICE_STATUS = 0x14;

/** Finds out where the registers of the device in `slot` are, and maps them. False: not a device of this kind. */
export function openDevice(device: VirtioDevice, slot: u32): boolean {
  device.slot = slot;
  device.line = pciRead8(slot, PCI_INTERRUPT);
  const address: u32 = pciRead32(slot, PCI_BAR0) & ~15;
  const bar: u32 = mapDevice(address, PAGE_SIZE - (address & PAGE_OFFSET_MASK));
  device.common = registersOf(slot, VIRTIO_COMMON, bar);
  device.notify = registersOf(slot, VIRTIO_NOTIFY, bar);
  device.interruptStatus = registersOf(slot, VIRTIO_INTERRUPT_STATUS, bar);
  device.settings = registersOf(slot, VIRTIO_DEVICE, bar);
  return device.common !== 0 && device.notify !== 0 && device.interruptStatus !== 0;
}

/** Where the registers of `type` are mapped; 0 if the device has none, or not in its first BAR. */
function registersOf(slot: u32, type: u32, bar: u32): u32 {
  const capability: u32 = findCapability(slot, type);
  if (capability === 0 || (pciRead32(slot, capability + 4) & 0xff) !== 0) return 0;
  return bar + pciRead32(slot, capability + 8);
}

/*
 * ## The handshake
 *
 * It takes six steps, and their order is law. *I have seen you. I know how to drive you. What can you do? Then let
 * us do this much of it. Agreed? (Read it back! The device may have taken FEATURES_OK away again.) And, once the
 * queues are there: go.*
 *
 * Our Launcher is stricter about it than any hardware. lguest's author used his to find bugs in drivers, so a step
 * out of order ends the machine, with a line that says which. You are welcome to try: swap two of the calls below
 * and boot.
 */

const ACKNOWLEDGE = 1;
const DRIVER = 2;
const DRIVER_OK = 4;
const FEATURES_OK = 8;

/*
 * We want very little. Everything a device offers beyond the basics stays off the table, but for one bit: number
 * 32, *I am a driver by the standard of 2016 and not by the one before*, without which there is no deal.
 */

/** Feature bit 32, the first of the second word: this is a driver of today, not of 2007. */
const VERSION_1 = 1;

/** Negotiates: of what the device offers in its first 32 features we take `wanted`. False if the device objects. */
export function negotiate(device: VirtioDevice, wanted: u32): boolean {
  setStatus(device, 0);
  if (register8(device.common + DEVICE_STATUS) !== 0) return false;
  setStatus(device, ACKNOWLEDGE);
  setStatus(device, ACKNOWLEDGE | DRIVER);
  const low: u32 = offered(device, 0);
  const high: u32 = offered(device, 1);
  if ((high & VERSION_1) === 0) return false;
  accept(device, 0, low & wanted);
  accept(device, 1, VERSION_1);
  setStatus(device, ACKNOWLEDGE | DRIVER | FEATURES_OK);
  return (register8(device.common + DEVICE_STATUS) & FEATURES_OK) !== 0;
}

/*
 * And the functions that do the talking. The pair that speaks of features has to choose its half anew each time: the
 * device remembers the last choice, whoever made it.
 */

/** The last step, once the queues are there: from now on the device works. */
export function driverIsReady(device: VirtioDevice): void {
  setStatus(device, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
}

function setStatus(device: VirtioDevice, status: u32): void {
  setRegister8(device.common + DEVICE_STATUS, status);
}

function offered(device: VirtioDevice, half: u32): u32 {
  setRegister32(device.common + DEVICE_FEATURE_SELECT, half);
  return register32(device.common + DEVICE_FEATURE);
}

function accept(device: VirtioDevice, half: u32, features: u32): void {
  setRegister32(device.common + DRIVER_FEATURE_SELECT, half);
  setRegister32(device.common + DRIVER_FEATURE, features);
}

/*
 * ## Interrupts
 *
 * When a device has finished something it raises its line and sets a bit in its interrupt status. Reading the
 * status *clears* it. A load with a side effect: there is the reason for all that caution with the assembler. If
 * the bit was not set, the interrupt was for somebody else on the same line, or it has been dealt with already.
 */

/** Calls `served` whenever the device has used something. */
export function listen(device: VirtioDevice, served: () => void): void {
  device.served = served;
  claimLine(device.line, deviceInterrupt, addressOf(device));
}

/** Reading the status takes the interrupt back; 0 means that somebody else on this line wanted us. */
function deviceInterrupt(argument: u32): void {
  const device = at<VirtioDevice>(argument);
  if (register8(device.interruptStatus) !== 0) device.served();
}
