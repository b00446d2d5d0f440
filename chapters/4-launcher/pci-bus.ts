import type { GuestWindow } from '../5-host/dev-lguest.ts';
import { LauncherError } from './outside.ts';
import {
  CONFIG_SPACE_SIZE,
  createHostBridge,
  type PciFunction,
  roundedBarSize,
  VirtioFunction,
} from './pci-config.ts';
import { barSize } from './virtio-registers.ts';
import { type Behaviour, VirtioDevice } from './virtio-device.ts';

export const CONFIG_ADDRESS = 0xcf8;
export const CONFIG_DATA = 0xcfc;

const SLOTS = 32;
const ENABLE = 0x80000000;
/** Registers begin this far above the end of memory. */
const GAP = 1 << 20;
const PAGE = 4096;

/** Bus 0, the only one: a bridge in slot 0 and virtio devices from slot 1 on. */
export class PciBus {
  readonly #memory: GuestWindow;
  readonly #raise: (interrupt: number) => void;
  readonly #slots: PciFunction[] = [createHostBridge()];
  readonly #functions: VirtioFunction[] = [];
  #end: number;
  #latch = 0;

  /** @param raise pulls the Guest's interrupt line of that number */
  constructor(memory: GuestWindow, raise: (interrupt: number) => void) {
    this.#memory = memory;
    this.#raise = raise;
    this.#end = memory.size + GAP;
  }

  /** Puts a device into the next slot, n, gives it interrupt n and the next free addresses. */
  add(behaviour: Behaviour): VirtioFunction {
    const slot = this.#slots.length;
    if (slot === SLOTS) {
      behaviour.close?.();
      throw new LauncherError(`too many devices: the bus has room for ${SLOTS - 1}`);
    }
    const device = new VirtioDevice(behaviour, this.#memory, () => this.#raise(slot));
    const size = roundedBarSize(device);
    const base = Math.ceil(this.#end / size) * size;
    const added = new VirtioFunction(device, base, slot);
    this.#end = base + size;
    this.#slots.push(added);
    this.#functions.push(added);
    return added;
  }

  get devices(): readonly VirtioFunction[] {
    return this.#functions;
  }

  /** The first page above all devices. */
  get limitPage(): number {
    return Math.ceil(this.#end / PAGE);
  }

  /** The device whose registers are at a guest-physical address. */
  at(address: number): VirtioFunction | undefined {
    return this.#functions.find(({ base, device }) => address >= base && address < base + barSize(device));
  }

  /** Lets every device do a turn of its work. @returns true if there is more to do at once */
  work(): boolean {
    let more = false;
    for (const { device } of this.#functions) if (device.work()) more = true;
    return more;
  }

  /** A port read of `width` bytes from CONFIG_ADDRESS + 0..7. */
  readPort(port: number, width: number): number {
    const byte = port & 3;
    if (port < CONFIG_DATA) return part(this.#latch, byte, width);
    const selected = this.#select();
    return selected ? part(selected.function.read(selected.at), byte, width) : part(0xffffffff, 0, width);
  }

  /** A port write of `width` bytes to CONFIG_ADDRESS + 0..7. @returns false if nothing there can be written */
  writePort(port: number, width: number, value: number): boolean {
    const byte = port & 3;
    if (port < CONFIG_DATA) {
      this.#latch = merge(this.#latch, byte, width, value);
      return true;
    }
    const selected = this.#select();
    const fits = byte + width <= 4;
    return selected !== undefined && fits && selected.function.write(selected.at, byte, width, value);
  }

  /** What the latch points at: enable, bus and function must be 1, 0 and 0. */
  #select(): { function: PciFunction; at: number } | undefined {
    const at = this.#latch & 0xfc;
    const slot = this.#slots[(this.#latch >>> 11) & 31];
    const fits = at < CONFIG_SPACE_SIZE && (this.#latch & 0xffff0700) >>> 0 === ENABLE;
    return slot && fits ? { function: slot, at } : undefined;
  }

  close(): void {
    for (const { device } of this.#functions) device.behaviour.close?.();
  }
}

function mask(width: number): number {
  return width === 4 ? 0xffffffff : (1 << (8 * width)) - 1;
}

/** `width` bytes of a dword from byte `byte` on; what lies beyond reads 0. */
function part(dword: number, byte: number, width: number): number {
  return ((dword >>> (8 * byte)) & mask(width)) >>> 0;
}

function merge(dword: number, byte: number, width: number, value: number): number {
  const window = mask(width) << (8 * byte);
  return ((dword & ~window) | ((value << (8 * byte)) & window)) >>> 0;
}
