/*
 * # From chapters to an image
 *
 * A linker joins what compilers have made, and throws away what nobody calls, if it is a good one and one has
 * found the right option. We have no linker. We start at the entry and go wherever the code goes, and where nobody
 * goes, nothing is ever made: not compiled and discarded, but never looked at.
 */

import { assemble, AssemblyError, type Assembly } from '../../src/assembler/index.ts';
import { dataText, isZero } from './data.ts';
import { elfFrom, type Line, type Segment, type ImageSymbol } from './elf.ts';
import { fail, TangleError } from './errors.ts';
import { newFrame } from './frame.ts';
import { functionText } from './functions.ts';
import { roundUp } from './layout.ts';
import { template } from './machine-code.ts';
import { findExport, moduleAt, openLibrary, type Library, type Module } from './modules.ts';
import { define, type Labelled, type Program } from './program.ts';

/*
 * ## What one has to say
 *
 * A kernel is a peculiar program: it is loaded at one address and lives at another, because where it wants to live
 * (`0xc0100000`, one megabyte above the three-gigabyte line) most machines have no memory at all. It is put at one
 * megabyte, turns on paging, and from then on both are the same place. Hence two bases. Programs have it simpler
 * and give the same number twice.
 *
 * `defines` is how one source becomes two kernels: `BARE` is false in pup's source, and the tangler's word is law.
 */

export interface TangleOptions {
  /** Path of the module that exports the entry. */
  readonly root: string;
  /** The text of a source. What it throws becomes the hint of an error at the import. */
  read(path: string): string;
  /** Name of an exported function or of exported naked code: where the image begins to run. */
  readonly entry: string;
  /** Where the image lies, as its code sees it; a multiple of 4096. */
  readonly virtualBase: number;
  /** Where a loader puts it. */
  readonly physicalBase: number;
  /** Values for exported constants, by name, in place of those in the source. */
  readonly defines?: Readonly<Record<string, number | boolean>>;
}

/*
 * ## What one gets
 *
 * An ELF file, for whoever wants to boot it, and beside it everything that a test or a curious reader would
 * otherwise have to dig out of one.
 */

/** A tangled program. Addresses are virtual, but for the entry in the ELF file. */
export interface Image {
  readonly elf: Uint8Array;
  /** What all of it was before the assembler: for the curious, and for tests. */
  readonly assembly: string;
  readonly symbols: readonly ImageSymbol[];
  readonly lines: readonly Line[];
  readonly entry: number;
  readonly text: { readonly address: number; readonly size: number };
  readonly data: { readonly address: number; readonly size: number };
  /** Memory behind the data that begins as zeros. */
  readonly zeroed: { readonly address: number; readonly size: number };
}

/*
 * ## Four steps
 *
 * Find the entry. Write everything that it reaches as assembly text. Assemble that. Pack it. The second step is
 * the one with thirty files behind it.
 */

const PAGE = 4096;

/**
 * Turns the function `entry`, and all that it reaches, into an ELF image for the i386.
 *
 * @param library modules that are already parsed, for whoever tangles several images from the same sources
 * @throws TangleError for what is not in the language, with the place and a hint
 */
export function tangle(options: TangleOptions, library = openLibrary(options.read)): Image {
  const { program, entry } = begin(options, library);
  const parts = writeAll(program);
  const source = sourceFrom(parts);
  return imageFrom(options, entry, parts, source, assembled(source, options));
}

/*
 * The entry is looked up as an importer would: it has to be exported. That is the only use we make of the word
 * `export` at this end, apart from `defines`, and it keeps a kernel from being started at a helper with an unlucky
 * name.
 */

function begin(options: TangleOptions, library: Library): { program: Program; entry: Labelled } {
  const defines = new Map(
    Object.entries(options.defines ?? {}).map(([name, value]) => [name, Number(value)]),
  );
  const program: Program = {
    library,
    defines,
    definitions: new Map(),
    texts: new Map(),
    labels: new Set(),
    targets: 0,
    reached: new Set(),
  };
  const root = rootOf(library, options.root);
  const declaration = findExport(library, root, options.entry);
  if (declaration === undefined)
    fail(root.source, `no \`${options.entry}\``, 'the entry is to be exported from here');
  const entry = define(program, declaration.node, declaration);
  if (entry.kind !== 'function' && entry.kind !== 'code') {
    fail(declaration.node, `\`${options.entry}\` as the entry`, 'an entry is a function or naked code');
  }
  program.reached.add(entry);
  return { program, entry };
}

function rootOf(library: Library, path: string): Module {
  try {
    return moduleAt(library, path);
  } catch (error) {
    if (error instanceof TangleError) throw error;
    throw new TangleError(path, 1, 1, 'no such file', (error as Error).message);
  }
}

/*
 * ## Only what is reached
 *
 * Pup's kernel is made of 250 functions out of more than forty files, its `sleep` program of ten out of four. The
 * mechanism is the same and fits in a loop. An item is *reached* when some instruction or some table mentions it
 * (`mention`, which is a one-line function with a large following). Writing an item mentions others, which puts them
 * into the set that the loop is walking over.
 *
 * JavaScript happens to promise that a `for...of` over a set visits also what is added on the way. It is the whole
 * algorithm. Elsewhere it is called tree shaking, and people give talks.
 */

interface Parts {
  readonly text: string[];
  readonly constants: string[];
  readonly data: string[];
  readonly zeroed: Zeroed;
  readonly items: readonly Labelled[];
}

/** Writes the entry, then what it mentions, then what that mentions: what nobody mentions is never written. */
function writeAll(program: Program): Parts {
  const [text, constants, data]: [string[], string[], string[]] = [[], [], []];
  const zeroed: Labelled[] = [];
  for (const item of program.reached) {
    // A set in a loop also gives what is added to it on the way: the frontier walks by itself.
    try {
      if (item.kind === 'function') text.push(...functionText(item));
      else if (item.kind === 'code') text.push(...codeText(item));
      else if (item.kind === 'text') constants.push(...dataText(item));
      else if (isZero(item)) zeroed.push(item);
      else data.push(...dataText(item));
    } catch (error) {
      // We walk trees by recursion, and a tree of thousands of terms is deeper than the stack.
      if (!(error instanceof RangeError) || !('node' in item) || item.node === undefined) throw error;
      fail(item.node, 'an expression of too many parts', 'compute it in several steps');
    }
  }
  return { text, constants, data, zeroed: layOut(zeroed), items: [...program.reached] };
}

function codeText(item: Labelled & { kind: 'code' }): string[] {
  const frame = newFrame(item.context, new Map(), []);
  template(frame, item.node);
  return [`${item.label}:`, ...frame.lines];
}

/*
 * ## Memory that begins as zeros
 *
 * The kernel stacks of pup's processes alone are half a megabyte of nothing. The file, 56 kilobytes, need not carry it:
 * a segment may be larger in memory than in the file, and the loader owes us the rest in zeros. All we need is to say
 * where in it everything lies.
 *
 * :::aside
 * Compilers call this part `.bss`, for *block started by symbol*, a directive of an assembler for the IBM 704 in
 * the middle of the 1950s. It is the oldest word in your kernel.
 * :::
 */

interface Zeroed {
  readonly bytes: number;
  readonly alignment: number;
  /** Where each item lies, from the start of the zeros. */
  readonly offsets: ReadonlyMap<Labelled, number>;
}

/** A kernel lives in the last of four gigabytes. */
const MOST_ZEROS = 1 << 30;

/** Gives zeroed memory its places. It takes no room in the file. */
function layOut(items: readonly Labelled[]): Zeroed {
  const offsets = new Map<Labelled, number>();
  let bytes = 0;
  let alignment = 4;
  for (const item of items) {
    const [size, aligned] = item.kind === 'storage' ? [item.bytes, item.alignment] : [4, 4];
    bytes = roundUp(bytes, aligned);
    alignment = Math.max(alignment, aligned);
    offsets.set(item, bytes);
    bytes += size;
    if (item.kind === 'storage' && bytes > MOST_ZEROS)
      fail(
        item.node,
        `room for ${bytes} bytes in all`,
        `a kernel has ${MOST_ZEROS} to itself, and so at most as many`,
      );
  }
  return { bytes, alignment, offsets };
}

/*
 * ## One source for the assembler
 *
 * Everything goes into one text, in four stretches: code, then constants that nobody writes to, then (from a new
 * page on, so that it may have other permissions) data, then the zeros. Labels hold it together. The zeros have no
 * bytes, so their labels are sums: so many bytes behind `$zeroed`.
 *
 * Because the text is one, the assembler knows every address, and it alone. Nothing in the tangler ever asks
 * "where will this be?", which is a question that has ruined many a one-pass compiler.
 */

function sourceFrom({ text, constants, data, zeroed }: Parts): string {
  return [
    '$image.start:',
    ...text,
    '%line 0 -',
    '$constants:',
    ...constants,
    `align ${PAGE}`,
    '$data:',
    ...data,
    `align ${zeroed.alignment}`,
    '$zeroed:',
    ...[...zeroed.offsets].map(([{ label }, offset]) => `${label} equ $zeroed+${offset}`),
    `$image.end equ ($zeroed+${zeroed.bytes + PAGE - 1}) & ~${PAGE - 1}`,
    '',
  ].join('\n');
}

/*
 * A mistake in an `asm` template is found by the assembler. It knows the line in TypeScript, because `%line`
 * directives told it, and so it becomes an error like all others.
 */

function assembled(source: string, { virtualBase, root }: TangleOptions): Assembly {
  try {
    return assemble(source, { origin: virtualBase, file: root });
  } catch (error) {
    if (!(error instanceof AssemblyError)) throw error;
    throw new TangleError(error.file, error.line, 1, error.found, `the assembler expected ${error.expected}`);
  }
}

/*
 * ## Segments, symbols, lines
 *
 * The assembler hands back bytes and labels. What is left is to cut: the first segment may be executed but not
 * written, the second written but not executed, if anybody asks. An i386 does not ask; its page tables know no
 * difference between reading and executing. But pup maps the first one read-only for its programs, so that a stray
 * pointer hits a wall instead of an instruction.
 */

function imageFrom(
  options: TangleOptions,
  entry: Labelled,
  { items, zeroed }: Parts,
  source: string,
  { bytes, labels, lines: all }: Assembly,
): Image {
  const base = options.virtualBase;
  const [constants, data, zeros] = ['$constants', '$data', '$zeroed'].map((label) => labels.get(label)!) as [
    number,
    number,
    number,
  ];
  const segments: Segment[] = [
    { address: base, bytes: bytes.subarray(0, data - base), size: data - base, executable: true },
  ];
  if (zeros + zeroed.bytes > data) {
    segments.push({
      address: data,
      bytes: bytes.subarray(data - base),
      size: zeros + zeroed.bytes - data,
      executable: false,
    });
  }
  const addressOf = (item: Labelled) => labels.get(item.label) ?? zeros + zeroed.offsets.get(item)!;
  const symbols = symbolsFrom(items, addressOf, [constants, data, zeros, zeros + zeroed.bytes]);
  const lines = all.filter(({ address }) => address < constants);
  const distance = base - options.physicalBase;
  const elf = elfFrom({ entry: addressOf(entry) - distance, segments, distance, symbols, lines });
  return {
    elf,
    assembly: source,
    symbols,
    lines,
    entry: addressOf(entry),
    text: { address: base, size: constants - base },
    data: { address: data, size: zeros - data },
    zeroed: { address: zeros, size: zeroed.bytes },
  };
}

/*
 * A symbol is a name, an address and a size, and the last of these is what makes a backtrace trustworthy: with it,
 * an address *behind* the last function is nowhere, instead of being "in" the last function, as far as half a
 * megabyte off.
 */

/** By rising address. What does not know its size reaches to the next, or to the end of what it stands in. */
function symbolsFrom(
  items: readonly Labelled[],
  addressOf: (item: Labelled) => number,
  ends: readonly number[],
): ImageSymbol[] {
  const named = items
    .filter(({ kind }) => kind !== 'text')
    .map((item) => ({ item, address: addressOf(item) }))
    .sort((a, b) => a.address - b.address);
  return named.map(({ item, address }, index) => {
    const limits = [...ends, named[index + 1]?.address ?? 0].filter((limit) => limit > address);
    const size = sizeOfItem(item) ?? Math.min(...limits) - address;
    return { name: item.name, address, size, kind: kindOf(item) };
  });
}

function sizeOfItem(item: Labelled): number | undefined {
  return item.kind === 'storage' ? item.bytes : item.kind === 'variable' ? 4 : undefined;
}

function kindOf({ kind }: Labelled): ImageSymbol['kind'] {
  return kind === 'function' || kind === 'code' ? 'function' : 'object';
}
