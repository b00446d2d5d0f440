/*
 * # The letter on the doormat
 *
 * You have read this letter already, at the other end, with no stack and no friends. A kernel for PCs cannot ask a
 * BIOS when it is not on a PC, so the boot loader writes down beforehand what the BIOS would have said, in a page
 * that Linux calls the zero page because here, of all places, it really is at address 0.
 *
 * Most of its four kilobytes are about things we do not have: the video mode, the APM BIOS, the disks of 1994. They
 * stay zero. These do not, and neither do a few fields that say where the command line and the initial file system are,
 * and how a kernel likes to be aligned:
 *
 * | At | What it says | To us that means |
 * | --- | --- | --- |
 * | 0x1e8 | one entry in the memory map | |
 * | 0x2d0 | from 0, so many bytes, type 1: RAM | no hole at 640K, for there is no VGA in it |
 * | 0x206 | boot protocol 2.07 | the first one that knows the next two |
 * | 0x211 | bit 6: keep your segments | *do not load a GDT of your own: you are in ring 1* |
 * | 0x23c | hardware subarchitecture 1 | **you are a guest of lguest** |
 *
 * The last line is the only place in the whole ABI where somebody tells the kernel the truth.
 */

import type { GuestWindow } from '../5-host/dev-lguest.ts';
import { SETUP_HEADER } from './bzimage.ts';
import type { LoadedKernel } from './kernel.ts';
import { LauncherError } from './outside.ts';

const PAGE = 4096;

const E820_ENTRIES = 0x1e8;
const E820_MAP = 0x2d0;
const E820_RAM = 1;
const BOOT_VERSION = 0x206;
const TYPE_OF_LOADER = 0x210;
const LOADER_UNKNOWN = 0xff;
const LOADFLAGS = 0x211;
const KEEP_SEGMENTS = 1 << 6;
const RAMDISK_IMAGE = 0x218;
const RAMDISK_SIZE = 0x21c;
const COMMAND_LINE_POINTER = 0x228;
const KERNEL_ALIGNMENT = 0x230;
const HARDWARE_SUBARCH = 0x23c;
const SUBARCH_LGUEST = 1;

const COMMAND_LINE = PAGE;
/** Linux's own limit, the NUL included. */
const COMMAND_LINE_SIZE = 2048;
/** The boot parameters and the command line lie below. */
export const ZERO_PAGE_END = COMMAND_LINE + COMMAND_LINE_SIZE;

/*
 * ## Writing it
 *
 * The command line goes behind the page, at 0x1000, and the kernel is told where. lguest copied it without a look
 * at its length. Linux reads 2,048 bytes of it and pup fewer, so a longer one is a mistake of the person who typed
 * it, and it is kinder to say so than to boot with half an argument.
 */

/** Fills the page of boot parameters at physical 0, and the command line behind it. */
export function writeZeroPage(memory: GuestWindow, kernel: LoadedKernel, commandLine: string): void {
  if (kernel.setupHeader) memory.write(SETUP_HEADER, kernel.setupHeader);

  memory.write8(E820_ENTRIES, 1);
  memory.write32(E820_MAP, 0);
  memory.write32(E820_MAP + 4, 0);
  memory.write32(E820_MAP + 8, memory.size);
  memory.write32(E820_MAP + 12, 0);
  memory.write32(E820_MAP + 16, E820_RAM);

  memory.write16(BOOT_VERSION, 0x0207);
  memory.write8(LOADFLAGS, memory.read8(LOADFLAGS) | KEEP_SEGMENTS);
  memory.write32(KERNEL_ALIGNMENT, 16 << 20);
  memory.write32(HARDWARE_SUBARCH, SUBARCH_LGUEST);

  const text = new TextEncoder().encode(commandLine);
  if (text.length >= COMMAND_LINE_SIZE) {
    throw new LauncherError(
      `the kernel arguments are ${text.length} bytes long; a kernel reads at most ${COMMAND_LINE_SIZE - 1}`,
    );
  }
  memory.write(COMMAND_LINE, text);
  memory.write8(COMMAND_LINE + text.length, 0);
  memory.write32(COMMAND_LINE_POINTER, COMMAND_LINE);
}

/*
 * ## Something to start from
 *
 * A kernel without a disk needs files all the same, if only one called `init`. The initrd is put at the very top of
 * memory, as far from the kernel's first stumbling steps as it can be, rounded up to whole pages. It comes with an
 * address and a length. What it contains is between the kernel and whoever packed it; for pup, that is the tangler,
 * and the programs of chapter 2 are in it.
 */

/** Leaves a file at the top of memory, and its address in the zero page. @returns that address, in bytes */
export function loadInitrd(
  memory: GuestWindow,
  kernel: LoadedKernel,
  name: string,
  file: Uint8Array,
): number {
  const size = Math.ceil(file.length / PAGE) * PAGE;
  const start = memory.size - size;
  const room = Math.max(0, memory.size - Math.max(kernel.end, ZERO_PAGE_END));
  if (size > room) {
    throw new LauncherError(`${name} takes ${size} bytes, but the Guest has only ${room} above its kernel`);
  }
  memory.write(start, file);
  memory.write8(TYPE_OF_LOADER, LOADER_UNKNOWN);
  memory.write32(RAMDISK_IMAGE, start);
  memory.write32(RAMDISK_SIZE, size);
  return start;
}
