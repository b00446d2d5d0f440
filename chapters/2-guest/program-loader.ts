/*
 * # What a program is made of
 *
 * A program is a file that says where its parts want to be. The format is called ELF, was made for Unix System V
 * in the late eighties and can do a great deal, of which a kernel needs about two per cent: a header, and a list
 * of *segments*. Each segment says: take so many bytes of me from here, put them there, and make the whole so much
 * longer with zeros.
 */
import {
  PRESENT,
  USER,
  WRITABLE,
  createDirectory,
  destroyAddressSpace,
  entryFor,
  mapPage,
  pageOf,
} from './address-space.ts';
import type { Node } from './archive.ts';
import type { i32, Inline, u16, u32, u8 } from './language.ts';
import { addressOf, at, load32, store32 } from './language.ts';
import {
  PAGE_OFFSET_MASK,
  PAGE_SIZE,
  USER_BOTTOM,
  USER_STACK_LIMIT,
  USER_STACK_TOP,
  pageRoundUp,
} from './layout.ts';
import { allocatePage, releasePage } from './pages.ts';
import { E2BIG, ENOEXEC, ENOMEM } from './protocol.ts';
import { copyBytes } from './text.ts';

/** An address space with a program in it, ready to start at `entry` with its stack pointer at `stack`. */
export interface Image {
  directory: u32;
  start: u32;
  end: u32;
  entry: u32;
  stack: u32;
}

/** The words a program is called with, each ended by a zero: exactly a page. */
export interface Words {
  count: u32;
  length: u32;
  text: Inline<u8, 4088>;
}

/** Limits for the words: with their addresses they fit in the topmost page of the stack. */
export const LONGEST_WORDS = 2048;
export const MOST_WORDS = 128;

/*
 * ## The file format
 *
 * You have been loaded from such a file yourself, by the Launcher, whose author wrote down the same two structures
 * in chapter 4 from his side of the fence. A `u16` in an interface is two bytes in memory; the tangler lays out
 * fields in order, so a picture of the header *is* its type.
 */

interface ElfHeader {
  magic: u32;
  ident: Inline<u8, 12>;
  type: u16;
  machine: u16;
  version: u32;
  entry: u32;
  programHeaders: u32;
  sectionHeaders: u32;
  flags: u32;
  size: u16;
  programHeaderSize: u16;
  programHeaderCount: u16;
}

interface ProgramHeader {
  type: u32;
  offset: u32;
  virtualAddress: u32;
  physicalAddress: u32;
  fileSize: u32;
  memorySize: u32;
  flags: u32;
  alignment: u32;
}

/*
 * Loading either works as a whole or leaves nothing behind, and the way to get that for free is to build the new
 * world to one side. A fresh directory is filled while the old program still stands. Fail, and there is one thing
 * to destroy.
 */

const ELF_MAGIC = 0x464c457f;
const ELF_EXECUTABLE = 2;
const ELF_386 = 3;
const ELF_HEADER_SIZE = 52;
const PROGRAM_HEADER_SIZE = 32;
const SEGMENT_LOAD = 1;
const SEGMENT_WRITABLE = 2;

/** Builds the address space of the program in `file`. On an error nothing is left behind. */
export function loadProgram(file: Node, words: Words, image: Image): i32 {
  const header = at<ElfHeader>(file.data);
  if (!isProgram(header, file.size)) return -ENOEXEC;
  image.directory = createDirectory();
  if (image.directory === 0) return -ENOMEM;
  image.start = USER_STACK_LIMIT;
  image.end = 0;
  image.entry = header.entry;
  let result: i32 = loadSegments(file, header, image);
  if (result === 0) result = buildStack(words, image);
  if (result !== 0) destroyAddressSpace(image.directory);
  return result;
}

function isProgram(header: ElfHeader, size: u32): boolean {
  if (size < ELF_HEADER_SIZE || header.magic !== ELF_MAGIC) return false;
  if (header.type !== ELF_EXECUTABLE || header.machine !== ELF_386) return false;
  if (header.programHeaderSize !== PROGRAM_HEADER_SIZE || header.programHeaders > size) return false;
  return header.programHeaderCount * PROGRAM_HEADER_SIZE <= size - header.programHeaders;
}

/*
 * ## Segments
 *
 * The file comes from an archive that somebody packed, and you are going to believe its numbers only after looking
 * at each. The trap in this sort of check is the sum. `offset + fileSize <= size` looks fine and is wrong, because
 * offsets near 2^32 wrap round to small ones; so every test below is a subtraction from something already known to
 * be larger.
 */

/*
 * Then copying, page by page, straight from the archive. Code is mapped without the right to write, so it stays
 * shared for ever among all who fork. The tail of a segment that exists in memory and not in the file is not even
 * mentioned: those addresses are inside the image, nothing is there, and the first touch brings a page of zeros.
 */

function loadSegments(file: Node, header: ElfHeader, image: Image): i32 {
  for (let i: u32 = 0; i < header.programHeaderCount; i++) {
    const segment = at<ProgramHeader>(file.data + header.programHeaders + i * PROGRAM_HEADER_SIZE);
    if (segment.type !== SEGMENT_LOAD) continue;
    if (!isSane(segment, file.size)) return -ENOEXEC;
    const result: i32 = loadSegment(segment, file.data, image.directory);
    if (result !== 0) return result;
    if (segment.virtualAddress < image.start) image.start = segment.virtualAddress & ~PAGE_OFFSET_MASK;
    const end: u32 = pageRoundUp(segment.virtualAddress + segment.memorySize);
    if (end > image.end) image.end = end;
  }
  return image.end === 0 ? -ENOEXEC : 0;
}

/*
 * Here are those subtractions. Read each as a sentence: *what is left of the file behind the offset must be
 * enough*. And one test is missing on purpose. Nobody asks whether two segments overlap, since the worst that a
 * program can do that way is to be wrong about itself.
 */

/** Whether a segment lies inside the file, and inside what programs own. Written so that no sum can wrap. */
function isSane(segment: ProgramHeader, size: u32): boolean {
  if (segment.offset > size || segment.fileSize > size - segment.offset) return false;
  if (segment.fileSize > segment.memorySize) return false;
  if (segment.virtualAddress < USER_BOTTOM || segment.virtualAddress > USER_STACK_LIMIT) return false;
  return segment.memorySize < USER_STACK_LIMIT - segment.virtualAddress;
}

/** Copies what the file has of a segment, page by page. What it has not is zero, and comes when it is touched. */
function loadSegment(segment: ProgramHeader, file: u32, directory: u32): i32 {
  const flags: u32 = (segment.flags & SEGMENT_WRITABLE) !== 0 ? PRESENT | USER | WRITABLE : PRESENT | USER;
  for (let done: u32 = 0; done < segment.fileSize; ) {
    const address: u32 = segment.virtualAddress + done;
    const page: u32 = pageFor(directory, address & ~PAGE_OFFSET_MASK, flags);
    if (page === 0) return -ENOMEM;
    const offset: u32 = address & PAGE_OFFSET_MASK;
    const room: u32 = PAGE_SIZE - offset;
    const left: u32 = segment.fileSize - done;
    const chunk: u32 = left < room ? left : room;
    copyBytes(page + offset, file + segment.offset + done, chunk);
    done += chunk;
  }
  return 0;
}

/** The page at `address` (kernel address), newly mapped if need be; 0 if there is no memory. */
function pageFor(directory: u32, address: u32, flags: u32): u32 {
  const slot: u32 = entryFor(directory, address, true);
  if (slot === 0) return 0;
  if ((load32(slot) & PRESENT) !== 0) {
    store32(slot, load32(slot) | flags); // two segments in one page: the more generous one decides
    return pageOf(load32(slot));
  }
  const page: u32 = allocatePage();
  if (page === 0) return 0;
  if (mapPage(directory, address, page, flags)) return page;
  releasePage(page);
  return 0;
}

/*
 * ## The first stack
 *
 * `echo hello world` has to find its words somewhere. They go to the very top of its stack, and below them their
 * addresses, and below those the two arguments of `main`, exactly as if somebody had called it.
 *
 * :::figure{#first-stack caption="The topmost page of the stack of echo hello world, before its first instruction"}
 * ```text
 *      0xbffff000  +----------------------------+
 *                  | "echo" "hello" "world"     |
 *      0xbfffefec  +----------------------------+
 *                  | 0                          |
 *                  | address of "world"         |
 *                  | address of "hello"         |
 *                  | address of "echo"          |
 *      0xbfffefdc  +----------------------------+
 *                  | 0xbfffefdc                 |  words
 *                  | 3                          |  count
 *                  | 0                          |  return address
 *      0xbfffefd0  +----------------------------+ <- esp
 * ```
 * :::
 *
 * Nobody has called it, and the return address says so. A `main` that forgets to `exit` returns to address 0, and
 * dies like somebody who takes one step more than there are stairs.
 */

/** Lays out the topmost page of the stack as a caller would: the words, their addresses, and the two arguments. */
function buildStack(words: Words, image: Image): i32 {
  if (words.length > LONGEST_WORDS || words.count > MOST_WORDS) return -E2BIG;
  const page: u32 = pageFor(image.directory, USER_STACK_TOP - PAGE_SIZE, PRESENT | USER | WRITABLE);
  if (page === 0) return -ENOMEM;
  const text: u32 = PAGE_SIZE - ((words.length + 3) & ~3);
  const list: u32 = text - (words.count + 1) * 4;
  const base: u32 = USER_STACK_TOP - PAGE_SIZE;
  copyBytes(page + text, addressOf(words.text), words.length);
  let next: u32 = text;
  for (let i: u32 = 0; i < words.count; i++) {
    store32(page + list + i * 4, base + next);
    while (at<u8[]>(page)[next] !== 0) next++;
    next++;
  }
  image.stack = base + list - 12;
  store32(page + list - 12, 0); // nobody called: whoever returns from here crashes at address 0
  store32(page + list - 8, words.count);
  store32(page + list - 4, base + list);
  return 0;
}
