import type { GuestWindow } from '../5-host/dev-lguest.ts';
import { SETUP_HEADER, type LoadedKernel } from './kernel.ts';
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

/** Leaves a file at the top of memory, and its address in the zero page. */
export function loadInitrd(
  memory: GuestWindow,
  kernel: LoadedKernel,
  name: string,
  file: Uint8Array,
): number {
  const size = Math.ceil(file.length / PAGE) * PAGE;
  const start = memory.size - size;
  if (start < Math.max(kernel.end, ZERO_PAGE_END)) {
    throw new LauncherError(
      `${name} takes ${size} bytes, but the Guest has only ${Math.max(0, memory.size - kernel.end)} above its kernel`,
    );
  }
  memory.write(start, file);
  memory.write8(TYPE_OF_LOADER, LOADER_UNKNOWN);
  memory.write32(RAMDISK_IMAGE, start);
  memory.write32(RAMDISK_SIZE, size);
  return start;
}
