import type { GuestWindow } from '../5-host/dev-lguest.ts';
import { isElf, parseElf, viewOf } from './elf.ts';
import { LauncherError, hex } from './outside.ts';
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

function place(memory: GuestWindow, name: string, from: number, size: number, bytes: Uint8Array): void {
  const where = `${hex(from)} to ${hex(from + size)}`;
  if (from + size > memory.size) {
    throw new LauncherError(`${name} wants ${where}, but the Guest's memory ends at ${hex(memory.size)}`);
  }
  if (size > 0 && from < ZERO_PAGE_END) {
    throw new LauncherError(
      `${name} wants ${where}, but the boot parameters are below ${hex(ZERO_PAGE_END)}`,
    );
  }
  memory.write(from, bytes);
}

const SECTOR = 512;
/** Where the setup header begins, in the file as in the zero page. */
export const SETUP_HEADER = 0x1f1;
const SETUP_SECTORS = 0x1f1;
const HEADER_LENGTH = 0x201;
const HEADER_MAGIC = 0x202;
const HDRS = 0x53726448; // 'HdrS'
const CODE32_START = 0x214;
const SMALLEST_HEADER_END = 0x268;
const KERNEL_GOES_TO = 0x100000;

function isBzImage(file: Uint8Array): boolean {
  return file.length >= SMALLEST_HEADER_END && viewOf(file).getUint32(HEADER_MAGIC, true) === HDRS;
}

function loadBzImage(memory: GuestWindow, name: string, file: Uint8Array): LoadedKernel {
  const view = viewOf(file);
  const setupSectors = view.getUint8(SETUP_SECTORS) || 4;
  const compressed = file.subarray((setupSectors + 1) * SECTOR);
  if (compressed.length === 0) throw new LauncherError(`${name}: a bzImage that ends with its setup code`);
  place(memory, name, KERNEL_GOES_TO, compressed.length, compressed);

  const headerEnd = HEADER_MAGIC + view.getUint8(HEADER_LENGTH);
  return {
    entry: view.getUint32(CODE32_START, true),
    end: KERNEL_GOES_TO + compressed.length,
    setupHeader: file.subarray(SETUP_HEADER, Math.min(headerEnd, SMALLEST_HEADER_END)),
  };
}
