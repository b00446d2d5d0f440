/*
 * # The crate that kernels come in
 *
 * A kernel in a file is furniture in a crate. The Executable and Linkable Format, ELF to its friends, is a crate
 * with a packing list: *these bytes go there*. You have opened one before, as pup, for a program. The format has
 * carried nearly everything that ever ran on Linux, and a few generations of PlayStations, so it has a section for
 * every purpose. We want the shortest of its lists and skip the rest.
 *
 * :::figure{#elf-file caption="What a loader reads of an ELF file. Numbers are byte offsets."}
 * ```text
 *    0  7f 'E' 'L' 'F'    32 bits, little-endian, i386, executable
 *   24  entry ----------------------> the first instruction (physical)
 *   28  where the program headers are, and at 44 how many
 *       +--------------------------------------------------+
 *       | LOAD  offset  vaddr  paddr  filesz  memsz ...    |
 *       | LOAD  ...                                        |
 *       +--------------------------------------------------+
 *       the bytes
 * ```
 * :::
 */

import { LauncherError } from './outside.ts';

const MAGIC = 0x464c457f; // 7f 'E' 'L' 'F', as a little-endian processor reads it
const CLASS_32 = 1;
const LITTLE_ENDIAN = 1;
const TYPE_EXECUTABLE = 2;
const MACHINE_386 = 3;
const HEADER_SIZE = 52;
const PROGRAM_HEADER_SIZE = 32;
const MOST_PROGRAM_HEADERS = 2048;
const PT_LOAD = 1;

/*
 * ## Two addresses for everything
 *
 * Each segment names two addresses, and telling them apart is most of what there is to booting. `vaddr` is where
 * the code *thinks* it is, 0xc0100000 for pup, once the Guest has page tables that put it there. `paddr` is where
 * its bytes go, 0x100000, because right now nobody has page tables. The loader obeys the second and keeps the first
 * for the day of the autopsy.
 */

/** A stretch of the file that belongs in memory: the first `fileSize` of `memorySize` bytes, the rest zero. */
export interface Segment {
  virtualAddress: number;
  physicalAddress: number;
  /** A view into the file. */
  bytes: Uint8Array;
  memorySize: number;
}

export interface ElfKernel {
  /** Where the kernel starts, as the file has it: a physical address. */
  entry: number;
  segments: Segment[];
}

/*
 * Four bytes decide whether it is one at all. The 7f is there so that no text file ever passes by accident.
 */

/** Does the file start like one? */
export function isElf(file: Uint8Array): boolean {
  return file.length >= 4 && viewOf(file).getUint32(0, true) === MAGIC;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/*
 * ## Trust nothing
 *
 * A kernel file can come from anywhere, and it is full of numbers that we are about to add up. Four of the checks below
 * are lguest's: an executable, for an i386, with program headers of 32 bytes, 1 to 2048 of them. What the packing list
 * promises and is not in the crate, it left for `mmap` to trip over.
 *
 * JavaScript is a help here, for once. `offset + size` of two 32-bit numbers is a 33-bit number, exactly, instead
 * of a small one that passes every test. In C, this line is where the security bulletins come from.
 */

/**
 * Reads the headers of a kernel in ELF (System V ABI, chapter 4 and 5).
 *
 * @throws LauncherError saying what about the file is malformed
 */
export function parseElf(name: string, file: Uint8Array): ElfKernel {
  const malformed = (what: string) => new LauncherError(`${name}: malformed ELF header: ${what}`);
  if (file.length < HEADER_SIZE) throw malformed(`${file.length} bytes are all there is`);
  const view = viewOf(file);
  if (view.getUint8(4) !== CLASS_32) throw malformed('not a 32-bit file');
  if (view.getUint8(5) !== LITTLE_ENDIAN) throw malformed('not little-endian');
  if (view.getUint16(16, true) !== TYPE_EXECUTABLE) throw malformed('not an executable');
  if (view.getUint16(18, true) !== MACHINE_386) throw malformed('not for an i386');

  const offset = view.getUint32(28, true);
  const entrySize = view.getUint16(42, true);
  const count = view.getUint16(44, true);
  if (entrySize !== PROGRAM_HEADER_SIZE) {
    throw malformed(`program headers of ${entrySize} bytes, not ${PROGRAM_HEADER_SIZE}`);
  }
  if (count < 1 || count > MOST_PROGRAM_HEADERS) {
    throw malformed(`${count} program headers, not 1 to ${MOST_PROGRAM_HEADERS}`);
  }
  if (offset + count * entrySize > file.length)
    throw malformed('the program headers lie beyond the end of the file');

  const headers = Array.from({ length: count }, (_, index) => offset + index * entrySize);
  const segments = headers
    .filter((at) => view.getUint32(at, true) === PT_LOAD)
    .map((at) => parseSegment(file, view, at, malformed));
  if (segments.length === 0) throw malformed('nothing to load');
  return { entry: view.getUint32(24, true), segments };
}

/*
 * A segment may be larger in memory than in the file. The rest is the kernel's zeros, which nobody bothers to
 * store, and the window was full of zeros to begin with.
 */

function parseSegment(
  file: Uint8Array,
  view: DataView,
  at: number,
  malformed: (what: string) => LauncherError,
): Segment {
  const offset = view.getUint32(at + 4, true);
  const virtualAddress = view.getUint32(at + 8, true);
  const physicalAddress = view.getUint32(at + 12, true);
  const fileSize = view.getUint32(at + 16, true);
  const memorySize = view.getUint32(at + 20, true);
  if (offset + fileSize > file.length) {
    throw malformed(`a segment ends at byte ${offset + fileSize} of a file of ${file.length}`);
  }
  if (memorySize < fileSize) {
    throw malformed(`a segment of ${fileSize} bytes is to fit in ${memorySize} of memory`);
  }
  return { virtualAddress, physicalAddress, bytes: file.subarray(offset, offset + fileSize), memorySize };
}
