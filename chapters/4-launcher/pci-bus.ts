/*
 * # A bus with nothing to steer
 *
 * PCI has wires, arbiters, parity and a clock of 33 MHz, and from the inside of a computer none of it can be seen. What
 * can be seen is two ports: the latch at 0xcf8, which takes [an address of the kind you know](#pci-address), and the
 * word at 0xcfc that it points to. A kernel that wants to know what it is made of reads there some two hundred and
 * sixty times, and everything it finds out about itself comes from this file. Ours is a bus 0, of 32 slots with
 * function 0 in them.
 *
 * lguest did not have it for eight years. It had a bus of its own invention, one page of descriptors above the end
 * of memory, and no kernel without its driver could see anything there. In 2015, for Linux 4.0, it threw that away
 * and pretended to be a PC like everybody else, which cost it several hundred lines. The reason was a standard, of
 * which more when we come to the devices.
 */

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
import { type Behaviour, VirtioDevice, work } from './virtio-device.ts';

/*
 * ## Slots
 *
 * Slot 0 holds the bridge that you met as a driver. Each device gets the next slot,
 * and an interrupt line of the same number. On a real board that wiring is a scandal of its own; here it is an
 * identity.
 */

export const CONFIG_ADDRESS = 0xcf8;
export const CONFIG_DATA = 0xcfc;

const SLOTS = 32;
const ENABLE = 0x80000000;
/** Registers begin this far above the end of memory. */
const GAP = 1 << 20;
const PAGE = 4096;

/*
 * Every device also gets a stretch of addresses for its registers, above the end of memory and a megabyte of
 * nothing. A size is always a power of two, and a base is always a multiple of its size. That second half is ours:
 * lguest handed addresses out back to back, and an entropy device of 64 bytes left the next device crooked. Linux
 * never minded. The PCI specification does.
 */

/** Bus 0, the only one: a bridge in slot 0 and virtio devices from slot 1 on. */
export class PciBus {
  readonly #memory: GuestWindow;
  readonly #raise: (interrupt: number) => void;
  readonly slots: PciFunction[] = [createHostBridge()];
  readonly #functions: VirtioFunction[] = [];
  #end: number;
  /** What was last written to CONFIG_ADDRESS. */
  latch = 0;

  /** @param raise pulls the Guest's interrupt line of that number */
  constructor(memory: GuestWindow, raise: (interrupt: number) => void) {
    this.#memory = memory;
    this.#raise = raise;
    this.#end = memory.size + GAP;
  }

  /** Puts a device into the next slot, n, gives it interrupt n and the next free addresses. */
  add(behaviour: Behaviour): VirtioFunction {
    const slot = this.slots.length;
    if (slot === SLOTS) {
      behaviour.close?.();
      throw new LauncherError(`too many devices: the bus has room for ${SLOTS - 1}`);
    }
    const device = new VirtioDevice(behaviour, this.#memory, () => this.#raise(slot));
    const size = roundedBarSize(device);
    const base = Math.ceil(this.#end / size) * size;
    const added = new VirtioFunction(device, base, slot);
    this.#end = base + size;
    this.slots.push(added);
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
    for (const { device } of this.#functions) if (work(device)) more = true;
    return more;
  }

  close(): void {
    for (const { device } of this.#functions) device.behaviour.close?.();
  }
}

/*
 * ## Two ports
 *
 * Here is the latch at work. Whatever it points at that is not there reads as all ones, and that is how a kernel learns
 * that a slot is empty: no vendor has the number 0xffff.
 *
 * A write that nobody takes is another matter. lguest refused it, with a trap, and so do we: it is the one way in
 * which a driver can find out that it was talking to itself.
 */

/** A port read of `width` bytes from CONFIG_ADDRESS + 0..7. */
export function readConfigPort(bus: PciBus, port: number, width: number): number {
  const byte = port & 3;
  if (port < CONFIG_DATA) return part(bus.latch, byte, width);
  const selected = select(bus);
  return selected ? part(selected.function.read(selected.at), byte, width) : part(0xffffffff, 0, width);
}

/** A port write of `width` bytes to CONFIG_ADDRESS + 0..7. @returns false if nothing there can be written */
export function writeConfigPort(bus: PciBus, port: number, width: number, value: number): boolean {
  const byte = port & 3;
  if (port < CONFIG_DATA) {
    bus.latch = merge(bus.latch, byte, width, value);
    return true;
  }
  const selected = select(bus);
  const fits = byte + width <= 4;
  return selected !== undefined && fits && selected.function.write(selected.at, byte, width, value);
}

/** What the latch points at: enable, bus and function must be 1, 0 and 0. */
function select(bus: PciBus): { function: PciFunction; at: number } | undefined {
  const at = bus.latch & 0xfc;
  const slot = bus.slots[(bus.latch >>> 11) & 31];
  const fits = at < CONFIG_SPACE_SIZE && (bus.latch & 0xffff0700) >>> 0 === ENABLE;
  return slot && fits ? { function: slot, at } : undefined;
}

/*
 * ## Parts of words
 *
 * The processor may ask for one, two or four bytes of a word, and for the middle ones as well. Linux begins its
 * acquaintance with the bus by writing a single byte, 1, to 0xcfb, and then checks whether the whole latch can
 * still hold a word.
 */

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
