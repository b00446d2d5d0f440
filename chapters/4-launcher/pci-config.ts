/*
 * # Who are you?
 *
 * Every PCI device can be asked who it is, by whoever does not know it, in a language that has hardly changed since
 * 1993. It answers with a table of 64 bytes or more: who made me, what am I, where are my registers, which
 * interrupt is mine. This file is the table, and there are only two kinds of it on our bus.
 *
 * :::figure{#config-space caption="The configuration space of a virtio device, by 32-bit words. What is not shown reads 0."}
 * ```text
 *     00  device 1040 + type | vendor 1af4     Qumranet's, who made KVM, and lent it
 *     04  status 0010        | command 0000    0010: look at 34
 *     08  class   subclass   00  revision 01
 *     10  BAR0: where my registers are
 *     2c  subsystem 0040     | vendor 0000
 *     34                           40 ---.     first capability
 *     3c              interrupt line     |
 *     40  COMMON  <----------------------'
 *     50  NOTIFY      each of them says: these registers of mine
 *     64  ISR         are in BAR0, at this offset,
 *     74  DEVICE      and are so many bytes long
 *     84  WINDOW      ...except this one
 * ```
 * :::
 */

import {
  barSize,
  COMMON_LENGTH,
  CONFIG_OFFSET,
  ISR_LENGTH,
  ISR_OFFSET,
  NOTIFY_LENGTH,
  NOTIFY_OFFSET,
  readRegister,
  writeRegister,
} from './virtio-registers.ts';
import type { Behaviour, VirtioDevice } from './virtio-device.ts';

/** Bytes of configuration space that there are. */
export const CONFIG_SPACE_SIZE = 0x98;

const VENDOR_ID = 0x00;
const DEVICE_ID = 0x02;
const COMMAND = 0x04;
const STATUS = 0x06;
const REVISION = 0x08;
const CLASS = 0x0a;
const CACHE_LINE = 0x0c;
const BAR0 = 0x10;
const BAR1 = 0x14;
const SUBSYSTEM_VENDOR = 0x2c;
const SUBSYSTEM_DEVICE = 0x2e;
const EXPANSION_ROM = 0x30;
const CAPABILITIES = 0x34;
const INTERRUPT_LINE = 0x3c;

const VIRTIO_VENDOR = 0x1af4;
const VIRTIO_DEVICE = 0x1040;
const VIRTIO_REVISION = 1;
const VIRTIO_SUBSYSTEM = 0x40;
const HAS_CAPABILITIES = 1 << 4;
const HOST_BRIDGE = 0x0600;

/*
 * ## The bridge that leads nowhere
 *
 * You know why there is one. It does nothing else, ever. Its vendor is 0, which belongs to nobody, so no driver feels
 * addressed.
 */

/** One function on the bus, as configuration cycles see it. Offsets are in bytes, `at` a multiple of 4. */
export interface PciFunction {
  /** The dword at `at`. */
  read(at: number): number;
  /** Writes `width` bytes at `at + byte`. @returns false if there is nothing there to be written */
  write(at: number, byte: number, width: number, value: number): boolean;
}

/** The thing in slot 0 that has no function but to be seen. */
export function createHostBridge(): PciFunction {
  return { read: (at) => (at === REVISION ? HOST_BRIDGE * 0x10000 : 0), write: () => false };
}

interface Capability {
  at: number;
  type: number;
  length: number;
}

/*
 * ## Five capabilities
 *
 * virtio 1.0 says that a device shall not be identified by *where* its registers are but by a linked list that
 * tells. A driver walks from 0x34 along the `next` bytes until one is zero. The list skips about a bit: DEVICE, at
 * 0x74, comes last, so that a device without a configuration of its own can leave it off by ending the list one
 * link earlier.
 */

const CAPABILITY_VENDOR = 0x09;
const COMMON = { at: 0x40, type: 1, length: 16 };
const NOTIFY = { at: 0x50, type: 2, length: 20 };
const ISR = { at: 0x64, type: 3, length: 16 };
const DEVICE = { at: 0x74, type: 4, length: 16 };
const WINDOW = { at: 0x84, type: 5, length: 20 };

const WINDOW_BAR = WINDOW.at + 4;
const WINDOW_OFFSET = WINDOW.at + 8;
const WINDOW_LENGTH = WINDOW.at + 12;
const WINDOW_DATA = WINDOW.at + 16;

/*
 * ## Looks
 *
 * The constructor writes the table once, and most of it will never change. `command` is the register by which an
 * operating system switches a device on and off; ours always reads 0 and stays on. `base` is where the registers
 * are, whatever anyone writes into BAR0. That is lguest's behaviour, and it works because Linux leaves alone what
 * the firmware has assigned sensibly. We are the firmware, too.
 */

/** What a virtio device shows of itself on the bus (PCI 2.3, section 6.1; virtio 1.0, section 4.1.4). */
export class VirtioFunction implements PciFunction {
  readonly device: VirtioDevice;
  /** Guest-physical address of the registers. It stays, whatever is written to BAR0. */
  readonly base: number;
  readonly space: DataView;

  /**
   * @param base a multiple of `roundedBarSize(device)`
   * @param interrupt the line its driver will hear from
   */
  constructor(device: VirtioDevice, base: number, interrupt: number) {
    this.device = device;
    this.base = base;
    this.space = configurationOf(device.behaviour, base, interrupt);
  }

  read(at: number): number {
    return at === WINDOW_DATA ? readThroughWindow(this) : this.space.getUint32(at, true);
  }

  write(at: number, byte: number, width: number, value: number): boolean {
    const store = () => storeBytes(this.space, at + byte, width, value);
    if (at === BAR0) return store() && cutToSize(this);
    if (at === CACHE_LINE) return byte + width <= 2 && store();
    if (at === WINDOW_BAR) return byte === 0 && width === 1 && store();
    if (at === WINDOW_OFFSET || at === WINDOW_LENGTH) return store();
    if (at === WINDOW_DATA) return store() && writeThroughWindow(this);
    return isIgnored(at, byte + width);
  }
}

/*
 * The table itself, and the list through it: COMMON, NOTIFY, ISR, WINDOW, and DEVICE if there is one. The lengths are
 * there for a driver that is older than its device. It may find more registers than it knows, and leaves them alone.
 */

function configurationOf(behaviour: Behaviour, base: number, interrupt: number): DataView {
  const space = new DataView(new ArrayBuffer(CONFIG_SPACE_SIZE));
  space.setUint16(VENDOR_ID, VIRTIO_VENDOR, true);
  space.setUint16(DEVICE_ID, VIRTIO_DEVICE + behaviour.type, true);
  space.setUint16(STATUS, HAS_CAPABILITIES, true);
  space.setUint8(REVISION, VIRTIO_REVISION);
  space.setUint16(CLASS, behaviour.pciClass, true);
  space.setUint32(BAR0, base, true);
  space.setUint16(SUBSYSTEM_DEVICE, VIRTIO_SUBSYSTEM, true);
  space.setUint8(CAPABILITIES, COMMON.at);
  space.setUint8(INTERRUPT_LINE, interrupt);
  addCapabilities(space, behaviour.config.length);
  return space;
}

function addCapabilities(space: DataView, configLength: number): void {
  const add = ({ at, type, length }: Capability, next: number, offset: number, size: number) => {
    for (const [index, byte] of [CAPABILITY_VENDOR, next, length, type].entries())
      space.setUint8(at + index, byte);
    space.setUint32(at + 8, offset, true);
    space.setUint32(at + 12, size, true);
  };
  add(COMMON, NOTIFY.at, 0, COMMON_LENGTH);
  add(NOTIFY, ISR.at, NOTIFY_OFFSET, NOTIFY_LENGTH);
  add(ISR, WINDOW.at, ISR_OFFSET, ISR_LENGTH);
  add(WINDOW, configLength > 0 ? DEVICE.at : 0, 0, 0);
  if (configLength > 0) add(DEVICE, 0, CONFIG_OFFSET, configLength);
}

/*
 * ## Writing to it
 *
 * Most of what a driver may write it may write without effect, as on a real board with nothing soldered to it. Two have
 * an effect. One is the window, of which more in a moment; the other is BAR0. To learn how large a device is, a driver
 * writes all ones there and reads back what stuck; the low bits, which the device's own registers are told apart by,
 * always stay zero.
 */

function storeBytes(space: DataView, at: number, width: number, value: number): true {
  for (let index = 0; index < width; index++) space.setUint8(at + index, value >>> (8 * index));
  return true;
}

function cutToSize({ space, device }: VirtioFunction): true {
  space.setUint32(BAR0, space.getUint32(BAR0, true) & ~(roundedBarSize(device) - 1), true);
  return true;
}

/** Writes that nobody refuses and nobody notices: to BARs and a ROM that are not there, and to the command register. */
function isIgnored(at: number, end: number): boolean {
  if (at === COMMAND) return end <= 2;
  return (at >= BAR1 && at < SUBSYSTEM_VENDOR) || at === EXPANSION_ROM;
}

/*
 * ## The keyhole
 *
 * And now the fifth capability, which is the odd one out. WINDOW is for whoever cannot map memory yet: a boot
 * loader, a kernel in its first hundred instructions. It describes no registers of its own. Write an offset and a
 * length into it, and the data word behind them *becomes* that register.
 *
 * pup's first words take this way. So do those of Linux, whose early console under lguest opened the window anew for
 * each letter: eight port writes, where pup makes do with two. Nobody was in a hurry at that point.
 */

/** Which registers the window stands open to, if any. */
function openWindow({ space, device }: VirtioFunction): { offset: number; length: number } | undefined {
  const offset = space.getUint32(WINDOW_OFFSET, true);
  const length = space.getUint32(WINDOW_LENGTH, true);
  if (space.getUint8(WINDOW_BAR) !== 0 || ![1, 2, 4].includes(length)) return undefined;
  if (offset % length !== 0 || offset + length > barSize(device)) return undefined;
  return { offset, length };
}

function readThroughWindow(looking: VirtioFunction): number {
  const window = openWindow(looking);
  return window ? readRegister(looking.device, window.offset, window.length) : 0xffffffff;
}

function writeThroughWindow(looking: VirtioFunction): boolean {
  const window = openWindow(looking);
  if (!window) return false;
  const value = looking.space.getUint32(WINDOW_DATA, true);
  const mask = window.length === 4 ? 0xffffffff : (1 << (8 * window.length)) - 1;
  writeRegister(looking.device, window.offset, window.length, (value & mask) >>> 0);
  return true;
}

/*
 * The disk has 96 bytes of registers and takes 128: sizes are measured by writing all ones to BAR0 and seeing which
 * bits stick, and that only tells powers of two.
 */

/** The size by which BAR0 is aligned: a power of two. */
export function roundedBarSize(device: VirtioDevice): number {
  return 2 ** Math.ceil(Math.log2(barSize(device)));
}
