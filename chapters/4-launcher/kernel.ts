/*
 * # Unpacking
 *
 * Two kinds of crate are welcome. An ELF file says where everything goes; a bzImage is a Linux kernel that has been
 * compressed, with a small program in front that unpacks it, and in front of that a relic.
 */

import type { GuestWindow } from '../5-host/dev-lguest.ts';
import { isElf, parseElf, viewOf } from './elf.ts';
import { LauncherError, hex32 } from './outside.ts';
import { ZERO_PAGE_END } from './zero-page.ts';

/** A kernel in place. */
export interface LoadedKernel {
  /** Physical address of its first instruction. */
  entry: number;
  /** Physical address behind its last byte. */
  end: number;
  /** The fields of a bzImage's setup header that the zero page carries on, from `SETUP_HEADER` on. */
  setupHeader?: Uint8Array;
}

/*
 * Anything else is sent back in one sentence. You would be surprised how often it is the initrd.
 */

/**
 * Puts the image where it wants to be in the Guest's memory.
 *
 * @throws LauncherError if it is no kernel, or does not fit
 */
export function loadKernel(memory: GuestWindow, name: string, file: Uint8Array): LoadedKernel {
  if (isElf(file)) return loadElf(memory, name, file);
  if (isBzImage(file)) return loadBzImage(memory, name, file);
  throw new LauncherError(`${name} is neither an ELF kernel nor a bzImage`);
}

function loadElf(memory: GuestWindow, name: string, file: Uint8Array): LoadedKernel {
  const { entry, segments } = parseElf(name, file);
  let end = 0;
  for (const segment of segments) {
    const from = segment.physicalAddress;
    place(memory, name, from, segment.memorySize, segment.bytes);
    end = Math.max(end, from + segment.memorySize);
  }
  return { entry, end };
}

/*
 * ## Where it may not go
 *
 * A segment must lie inside the memory, and it must not lie on the first six kilobytes, where our letter to the
 * kernel goes. No kernel wants to be there. One that did would find its own command line where its code had been, and
 * execute it.
 */

function place(memory: GuestWindow, name: string, from: number, size: number, bytes: Uint8Array): void {
  const where = `${hex32(from)} to ${hex32(from + size)}`;
  if (from + size > memory.size) {
    throw new LauncherError(`${name} wants ${where}, but the Guest's memory ends at ${hex32(memory.size)}`);
  }
  if (size > 0 && from < ZERO_PAGE_END) {
    throw new LauncherError(
      `${name} wants ${where}, but the boot parameters are below ${hex32(ZERO_PAGE_END)}`,
    );
  }
  memory.write(from, bytes);
}

/*
 * ## The relic
 *
 * A bzImage starts with a boot sector from 1991. It used to load itself from a floppy disk; today it prints *use a
 * boot loader* and gives up, and behind it come a few sectors of 16-bit code that ask the BIOS how much memory
 * there is. We have no floppy, no BIOS and no 16 bits. But in the middle of the relic, at offset 0x1f1, sits a
 * header that every boot loader since has filled in or read, so there it stays.
 *
 * Besides its magic word, lguest read exactly two fields of it: how many sectors of relic to skip, and where to start.
 * We read three more, and two that say whether those are there. A file of which the end is missing, or a memory too
 * small to unpack it in, is better heard of now than from a kernel that has fallen over in the middle of unpacking
 * itself.
 */

const SECTOR = 512;
/** Where the setup header begins, in the file as in the zero page. */
export const SETUP_HEADER = 0x1f1;
const SETUP_SECTORS = 0x1f1;
const HEADER_LENGTH = 0x201;
const HEADER_MAGIC = 0x202;
const HDRS = 0x53726448; // 'HdrS'
const CODE32_START = 0x214;
/** What is behind the setup code, in paragraphs of 16 bytes; all 32 bits of it count from protocol 2.04 on. */
const SYSTEM_SIZE = 0x1f4;
const PARAGRAPH = 16;
/** Where it will unpack itself, and how much room that takes: from protocol 2.10 on. */
const PREFERRED_ADDRESS = 0x258;
const ROOM = 0x260;
const PROTOCOL = 0x206;
const SMALLEST_HEADER_END = 0x268;
const KERNEL_GOES_TO = 0x100000;

function isBzImage(file: Uint8Array): boolean {
  return file.length >= SMALLEST_HEADER_END && viewOf(file).getUint32(HEADER_MAGIC, true) === HDRS;
}

/*
 * What is left after the skipping is 32-bit code that expects to be at one megabyte, and there unpacks the rest of
 * itself over whatever it finds above. Newer unpackers look up in the zero page how much room that takes. lguest
 * never put it there. Those kernels booted all the same: with a size of zero, the unpacker's copy of itself
 * happened to land just below the place where it was about to write. We carry the header over and sleep better.
 *
 * :::aside
 * A count of zero setup sectors means four. The rule is from the time when the field did not exist yet and four was
 * what everybody had.
 * :::
 */

function loadBzImage(memory: GuestWindow, name: string, file: Uint8Array): LoadedKernel {
  const view = viewOf(file);
  const setupSectors = view.getUint8(SETUP_SECTORS) || 4;
  const compressed = file.subarray((setupSectors + 1) * SECTOR);
  if (compressed.length === 0) throw new LauncherError(`${name}: a bzImage that ends with its setup code`);
  requireWhole(name, view, compressed.length);
  const roomEnd = requireRoom(memory, name, view);
  place(memory, name, KERNEL_GOES_TO, compressed.length, compressed);

  const headerEnd = HEADER_MAGIC + view.getUint8(HEADER_LENGTH);
  return {
    entry: view.getUint32(CODE32_START, true),
    end: Math.max(KERNEL_GOES_TO + compressed.length, roomEnd),
    setupHeader: file.subarray(SETUP_HEADER, Math.min(headerEnd, SMALLEST_HEADER_END)),
  };
}

function requireWhole(name: string, header: DataView, found: number): void {
  const expected = header.getUint32(SYSTEM_SIZE, true) * PARAGRAPH;
  if (header.getUint16(PROTOCOL, true) < 0x204 || found >= expected) return;
  throw new LauncherError(`${name}: a bzImage with ${expected} bytes of kernel, of which ${found} are there`);
}

/** Returns where the room ends that it will need, or 0 if it does not say. */
function requireRoom(memory: GuestWindow, name: string, header: DataView): number {
  if (header.getUint16(PROTOCOL, true) < 0x20a) return 0;
  const from = Number(header.getBigUint64(PREFERRED_ADDRESS, true));
  const to = from + header.getUint32(ROOM, true);
  if (to <= memory.size) return to;
  const where = `${hex32(from)} to ${hex32(to)}`;
  throw new LauncherError(
    `${name} unpacks itself into ${where}, but the Guest's memory ends at ${hex32(memory.size)}`,
  );
}
