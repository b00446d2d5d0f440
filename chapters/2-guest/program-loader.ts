/* # Programs */
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

/* ## The file format */

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

/* ## Segments */

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

/* ## The first stack */

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
