/*
 * # Becoming someone else
 *
 * `fork` makes a second one of you; `exec` makes you into another. Same number, same open files, same parent, and
 * all the memory new. Between the two, a shell can do as it pleases with the child's files, which is how
 * redirection and pipes came to need no support in the kernel at all.
 */
import { USER_CS, USER_DS, X86_EFLAGS_IF } from '../1-preparation/abi.ts';
import { destroyAddressSpace } from './address-space.ts';
import type { Node } from './archive.ts';
import { KIND_DIRECTORY, KIND_FILE, findNode } from './archive.ts';
import type { i32, u32, u8 } from './language.ts';
import { addressOf, array, at, charCode, load8, sizeOf, struct } from './language.ts';
import { allocatePage, releasePage } from './pages.ts';
import { usePageDirectory } from './paravirt.ts';
import type { Process } from './process.ts';
import { cpu } from './process.ts';
import type { Image, Words } from './program-loader.ts';
import { LONGEST_WORDS, MOST_WORDS, loadProgram } from './program-loader.ts';
import { E2BIG, EFAULT, EISDIR, ENOENT, ENOEXEC, ENOMEM } from './protocol.ts';
import { clearBytes, copyBytes, lengthOf } from './text.ts';
import type { TrapFrame } from './traps.ts';
import { copyFromUser, copyTextFromUser } from './user-memory.ts';

const LONGEST_PATH = 128;
const path = array<u8>(128);
const newImage = struct<Image>();

/*
 * Up to the middle of `execute` everything may still fail, and the old program is there to hear of it. Then comes
 * a line after which it is gone, and from there on nothing *can* fail. Mind the last two statements. First change
 * to the new directory, then free the old one. The other way round works too, almost always.
 */

/** Replaces the program of the current process by the file named at `pathAddress`, called with the words at `list`. */
export function execute(frame: TrapFrame, pathAddress: u32, list: u32): i32 {
  if (copyTextFromUser(addressOf(path), pathAddress, LONGEST_PATH) < 0) return -EFAULT;
  const file: Node | null = findNode(addressOf(path));
  if (file === null) return -ENOENT;
  if (file.kind === KIND_DIRECTORY) return -EISDIR;
  if (file.kind !== KIND_FILE) return -ENOEXEC;
  const page: u32 = allocatePage();
  if (page === 0) return -ENOMEM;
  let result: i32 = copyWords(at<Words>(page), list);
  if (result === 0) result = loadProgram(file, at<Words>(page), newImage);
  releasePage(page);
  if (result !== 0) return result; // the old program is still there to be told

  const old: u32 = cpu.process.directory;
  startImage(cpu.process, newImage, frame);
  nameProcess(cpu.process, addressOf(path));
  usePageDirectory(newImage.directory);
  destroyAddressSpace(old);
  return 0;
}

/*
 * ## Words across the gap
 *
 * The words to call it with lie in the memory that is about to vanish, so they are first brought over to a page of
 * ours. A list of addresses, each of which a program made up.
 */

/** Copies the texts whose addresses stand at `list`, up to a zero, into `words`. */
function copyWords(words: Words, list: u32): i32 {
  const slot = wordSlot;
  for (let i: u32 = 0; ; i++) {
    if (!copyFromUser(addressOf(slot), list + i * 4, 4)) return -EFAULT;
    if (slot[0] === 0) return 0;
    if (words.count === MOST_WORDS) return -E2BIG;
    const room: u32 = LONGEST_WORDS - words.length;
    const length: i32 = copyTextFromUser(addressOf(words.text) + words.length, slot[0], room);
    if (length < 0) return -E2BIG;
    words.length += (length as u32) + 1;
    words.count++;
  }
}

const wordSlot = array<u32>(1);

/** Adds one word of `length` bytes, if there is room for it. */
export function addWord(words: Words, address: u32, length: u32): void {
  if (words.count === MOST_WORDS || words.length + length + 1 > LONGEST_WORDS) return;
  copyBytes(addressOf(words.text) + words.length, address, length);
  words.length += length + 1; // the page was zero: the word is ended already
  words.count++;
}

/*
 * The kernel's own command line is cut into words here as well: process 1 gets called with what stood behind
 * `run=`.
 */

/** Adds the words of the line at `address`, which are separated by spaces. */
export function addLine(words: Words, address: u32): void {
  let start: u32 = address;
  while (load8(start) !== 0) {
    let end: u32 = start;
    while (load8(end) !== 0 && load8(end) !== charCode(' ')) end++;
    if (end !== start) addWord(words, start, end - start);
    start = load8(end) === 0 ? end : end + 1;
  }
}

/*
 * ## New clothes
 *
 * To start a program is to return to it. The trap frame of the current process is overwritten with another: this
 * `eip`, that stack, user segments, interrupts on. On the way out, `returnFromTrap` will do the rest, none the
 * wiser.
 */

/** Lets `process` run in `image` from now on: `frame` is what it returns to ring 3 through. */
export function startImage(process: Process, image: Image, frame: TrapFrame): void {
  process.directory = image.directory;
  process.imageStart = image.start;
  process.heapEnd = image.end;
  clearBytes(addressOf(frame), sizeOf<TrapFrame>());
  frame.ds = USER_DS;
  frame.es = USER_DS;
  frame.cs = USER_CS;
  frame.ss = USER_DS;
  frame.eip = image.entry;
  frame.esp = image.stack;
  frame.eflags = X86_EFLAGS_IF | 2; // bit 1 is always one
}

/*
 * Everybody should have a name to be remembered by in `ps`, and to be blamed by in the line that announces a
 * crash.
 */

/** Names a process after the last part of its program's path. */
export function nameProcess(process: Process, pathAddress: u32): void {
  let name: u32 = pathAddress;
  for (let i: u32 = pathAddress; load8(i) !== 0; i++) {
    if (load8(i) === charCode('/')) name = i + 1;
  }
  clearBytes(addressOf(process.name), NAME_SIZE);
  const length: u32 = lengthOf(name);
  copyBytes(addressOf(process.name), name, length < NAME_SIZE - 1 ? length : NAME_SIZE - 1);
}

const NAME_SIZE = 32;
