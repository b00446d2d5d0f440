/*
 * # What the dead were called
 *
 * A dead Guest leaves one number behind: 0xc0100a41. It is where it was, exactly, and tells you nothing. Somewhere
 * in the kernel's file there is a list of who lives where. In the file only, mind you: the loader never took it
 * along, since no program needs to know its own names in order to run.
 */

import { isElf, viewOf } from './elf.ts';

/*
 * ## The other list
 *
 * ELF has two tables of contents. The program headers, by which you loaded the kernel, are for machines. The
 * section headers, at the other end of the file, are for people and their tools, and any of it may be missing: most
 * kernels are stripped of all names before they are shipped.
 *
 * So nothing here is an error. A table that is absent, or makes no sense, is a table with nothing in it. This is
 * the morgue; the file has already been good enough to run.
 */

/** A named stretch of the kernel, at the addresses it runs at. */
export interface KernelSymbol {
  name: string;
  address: number;
  size: number;
}

interface Section {
  name: string;
  type: number;
  link: number;
  bytes: Uint8Array;
}

const SECTION_HEADER_SIZE = 40;
const SYMBOL_SIZE = 16;
const SHT_SYMTAB = 2;
const SHT_NOBITS = 8;
/** Instead of a section: the symbol is a number, and no place. */
const SHN_ABS = 0xfff1;
const STT_SECTION = 3;
const STT_FILE = 4;

/*
 * A table of 40-byte headers says what there is, and one of the sections it lists holds everybody's names, its own
 * included.
 */

/** The sections of an image; none if there is no table of them, or none that makes sense. */
function readSections(file: Uint8Array): Section[] {
  if (!isElf(file) || file.length < 52) return [];
  const view = viewOf(file);
  const offset = view.getUint32(32, true);
  const entrySize = view.getUint16(46, true);
  const count = view.getUint16(48, true);
  if (offset === 0 || entrySize !== SECTION_HEADER_SIZE || offset + count * entrySize > file.length)
    return [];
  const names = view.getUint16(50, true);
  const headers = Array.from({ length: count }, (_, index) =>
    readSection(file, view, offset + index * entrySize),
  );
  const strings = headers[names]?.bytes ?? new Uint8Array(0);
  return headers.map((header) => ({ ...header, name: textAt(strings, header.nameAt) }));
}

function readSection(file: Uint8Array, view: DataView, at: number) {
  const type = view.getUint32(at + 4, true);
  const offset = view.getUint32(at + 16, true);
  const size = type === SHT_NOBITS ? 0 : view.getUint32(at + 20, true);
  return {
    nameAt: view.getUint32(at, true),
    type,
    link: view.getUint32(at + 24, true),
    bytes: offset + size <= file.length ? file.subarray(offset, offset + size) : new Uint8Array(0),
  };
}

/*
 * A name ends with a NUL, unless somebody has left it out. Ten thousand symbols may then share one name that is as long
 * as the file, and ten thousand copies of that are more than a launcher has room for. C++ is known for names of that
 * kind; a kernel can do with less.
 */
const LONGEST_NAME = 256;

/** The text from `at` to the next NUL. */
function textAt(strings: Uint8Array, at: number): string {
  const most = strings.subarray(at, at + LONGEST_NAME);
  const end = most.indexOf(0);
  return new TextDecoder().decode(end < 0 ? most : most.subarray(0, end));
}

/*
 * ## Names
 *
 * A symbol is sixteen bytes: where its name begins in a long string of names, its address, its size, and what it
 * is. Sections and files have symbols, too, that stand for nothing in particular, and so have numbers that somebody has
 * found worth a name. We keep the rest, in the order of addresses.
 */

/** The symbol table of an image, by rising address; empty if it was stripped. */
export function readSymbols(file: Uint8Array): KernelSymbol[] {
  const sections = readSections(file);
  const table = sections.find((section) => section.type === SHT_SYMTAB);
  const strings = table && sections[table.link]?.bytes;
  if (!table || !strings) return [];
  const view = viewOf(table.bytes);
  const symbols: KernelSymbol[] = [];
  for (let at = 0; at + SYMBOL_SIZE <= table.bytes.length; at += SYMBOL_SIZE) {
    const type = view.getUint8(at + 12) & 15;
    const section = view.getUint16(at + 14, true);
    if (section === 0 || section === SHN_ABS || type === STT_SECTION || type === STT_FILE) continue;
    const name = textAt(strings, view.getUint32(at, true));
    symbols.push({ name, address: view.getUint32(at + 4, true), size: view.getUint32(at + 8, true) });
  }
  return symbols.sort((a, b) => a.address - b.address);
}

/*
 * Whoever is at an address is the last one who moved in at or below it.
 */

/** The last entry at or below `address` in a list by rising address. */
export function lastBefore<Entry extends { address: number }>(
  entries: readonly Entry[],
  address: number,
): Entry | undefined {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entries[middle]!.address <= address) low = middle + 1;
    else high = middle;
  }
  return entries[low - 1];
}

/*
 * ## Lines
 *
 * The tangler leaves a second list, in a section of its own making, that says which line of which file each piece
 * of code came from. Linux has the same in a format called DWARF, which can also tell you in which register the
 * third argument of an inlined function was, in four programs of which the first is for a stack machine. Ours has
 * eight bytes for a line.
 */

/** The first instruction of a line of source. */
export interface SourceLine {
  address: number;
  file: string;
  line: number;
}

const LINES_SECTION = '.lantern.lines';
const LINE_SIZE = 8;

/**
 * The tangler's table of source lines, by rising address; empty for a kernel that it did not make, or made badly.
 * Two u32 count lines and files; each line is a u32 address, a u16 file and a u16 line; the file names follow.
 */
export function readLines(file: Uint8Array): SourceLine[] {
  const section = readSections(file).find(({ name }) => name === LINES_SECTION);
  if (!section || section.bytes.length < LINE_SIZE) return [];
  const view = viewOf(section.bytes);
  const count = view.getUint32(0, true);
  const namesAt = LINE_SIZE + count * LINE_SIZE;
  if (namesAt > section.bytes.length) return [];
  const names = new TextDecoder().decode(section.bytes.subarray(namesAt)).split('\0');
  return Array.from({ length: count }, (_, index) => {
    const at = LINE_SIZE + index * LINE_SIZE;
    const name = names[view.getUint16(at + 4, true)] ?? '?';
    return { address: view.getUint32(at, true), file: name, line: view.getUint16(at + 6, true) };
  });
}
