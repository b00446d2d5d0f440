/*
 * # The crate in the crate
 *
 * A bzImage starts with a boot sector from 1991. It used to load itself from a floppy disk; today it prints *use a
 * boot loader* and gives up, and behind it come a few sectors of 16-bit code that ask the BIOS how much memory
 * there is. We have no floppy, no BIOS and no 16 bits. But in the middle of the relic, at offset 0x1f1, sits a
 * header that every boot loader since has filled in or read, so there it stays.
 *
 * :::figure{#bzimage caption="A bzImage. Only the crate in the middle is wanted."}
 * ```text
 *        0  +---------------------------------------------+
 *           | the relic: 16 bits, with a header at 0x1f1  |
 *    n*512  +---------------------------------------------+
 *           | the unpacker: 32 bits, starts at code32     |
 *           |   +--------------------------------------+  |
 *           |   | the payload, mostly 1f 8b ...        |  |
 *           |   |   in which, packed: an ELF file      |  |
 *           |   +--------------------------------------+  |
 *           | more of the unpacker                        |
 *           +---------------------------------------------+
 * ```
 * :::
 *
 * Behind the relic comes a small program of 32 bits, and in it lies what all of this is about, packed: the kernel, in
 * the ELF format of the [page before](elf.ts). The program expects to be at one megabyte. It unpacks its payload over
 * whatever it finds above, and jumps into it.
 */

import { viewOf } from './elf.ts';
import { LauncherError } from './outside.ts';

/*
 * ## What the header says
 *
 * Besides its magic word, lguest read exactly two fields: how many sectors of relic to skip, and where to start. We
 * want to know some more. Each came with a later version of the boot protocol, and in an older file there is code at
 * its place, so the version has to be asked first.
 */

const SECTOR = 512;
/** Where the setup header begins, in the file as in the zero page. */
export const SETUP_HEADER = 0x1f1;
const SETUP_SECTORS = 0x1f1;
const HEADER_LENGTH = 0x201;
const HEADER_MAGIC = 0x202;
const HDRS = 0x53726448; // 'HdrS'
const CODE32_START = 0x214;
const PROTOCOL = 0x206;
const SMALLEST_HEADER_END = 0x268;
/** What is behind the setup code, in paragraphs of 16 bytes; all 32 bits of it count from protocol 2.04 on. */
const SYSTEM_SIZE = 0x1f4;
const PARAGRAPH = 16;
/** Where in the code the packed kernel lies, and how long it is: from protocol 2.08 on. */
const PAYLOAD_OFFSET = 0x248;
const PAYLOAD_LENGTH = 0x24c;
/** Where it will unpack itself, and how much room that takes: from protocol 2.10 on. */
const PREFERRED_ADDRESS = 0x258;
const ROOM = 0x260;

/*
 * Newer unpackers look up in the zero page how much room they take. lguest never put it there. Those kernels booted all
 * the same: with a size of zero, the unpacker's copy of itself happened to land just below the place where it was about
 * to write. We carry the header over and sleep better.
 */

/** A bzImage, taken apart. Its arrays are views into the file. */
export interface BzImage {
  /** Physical address where the unpacker starts. */
  entry: number;
  /** The unpacker, with what it is to unpack. */
  code: Uint8Array;
  /** What it is to unpack, if that is a gzip file. */
  gzip: Uint8Array | undefined;
  /** The physical addresses it will unpack that into; from 0 to 0 if it does not say. */
  room: { from: number; to: number };
  /** The fields of the setup header that the zero page carries on, from `SETUP_HEADER` on. */
  setupHeader: Uint8Array;
}

/** Does the file have the magic word of a bzImage? */
export function isBzImage(file: Uint8Array): boolean {
  return file.length >= SMALLEST_HEADER_END && viewOf(file).getUint32(HEADER_MAGIC, true) === HDRS;
}

/*
 * ## Reading it
 *
 * A count of zero setup sectors means four. The rule is from the time when the field did not exist yet and four was
 * what everybody had.
 */

/**
 * Reads the setup header (Linux, Documentation/x86/boot.txt).
 *
 * @throws LauncherError if a part of the file is missing
 */
export function parseBzImage(name: string, file: Uint8Array): BzImage {
  const header = viewOf(file);
  const setupSectors = header.getUint8(SETUP_SECTORS) || 4;
  const code = file.subarray((setupSectors + 1) * SECTOR);
  if (code.length === 0) throw new LauncherError(`${name}: a bzImage that ends with its setup code`);
  requireWhole(name, header, code.length);
  const headerEnd = HEADER_MAGIC + header.getUint8(HEADER_LENGTH);
  return {
    entry: header.getUint32(CODE32_START, true),
    code,
    gzip: gzipIn(code, header),
    room: roomOf(header),
    setupHeader: file.subarray(SETUP_HEADER, Math.min(headerEnd, SMALLEST_HEADER_END)),
  };
}

/*
 * A file of which the end is missing is better heard of now than from a kernel that has fallen over in the middle of
 * unpacking itself.
 */

function requireWhole(name: string, header: DataView, found: number): void {
  const expected = header.getUint32(SYSTEM_SIZE, true) * PARAGRAPH;
  if (header.getUint16(PROTOCOL, true) < 0x204 || found >= expected) return;
  throw new LauncherError(`${name}: a bzImage with ${expected} bytes of kernel, of which ${found} are there`);
}

/*
 * ## Who packed it
 *
 * Whoever configures a kernel chooses among six packers. Nearly everybody leaves it at gzip, whose files begin with the
 * same two bytes since 1992. The others we do not know, and say so by saying nothing.
 */

function gzipIn(code: Uint8Array, header: DataView): Uint8Array | undefined {
  if (header.getUint16(PROTOCOL, true) < 0x208) return undefined;
  const offset = header.getUint32(PAYLOAD_OFFSET, true);
  const payload = code.subarray(offset, offset + header.getUint32(PAYLOAD_LENGTH, true));
  return payload[0] === 0x1f && payload[1] === 0x8b ? payload : undefined;
}

function roomOf(header: DataView): BzImage['room'] {
  if (header.getUint16(PROTOCOL, true) < 0x20a) return { from: 0, to: 0 };
  const from = Number(header.getBigUint64(PREFERRED_ADDRESS, true));
  return { from, to: from + header.getUint32(ROOM, true) };
}
