/*
 * # A screenful of registers
 *
 * When lguest was young, Linux could be the guest of eight different hypervisors and had a different way to have a
 * disk under each. Rusty Russell, who had just written one of the eight, proposed to agree: one kind of queue, one
 * way to say hello, and small drivers on top that would run under anybody. He called it virtio. lguest spoke it
 * from January 2008 on, in Linux 2.6.24, and most of what rents itself out as a computer today speaks it as well.
 *
 * What is in front of you is version 1.0, the one with a committee behind it. lguest's launcher was rewritten for
 * it, and with a purpose that you will notice: while real devices ignore what they do not understand, this one
 * *checks*. It was the standard's conscience. A driver that did anything the text forbids lost its Guest on the
 * spot, with a sentence saying which rule it had broken. Ours inherits the temper.
 *
 * :::figure{#bar0 caption="BAR0 of a virtio device. COMMON, NOTIFY, ISR and DEVICE are the four capabilities of the configuration space."}
 * ```text
 *   00  device_feature_select   what do you offer?        COMMON
 *   04  device_feature
 *   08  guest_feature_select    what do I accept?
 *   0c  guest_feature
 *   10  msix_config | num_queues
 *   14  device_status | config_generation | queue_select
 *   18  queue_size | queue_msix_vector
 *   1c  queue_enable | queue_notify_off
 *   20  queue_desc   (64 bits)  where is the queue?
 *   28  queue_avail  (64 bits)
 *   30  queue_used   (64 bits)
 *   38  notify                  there is work for you     NOTIFY
 *   3a  isr                     was that interrupt yours? ISR
 *   3c  ...                     the device's own          DEVICE
 * ```
 * :::
 */

import { viewOf } from './elf.ts';
import {
  notify,
  offeredFeatures,
  readStatus,
  STATUS_DRIVER,
  STATUS_FEATURES_OK,
  takeInterruptStatus,
  type VirtioDevice,
  writeStatus,
} from './virtio-device.ts';
import { QUEUE_REGISTERS, selector } from './virtio-queue-registers.ts';

/*
 * Four windows in a row, of which the first three take sixty bytes. Our capabilities could have put each into a page of
 * its own, which a hypervisor on real hardware does, so that a notification costs it less than the rest. To us a trap
 * is a trap.
 */

/** Offsets into BAR0 of the four windows that the PCI capabilities describe, and their lengths. */
export const COMMON_LENGTH = 56;
export const NOTIFY_OFFSET = 0x38;
export const NOTIFY_LENGTH = 2;
export const ISR_OFFSET = 0x3a;
export const ISR_LENGTH = 1;
export const CONFIG_OFFSET = 0x3c;

/*
 * ## The table
 *
 * A register has a place, a name, a width and up to two things that happen. What is not in the table cannot be
 * done. The names are not decoration: they are what a driver's author gets to read.
 */

/** One register of BAR0. */
export interface Register {
  /** Offset into BAR0. */
  at: number;
  name: string;
  /** In bytes; the only width it may be accessed with. */
  width: 1 | 2 | 4;
  read?(device: VirtioDevice): number;
  write?(device: VirtioDevice, value: number): void;
}

/*
 * The first four are a conversation through a letter slot. There are 64 features, and each register shows 32 of
 * them, so you say first which half you mean.
 */

const FEATURE_REGISTERS: readonly Register[] = [
  selector(0x00, 'device_feature_select', 4, 'deviceFeatureSelect'),
  {
    at: 0x04,
    name: 'device_feature',
    width: 4,
    read: (device) => {
      device.requireDriver('read device_feature');
      return offeredFeatures(device, device.deviceFeatureSelect);
    },
  },
  {
    at: 0x08,
    name: 'guest_feature_select',
    width: 4,
    read: (device) => device.guestFeatureSelect,
    write: (device, value) => {
      if (value > 1) device.bad(`guest_feature_select is ${value}; there are only 64 features`);
      device.guestFeatureSelect = value;
    },
  },
  {
    at: 0x0c,
    name: 'guest_feature',
    width: 4,
    read: (device) => device.guestFeatures[device.guestFeatureSelect]!,
    write: writeGuestFeature,
  },
];

/*
 * Then the device as a whole. `device_status` is a story of its own, in the next file but one. `msix_config` is for
 * interrupts that are messages instead of wires, which we do not have: a driver that reads it has not looked at our
 * capabilities.
 */

const DEVICE_REGISTERS: readonly Register[] = [
  { at: 0x10, name: 'msix_config', width: 2 },
  { at: 0x12, name: 'num_queues', width: 2, read: (device) => device.queues.length },
  {
    at: 0x14,
    name: 'device_status',
    width: 1,
    read: (device) => readStatus(device),
    write: (device, value) => writeStatus(device, value),
  },
  { at: 0x15, name: 'config_generation', width: 1, read: () => 0 },
  {
    at: NOTIFY_OFFSET,
    name: 'notify',
    width: 2,
    read: () => 0,
    write: (device, value) => notify(device, value),
  },
  { at: ISR_OFFSET, name: 'isr', width: 1, read: (device) => takeInterruptStatus(device) },
];

/*
 * And eleven more that all speak of one queue at a time. They are the next file.
 */

const REGISTERS: ReadonlyMap<number, Register> = new Map(
  [...FEATURE_REGISTERS, ...DEVICE_REGISTERS, ...QUEUE_REGISTERS].map((register) => [register.at, register]),
);

/*
 * ## Features
 *
 * The whole of compatibility is in these two words: the device offers, the driver takes the subset that it
 * understands, and neither may count on anything else. Taking what was not offered is the one thing that cannot be
 * forgiven later, since both sides would be right and talk past each other.
 */

function writeGuestFeature(device: VirtioDevice, value: number): void {
  device.requireDriver('wrote guest_feature');
  if (device.status & STATUS_FEATURES_OK) device.bad('wrote guest_feature after setting FEATURES_OK');
  const surplus = value & ~offeredFeatures(device, device.guestFeatureSelect);
  if (surplus !== 0) {
    const bits = `0x${(surplus >>> 0).toString(16)} of word ${device.guestFeatureSelect}`;
    device.bad(`accepted features that were not offered: ${bits}`);
  }
  device.guestFeatures[device.guestFeatureSelect] = value;
}

/*
 * ## Going in
 *
 * Two functions are all that the rest of the chapter knows of these registers. They are reached by a plain move as
 * well as through the little window in the configuration space, and it is the same to them.
 */

/** Bytes of BAR0 that mean something. */
export function barSize(device: VirtioDevice): number {
  return CONFIG_OFFSET + device.behaviour.config.length;
}

/** A load of `width` bytes from BAR0 + `offset`. @throws BadDriver if a driver has no business there */
export function readRegister(device: VirtioDevice, offset: number, width: number): number {
  if (offset >= CONFIG_OFFSET) return readConfig(device, offset - CONFIG_OFFSET, width);
  const register = find(device, offset, width, 'read');
  if (!register.read) device.bad(`read ${register.name}`);
  return register.read(device) >>> 0;
}

/** A store of `width` bytes to BAR0 + `offset`. @throws BadDriver if a driver has no business there */
export function writeRegister(device: VirtioDevice, offset: number, width: number, value: number): void {
  if (offset >= CONFIG_OFFSET) {
    writeConfig(device, offset - CONFIG_OFFSET, width, value);
    return;
  }
  const register = find(device, offset, width, 'wrote');
  if (!register.write) device.bad(`wrote ${value} to ${register.name}, which is not for writing`);
  register.write(device, value >>> 0);
}

function find(device: VirtioDevice, offset: number, width: number, verb: string): Register {
  const register = REGISTERS.get(offset);
  if (!register) device.bad(`${verb} ${width} bytes at 0x${offset.toString(16)}, where no register begins`);
  if (register.width !== width)
    device.bad(`${verb} ${width} bytes of ${register.name}, which has ${register.width}`);
  return register;
}

/*
 * The device's own corner comes last, and is the one place where any width will do, since the fields in there
 * belong to each device. Writing is by permission of the device, and only the console gives one.
 */

function readConfig(device: VirtioDevice, offset: number, width: number): number {
  if ((device.status & STATUS_DRIVER) === 0) device.bad('read its configuration before setting DRIVER');
  const { config } = device.behaviour;
  if (offset + width > config.length) {
    device.bad(`read ${width} bytes at ${offset} of its configuration, which has ${config.length}`);
  }
  const view = viewOf(config);
  if (width === 1) return view.getUint8(offset);
  return width === 2 ? view.getUint16(offset, true) : view.getUint32(offset, true);
}

function writeConfig(device: VirtioDevice, offset: number, width: number, value: number): void {
  const taken = device.behaviour.writeConfig?.(offset, width, value) ?? false;
  if (!taken) device.bad(`wrote ${width} bytes at ${offset} of its configuration`);
}
