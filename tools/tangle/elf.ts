/*
 * # The container
 *
 * A file that is to be run has to say where it wants to be. For this the people of System V Release 4 made the
 * Executable and Linkable Format in the late 1980s, when the one before it had become too tight: everything was at
 * a fixed place in it, and shared libraries were not. In ELF everything is somewhere, and there is a table that
 * says where. Two tables, in fact. The loader reads the one of *segments*, and linkers and debuggers read the one
 * of *sections*. They describe the same bytes.
 *
 * :::figure{#elf-file caption="Pup's kernel as a file: what the loader sees on the left, what a debugger sees on the right"}
 * ```text
 *              +------------------------+
 *              | ELF header             |
 *              | program headers        |
 *              +------------------------+ 0x1000
 *   segment 1  | code, strings          |  .text
 *              +------------------------+
 *   segment 2  | data                   |  .data
 *              | (zeros: not in file)   |  .bss
 *              +------------------------+
 *              | names and addresses    |  .symtab .strtab
 *              | lines of TypeScript    |  .lantern.lines
 *              | names of sections      |  .shstrtab
 *              | section headers        |
 *              +------------------------+
 * ```
 * :::
 */

/** A piece of the image that is loaded in one go. */
export interface Segment {
  readonly address: number;
  readonly bytes: Uint8Array;
  /** Bytes in memory, at least those in the file; what is beyond them is zero. */
  readonly size: number;
  readonly executable: boolean;
}

export interface ImageSymbol {
  readonly name: string;
  readonly address: number;
  /** In bytes. */
  readonly size: number;
  readonly kind: 'function' | 'object';
}

/** The first instruction of a source line. */
export interface Line {
  readonly address: number;
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/*
 * ## What goes in
 *
 * The entry is a physical address if the image is loaded elsewhere than it runs: at the moment of the first
 * instruction, nobody has turned on paging yet.
 */

/** What goes into an ELF file. */
export interface ElfParts {
  /** As the loader is to see it: physical, where that differs. */
  readonly entry: number;
  readonly segments: readonly Segment[];
  /** Virtual addresses minus physical ones. */
  readonly distance: number;
  readonly symbols: readonly ImageSymbol[];
  readonly lines: readonly Line[];
}

const HEADER_SIZE = 52;
const PROGRAM_HEADER_SIZE = 32;
const SECTION_HEADER_SIZE = 40;
const PAGE = 4096;

/*
 * ## Bytes, little end first
 *
 * Which end of a number comes first? Danny Cohen, in 1980, borrowed the names from Gulliver's Travels, in which
 * two empires go to war over which end of an egg to break. Intel's is the little one.
 */

/** A growing file. */
interface Writer {
  readonly bytes: number[];
}

function put(writer: Writer, size: 1 | 2 | 4, ...values: number[]): void {
  for (const value of values) {
    for (let at = 0; at < size; at++) writer.bytes.push((value >>> (8 * at)) & 0xff);
  }
}

function bytesFrom(write: (writer: Writer) => void): Uint8Array {
  const writer: Writer = { bytes: [] };
  write(writer);
  return Uint8Array.from(writer.bytes);
}

/** NUL-terminated names, each once, and where each begins. */
function namesFrom(names: Iterable<string>): { bytes: Uint8Array; at: Map<string, number> } {
  const at = new Map<string, number>([['', 0]]);
  const pieces = [0];
  for (const name of names) {
    if (at.has(name)) continue;
    at.set(name, pieces.length);
    pieces.push(...new TextEncoder().encode(name), 0);
  }
  return { bytes: Uint8Array.from(pieces), at };
}

/*
 * ## A section for each thing
 *
 * Each segment gives a section with bytes in the file, and perhaps one without. Behind them come the tables that
 * only people read.
 */

interface Section {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly address: number;
  readonly bytes: Uint8Array;
  /** Of a section without bytes in the file. */
  readonly size?: number;
  readonly link?: number;
  readonly info?: number;
  readonly entrySize?: number;
}

const PROGBITS = 1;
const SYMTAB = 2;
const STRTAB = 3;
const NOBITS = 8;
const WRITE = 1;
const ALLOCATED = 2;
const EXECUTE = 4;

/*
 * The symbols refer to their names by place, so the table of names has to be known first, and it is also the next
 * section.
 */

function sectionsFrom(parts: ElfParts): Section[] {
  const nothing = new Uint8Array(0);
  const names = namesFrom(parts.symbols.map(({ name }) => name));
  const sections: Section[] = [{ name: '', type: 0, flags: 0, address: 0, bytes: nothing }];
  for (const { address, bytes, size, executable } of parts.segments) {
    const flags = ALLOCATED | (executable ? EXECUTE : WRITE);
    sections.push({ name: executable ? '.text' : '.data', type: PROGBITS, flags, address, bytes });
    if (size === bytes.length) continue;
    const zeros = { address: address + bytes.length, bytes: nothing, size: size - bytes.length };
    sections.push({ name: '.bss', type: NOBITS, flags, ...zeros });
  }
  const link = sections.length + 1;
  const symbols = symbolTable(parts.symbols, names.at, sections);
  const info = parts.symbols.length + 1; // all of them are local
  sections.push({
    name: '.symtab',
    type: SYMTAB,
    flags: 0,
    address: 0,
    bytes: symbols,
    link,
    info,
    entrySize: 16,
  });
  sections.push({ name: '.strtab', type: STRTAB, flags: 0, address: 0, bytes: names.bytes });
  sections.push({
    name: '.lantern.lines',
    type: PROGBITS,
    flags: 0,
    address: 0,
    bytes: lineTable(parts.lines),
  });
  const titles = [...sections.map(({ name }) => name), '.shstrtab'];
  sections.push({ name: '.shstrtab', type: STRTAB, flags: 0, address: 0, bytes: namesFrom(titles).bytes });
  return sections;
}

/*
 * ## Symbols
 *
 * Sixteen bytes each: name, address, size, kind, section. It is what `nm` and `objdump` show, and they work on
 * pup.
 */

const KINDS = { object: 1, function: 2 };

function symbolTable(
  symbols: readonly ImageSymbol[],
  names: Map<string, number>,
  sections: readonly Section[],
): Uint8Array {
  return bytesFrom((writer) => {
    put(writer, 4, 0, 0, 0, 0);
    for (const { name, address, size, kind } of symbols) {
      const section = sections.findLastIndex((one) => one.address !== 0 && one.address <= address);
      put(writer, 4, names.get(name)!, address, size);
      put(writer, 1, KINDS[kind], 0);
      put(writer, 2, section);
    }
  });
}

/*
 * ## Lines
 *
 * From an address to a line of TypeScript. The world has a format for this, DWARF, in which the table is a little
 * program, for a machine of its own, that writes the table when it is run. It is very compact. Pup's kernel has
 * sixteen hundred lines, at eight bytes each, and thirteen kilobytes are not worth a second machine.
 */

/**
 * The section `.lantern.lines`, all numbers little-endian: a u32 with the number of lines, a u32 with the number of
 * files; for each line, by rising address, u32 address, u16 file (from 0), u16 line (from 1); then the names of the
 * files, each ended by a zero. A line's code reaches up to the address of the next.
 */
function lineTable(lines: readonly Line[]): Uint8Array {
  const files = [...new Set(lines.map(({ file }) => file))];
  const numbers = new Map(files.map((file, index) => [file, index]));
  return bytesFrom((writer) => {
    put(writer, 4, lines.length, files.length);
    for (const { address, file, line } of lines) {
      put(writer, 4, address);
      put(writer, 2, numbers.get(file)!, line);
    }
    for (const file of files) put(writer, 1, ...new TextEncoder().encode(file), 0);
  });
}

/*
 * ## Putting the file together
 *
 * Where a segment lies in the file, and where in memory, must agree in the last twelve bits, so that a loader
 * which maps files by the page can do it without copying. Hence a hole of nearly a page behind the headers.
 */

/** The bytes of an ELF executable for the i386. */
export function elfFrom(parts: ElfParts): Uint8Array {
  const sections = sectionsFrom(parts);
  const offsets: number[] = [];
  let end = HEADER_SIZE + PROGRAM_HEADER_SIZE * parts.segments.length;
  for (const { flags, address, bytes } of sections) {
    if (flags & ALLOCATED && bytes.length > 0)
      end += (address - end) & (PAGE - 1); // so that a loader may map the file
    else end = (end + 3) & ~3;
    offsets.push(end);
    end += bytes.length;
  }
  const table = (end + 3) & ~3;
  const file = new Uint8Array(table + SECTION_HEADER_SIZE * sections.length);
  file.set(header(parts, table, sections.length), 0);
  for (const [index, { bytes }] of sections.entries()) file.set(bytes, offsets[index]);
  file.set(programHeaders(parts, sections, offsets), HEADER_SIZE);
  file.set(sectionHeaders(sections, offsets), table);
  return file;
}

/*
 * ## Three tables
 *
 * The ELF header is 52 bytes that begin with `7f` and the letters ELF. A program header is eight words, a section
 * header ten.
 */

function header(parts: ElfParts, sectionTable: number, sections: number): Uint8Array {
  return bytesFrom((writer) => {
    put(writer, 1, 0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0); // 32 bits, little-endian
    put(writer, 2, 2, 3); // executable, i386
    put(writer, 4, 1, parts.entry, HEADER_SIZE, sectionTable, 0);
    put(writer, 2, HEADER_SIZE, PROGRAM_HEADER_SIZE, parts.segments.length);
    put(writer, 2, SECTION_HEADER_SIZE, sections, sections - 1);
  });
}

function programHeaders(
  parts: ElfParts,
  sections: readonly Section[],
  offsets: readonly number[],
): Uint8Array {
  return bytesFrom((writer) => {
    for (const { address, bytes, size, executable } of parts.segments) {
      const offset = offsets[sections.findIndex((section) => section.bytes === bytes)]!;
      put(
        writer,
        4,
        1,
        offset,
        address,
        address - parts.distance,
        bytes.length,
        size,
        executable ? 5 : 6,
        PAGE,
      );
    }
  });
}

/*
 * The section headers come last in the file, and name everything before them.
 */

function sectionHeaders(sections: readonly Section[], offsets: readonly number[]): Uint8Array {
  const names = namesFrom(sections.map(({ name }) => name)).at;
  return bytesFrom((writer) => {
    for (const [index, section] of sections.entries()) {
      const {
        name,
        type,
        flags,
        address,
        bytes,
        size = bytes.length,
        link = 0,
        info = 0,
        entrySize = 0,
      } = section;
      put(writer, 4, names.get(name)!, type, flags, address, offsets[index]!, size, link, info);
      put(writer, 4, flags & ALLOCATED ? PAGE : type === 0 ? 0 : 1, entrySize);
    }
  });
}
