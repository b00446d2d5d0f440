/*
 * # Memory, from outside
 *
 * Loaders put kernels into it, devices put packets into it, and the Host keeps everybody's page tables in it.
 * They all come through this door rather than take the `memory` itself, for one reason: if what they write over
 * was code, somebody must be told.
 *
 * Whoever asks for a place that does not exist gets a RangeError. That is not how the processor is answered (it
 * reads ones, and nobody minds) but a hypervisor that reads past the end of memory has a bug, and ought to hear
 * about it.
 */
import { dropPage } from './code-pages.ts';
import { RAM_BASE } from './layout.ts';
import type { Processor } from './processor.ts';

/** Physical memory as the owner of the machine sees it. Addresses are physical, values unsigned. */
export interface Ram {
  /** Bytes of RAM. */
  readonly size: number;
  read8(address: number): number;
  /** Little-endian, at any alignment. */
  read16(address: number): number;
  read32(address: number): number;
  write8(address: number, value: number): void;
  write16(address: number, value: number): void;
  write32(address: number, value: number): void;
  /** A copy of `length` bytes. */
  read(address: number, length: number): Uint8Array;
  /** The bytes themselves: to be read only, for what is written here goes unnoticed by decoded code. */
  view(address: number, length: number): Uint8Array;
  write(address: number, bytes: Uint8Array): void;
  fill(address: number, length: number, byte: number): void;
}

/*
 * `view` hands out the bytes themselves, without a copy. It is for looking.
 */
/** All methods throw a RangeError if any byte they would touch lies outside RAM. */
export function createRam(cpu: Processor): Ram {
  const { bytes, ramBytes } = cpu;
  const view = new DataView(cpu.memory.buffer);

  function locate(address: number, length: number): number {
    if (
      !Number.isInteger(address) ||
      address < 0 ||
      !Number.isInteger(length) ||
      length < 0 ||
      address + length > ramBytes
    ) {
      throw new RangeError(
        `physical memory: ${length} bytes at 0x${address.toString(16)} lie outside the 0x${ramBytes.toString(16)} bytes of RAM`,
      );
    }
    return RAM_BASE + address;
  }

  function locateForWrite(address: number, length: number): number {
    const index = locate(address, length);
    if (length > 0) {
      const last = (address + length - 1) >>> 12;
      for (let frame = address >>> 12; frame <= last; frame++) dropPage(cpu, frame);
    }
    return index;
  }

  return {
    size: ramBytes,
    read8: (address) => bytes[locate(address, 1)]!,
    read16: (address) => view.getUint16(locate(address, 2), true),
    read32: (address) => view.getUint32(locate(address, 4), true),
    write8: (address, value) => view.setUint8(locateForWrite(address, 1), value),
    write16: (address, value) => view.setUint16(locateForWrite(address, 2), value, true),
    write32: (address, value) => view.setUint32(locateForWrite(address, 4), value, true),
    read: (address, length) => bytes.slice(locate(address, length), RAM_BASE + address + length),
    view: (address, length) => bytes.subarray(locate(address, length), RAM_BASE + address + length),
    write: (address, source) => bytes.set(source, locateForWrite(address, source.length)),
    fill: (address, length, byte) => {
      bytes.fill(byte, locateForWrite(address, length), RAM_BASE + address + length);
    },
  };
}
