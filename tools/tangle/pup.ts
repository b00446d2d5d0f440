/*
 * # Pup, ready to boot
 *
 * The Hero comes home. All that is left is to say what we have learned to do: tangle one kernel, tangle each
 * program, and pack the programs into an initrd. A bootable Guest comes from a function that is given nothing but
 * the means to read sources, and it takes less time than it takes you to read this sentence.
 */

import { packCpio, type ArchivedFile } from './cpio.ts';
import { moduleAt, openFor, openLibrary, type Library } from './modules.ts';
import { tangle, type Image } from './tangle.ts';

/** Gives the text of a source of the repository: `chapters/2-guest/boot.ts`. Throws if there is none. */
export type Read = (path: string) => string;

/** What a loader needs to boot pup. */
export interface Pup {
  /** An ELF file. */
  readonly kernel: Uint8Array;
  /** A cpio archive with the programs in bin and their sources in src. */
  readonly initrd: Uint8Array;
}

/*
 * ## Where things are
 *
 * The kernel lies one megabyte into memory, above the place where, on a PC, the ghosts of 1981 dwell: the video
 * memory, the BIOS, the first interrupt table. Programs lie at `0x08048000`, which is where Linux put its programs
 * for twenty years, for reasons that nobody can quite remember.
 */

const KERNEL = 'chapters/2-guest/boot.ts';
const PROGRAMS = 'chapters/2-guest/programs/index.ts';

/** Kernel code sees physical address 0 here. */
const KERNEL_BASE = 0xc0000000;

/** The kernel leaves the first megabyte to the loader. */
const KERNEL_PHYSICAL = 0x100000;

const PROGRAM_BASE = 0x08048000;

/*
 * ## Two Guests from the same sources
 *
 * The one asks its Host for everything. The other does it all alone, in ring 0. They differ in one constant.
 */

/** Pup as a Guest. @throws TangleError for the first mistake in its sources */
export function buildPup(read: Read): Pup {
  return build(read, false);
}

/** Pup for the bare silicon: the same sources, in ring 0. @throws TangleError for the first mistake in its sources */
export function buildBarePup(read: Read): Pup {
  return build(read, true);
}

function build(read: Read, bare: boolean): Pup {
  const library = openLibrary(read);
  return { kernel: tangleKernel(library, bare).elf, initrd: buildInitrd(library) };
}

export function tangleKernel(library: Library, bare: boolean): Image {
  const options = {
    root: KERNEL,
    entry: 'start',
    read: library.read,
    virtualBase: KERNEL_BASE + KERNEL_PHYSICAL,
    physicalBase: KERNEL_PHYSICAL,
    defines: { BARE: bare },
  };
  return tangle(options, library);
}

/*
 * ## One file, one program
 *
 * Each file in `chapters/2-guest/programs` that exports a `main` becomes a program of that name. The index of the
 * folder says which files there are. So if you write `dance.ts` and name it there, the next boot has `dance`.
 *
 * The sources go along into `/src`: a system that can show you what it is made of.
 */

/** Tangles the program whose `main` is in `root`. */
export function tangleProgram(library: Library, root: string): Image {
  const options = {
    root,
    entry: 'main',
    read: library.read,
    virtualBase: PROGRAM_BASE,
    physicalBase: PROGRAM_BASE,
  };
  return tangle(options, library);
}

function buildInitrd(library: Library): Uint8Array {
  const programs: ArchivedFile[] = [];
  const sources: ArchivedFile[] = [];
  for (const path of programsOf(library)) {
    const name = path.replace(/^.*\/|\.ts$/g, '');
    programs.push({ path: `bin/${name}`, bytes: tangleProgram(library, path).elf, executable: true });
    sources.push({ path: `src/${name}.ts`, bytes: new TextEncoder().encode(library.read(path)) });
  }
  return packCpio([...programs, ...sources]);
}

/** The paths of all programs: what the index of their folder names, and exports a `main`. */
export function programsOf(library: Library): string[] {
  return [...moduleAt(library, PROGRAMS).contents]
    .filter(([path, node]) => openFor(library, node, path).names.get('main')?.exported)
    .map(([path]) => path);
}
