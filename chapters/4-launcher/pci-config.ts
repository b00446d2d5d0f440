import { viewOf } from './elf.ts';
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
import type { VirtioDevice } from './virtio-device.ts';

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
const HAS_CAPABILITIES = 1 << 4;
const HOST_BRIDGE = 0x0600;

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

/** What a virtio device shows of itself on the bus (PCI 2.3, section 6.1; virtio 1.0, section 4.1.4). */
export class VirtioFunction implements PciFunction {
  readonly device: VirtioDevice;
  /** Guest-physical address of the registers. It stays, whatever is written to BAR0. */
  readonly base: number;
  readonly #bytes = new Uint8Array(CONFIG_SPACE_SIZE);
  readonly #view = viewOf(this.#bytes);

  /**
   * @param base a multiple of `roundedBarSize(device)`
   * @param interrupt the line its driver will hear from
   */
  constructor(device: VirtioDevice, base: number, interrupt: number) {
    this.device = device;
    this.base = base;
    const view = this.#view;
    view.setUint16(VENDOR_ID, VIRTIO_VENDOR, true);
    view.setUint16(DEVICE_ID, VIRTIO_DEVICE + device.behaviour.type, true);
    view.setUint16(STATUS, HAS_CAPABILITIES, true);
    view.setUint8(REVISION, VIRTIO_REVISION);
    view.setUint16(CLASS, device.behaviour.pciClass, true);
    view.setUint32(BAR0, base, true);
    view.setUint16(SUBSYSTEM_VENDOR, 0, true);
    view.setUint16(SUBSYSTEM_DEVICE, 0x40, true);
    view.setUint8(CAPABILITIES, COMMON.at);
    view.setUint8(INTERRUPT_LINE, interrupt);
    this.#addCapabilities(device.behaviour.config.length);
  }

  #addCapabilities(configLength: number): void {
    this.#addCapability(COMMON, NOTIFY.at, 0, COMMON_LENGTH);
    this.#addCapability(NOTIFY, ISR.at, NOTIFY_OFFSET, NOTIFY_LENGTH);
    this.#addCapability(ISR, WINDOW.at, ISR_OFFSET, ISR_LENGTH);
    this.#addCapability(WINDOW, configLength > 0 ? DEVICE.at : 0, 0, 0);
    if (configLength > 0) this.#addCapability(DEVICE, 0, CONFIG_OFFSET, configLength);
  }

  #addCapability(capability: typeof COMMON, next: number, offset: number, length: number): void {
    this.#bytes.set([CAPABILITY_VENDOR, next, capability.length, capability.type], capability.at);
    this.#view.setUint32(capability.at + 8, offset, true);
    this.#view.setUint32(capability.at + 12, length, true);
  }

  read(at: number): number {
    if (at === WINDOW_DATA) {
      const window = this.#window();
      return window ? readRegister(this.device, window.offset, window.length) : 0xffffffff;
    }
    return this.#view.getUint32(at, true);
  }

  write(at: number, byte: number, width: number, value: number): boolean {
    if (at === BAR0) {
      this.#store(at, byte, width, value);
      const sized = this.#view.getUint32(at, true) & ~(roundedBarSize(this.device) - 1);
      this.#view.setUint32(at, sized, true);
      return true;
    }
    if ((at >= BAR1 && at < SUBSYSTEM_VENDOR) || at === EXPANSION_ROM) return true; // nothing behind them: they read 0
    if (at === COMMAND) return byte + width <= 2; // memory decoding and bus mastering are always on
    if (at === CACHE_LINE) return byte + width <= 2 && this.#store(at, byte, width, value);
    if (at === WINDOW_BAR) return byte === 0 && width === 1 && this.#store(at, byte, width, value);
    if (at === WINDOW_OFFSET || at === WINDOW_LENGTH) return this.#store(at, byte, width, value);
    if (at === WINDOW_DATA) return this.#writeThroughWindow(value);
    return false;
  }

  #store(at: number, byte: number, width: number, value: number): true {
    for (let index = 0; index < width; index++) this.#bytes[at + byte + index] = value >>> (8 * index);
    return true;
  }

  /** Which registers the window stands open to, if any. */
  #window(): { offset: number; length: number } | undefined {
    const offset = this.#view.getUint32(WINDOW_OFFSET, true);
    const length = this.#view.getUint32(WINDOW_LENGTH, true);
    if (this.#bytes[WINDOW_BAR] !== 0 || ![1, 2, 4].includes(length)) return undefined;
    if (offset % length !== 0 || offset + length > barSize(this.device)) return undefined;
    return { offset, length };
  }

  #writeThroughWindow(value: number): boolean {
    const window = this.#window();
    if (!window) return false;
    const mask = window.length === 4 ? 0xffffffff : (1 << (8 * window.length)) - 1;
    writeRegister(this.device, window.offset, window.length, (value & mask) >>> 0);
    return true;
  }
}

/** The size by which BAR0 is aligned: a power of two. */
export function roundedBarSize(device: VirtioDevice): number {
  return 2 ** Math.ceil(Math.log2(barSize(device)));
}
