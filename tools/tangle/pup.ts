/* # Pup, ready to boot */

import ts from 'typescript';
import { packCpio, type ArchivedFile } from './cpio.ts';
import { resolvePath } from './modules.ts';
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

const KERNEL = 'chapters/2-guest/boot.ts';
const PROGRAMS = 'chapters/2-guest/programs/index.ts';

/** Kernel code sees physical address 0 here. */
const KERNEL_BASE = 0xc0000000;

/** The kernel leaves the first megabyte to the loader. */
const KERNEL_PHYSICAL = 0x100000;

const PROGRAM_BASE = 0x08048000;

/** Pup as a Guest. @throws TangleError for the first mistake in its sources */
export function buildPup(read: Read): Pup {
  return { kernel: tangleKernel(read, false).elf, initrd: buildInitrd(read) };
}

/** Pup for the bare silicon: the same sources, in ring 0. @throws TangleError for the first mistake in its sources */
export function buildBarePup(read: Read): Pup {
  return { kernel: tangleKernel(read, true).elf, initrd: buildInitrd(read) };
}

export function tangleKernel(read: Read, bare: boolean): Image {
  return tangle({
    root: KERNEL,
    entry: 'start',
    read,
    virtualBase: KERNEL_BASE + KERNEL_PHYSICAL,
    physicalBase: KERNEL_PHYSICAL,
    defines: { BARE: bare },
  });
}

/* ## One file, one program */

/** Tangles the program whose `main` is in `root`. */
export function tangleProgram(read: Read, root: string): Image {
  return tangle({ root, entry: 'main', read, virtualBase: PROGRAM_BASE, physicalBase: PROGRAM_BASE });
}

function buildInitrd(read: Read): Uint8Array {
  const programs: ArchivedFile[] = [];
  const sources: ArchivedFile[] = [];
  for (const path of programsOf(read)) {
    const name = path.replace(/^.*\/|\.ts$/g, '');
    programs.push({ path: `bin/${name}`, bytes: tangleProgram(read, path).elf, executable: true });
    sources.push({ path: `src/${name}.ts`, bytes: new TextEncoder().encode(read(path)) });
  }
  return packCpio([...programs, ...sources]);
}

/** The paths of all programs: what the index of their folder names, and exports a `main`. */
export function programsOf(read: Read): string[] {
  const index = ts.createSourceFile(PROGRAMS, read(PROGRAMS), ts.ScriptTarget.ES2022);
  return index.statements
    .filter((statement) => ts.isExportDeclaration(statement))
    .flatMap(({ moduleSpecifier }) =>
      moduleSpecifier && ts.isStringLiteral(moduleSpecifier) ? [moduleSpecifier.text] : [],
    )
    .map((specifier) => resolvePath(PROGRAMS, specifier))
    .filter((path) => /^export function main\b/m.test(read(path)));
}
