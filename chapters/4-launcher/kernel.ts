/*
 * # Unpacking
 *
 * Two kinds of crate are welcome. An ELF file says where everything goes. A bzImage is a crate around a crate, and has
 * to be asked what is in it first.
 */

import type { GuestWindow } from '../5-host/dev-lguest.ts';
import { type BzImage, isBzImage, parseBzImage } from './bzimage.ts';
import { isElf, parseElf } from './elf.ts';
import { LauncherError, type Outside, hex32 } from './outside.ts';
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
 * @param gunzip takes the kernel out of its bzImage; without it, that is left to the Guest
 * @throws LauncherError if it is no kernel, is damaged, or does not fit
 */
export function loadKernel(
  memory: GuestWindow,
  name: string,
  file: Uint8Array,
  gunzip?: Outside['gunzip'],
): LoadedKernel {
  if (isElf(file)) return loadElf(memory, name, file);
  if (!isBzImage(file)) throw new LauncherError(`${name} is neither an ELF kernel nor a bzImage`);

  const image = parseBzImage(name, file);
  const inside = gunzip && image.gzip && gunzip(name, image.gzip, memory.size);
  if (inside && isElf(inside)) return loadElf(memory, name, inside);
  return loadUnpacker(memory, name, image);
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
 * ## Who unpacks?
 *
 * The first lguest looked through a bzImage for the two bytes that every gzip file begins with, and unpacked whatever
 * came behind. Then its author was talked out of it: put the unpacker where it wants to be and jump into it, and it
 * never notices that it is in ring 1. From then on lguest let the Guest do it, and that works here too.
 *
 * Until somebody builds a Linux 4.8 with the tools of today. The linker has learned a trick since, and plays it on an
 * unpacker that was not made for it: what should find a pointer beside the code finds four bytes of the packed kernel,
 * takes them for the address of its command line, and reads there. On a PC there is mostly nothing at such an address,
 * nothing reads as ones, and the unpacker shrugs. Here such an address is a lie, and the Host [kills Guests for
 * those](../5-host/death.ts). Whether it does depends on your kernel, byte by byte. You add a driver, and it boots.
 *
 * So we are back where lguest began, with better manners: the header says where the payload is, and whoever is outside
 * unpacks it for us. What comes out is an ELF file like any other, and the Guest need never know. It has 83 of its 164
 * million instructions less to execute on its way to a shell, which is how we learned that half of booting is
 * unpacking.
 *
 * What nobody outside can unpack, the Guest must. It wants to be at one megabyte, and room for what comes out.
 */

const UNPACKER_GOES_TO = 0x100000;

function loadUnpacker(memory: GuestWindow, name: string, image: BzImage): LoadedKernel {
  const { entry, code, room, setupHeader } = image;
  if (room.to > memory.size) {
    const where = `${hex32(room.from)} to ${hex32(room.to)}`;
    throw new LauncherError(
      `${name} unpacks itself into ${where}, but the Guest's memory ends at ${hex32(memory.size)}`,
    );
  }
  place(memory, name, UNPACKER_GOES_TO, code.length, code);
  return { entry, end: Math.max(UNPACKER_GOES_TO + code.length, room.to), setupHeader };
}
