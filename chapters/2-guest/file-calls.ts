/*
 * # System calls about files
 *
 * The second half of the reception desk. A *place* is what Unix calls a file descriptor, an index into the table
 * of sixteen that each process has; and the first question is always whether there is something in it.
 */
import type { Node } from './archive.ts';
import { KIND_DIRECTORY, findNode } from './archive.ts';
import type { OpenFile } from './files.ts';
import { closeFile, newFile, placeFile, readFile, writeFile } from './files.ts';
import type { i32, u32, u8 } from './language.ts';
import { addressOf, array } from './language.ts';
import { makePipe } from './pipes.ts';
import { FILES_PER_PROCESS, cpu } from './process.ts';
import {
  EACCES,
  EBADF,
  EFAULT,
  EINVAL,
  EISDIR,
  EMFILE,
  ENOENT,
  ENOMEM,
  OPEN_READ,
  OPEN_WRITE,
} from './protocol.ts';
import type { TrapFrame } from './traps.ts';
import { copyTextFromUser, copyToUser } from './user-memory.ts';

const LONGEST_PATH = 128;
const path = array<u8>(128);

/** What the current process has open in place `place`; null if nothing. */
function fileAt(place: u32): OpenFile | null {
  return place < FILES_PER_PROCESS ? cpu.process.files[place] : null;
}

/** read(place, address, count) */
export function callRead(frame: TrapFrame): i32 {
  const file: OpenFile | null = fileAt(frame.ebx);
  if (file === null) return -EBADF;
  if ((frame.edx as i32) < 0) return -EINVAL;
  return readFile(file, frame.ecx, frame.edx);
}

/** write(place, address, count) */
export function callWrite(frame: TrapFrame): i32 {
  const file: OpenFile | null = fileAt(frame.ebx);
  if (file === null) return -EBADF;
  if ((frame.edx as i32) < 0) return -EINVAL;
  return writeFile(file, frame.ecx, frame.edx);
}

/*
 * ## Places
 *
 * `open` looks up a name, once. From then on there is only a number, and whatever happens to the name is of no
 * concern to it. In this file system not much ever does.
 *
 * It is also the moment to say no. The archive is read where it lies and cannot be written, and whoever means to hears
 * so now, before there is anything to lose.
 */

/** open(path, access): the lowest free place */
export function callOpen(frame: TrapFrame): i32 {
  if (copyTextFromUser(addressOf(path), frame.ebx, LONGEST_PATH) < 0) return -EFAULT;
  const node: Node | null = findNode(addressOf(path));
  if (node === null) return -ENOENT;
  if ((frame.ecx & OPEN_WRITE) !== 0 && node.kind <= KIND_DIRECTORY)
    return node.kind === KIND_DIRECTORY ? -EISDIR : -EACCES;
  const file: OpenFile | null = newFile(node.kind, frame.ecx & (OPEN_READ | OPEN_WRITE));
  if (file === null) return -EMFILE;
  file.node = node;
  return placeOrClose(file);
}

function placeOrClose(file: OpenFile): i32 {
  const place: i32 = placeFile(file);
  if (place >= 0) return place;
  closeFile(file);
  return -EMFILE;
}

/** close(place) */
export function callClose(frame: TrapFrame): i32 {
  const file: OpenFile | null = fileAt(frame.ebx);
  if (file === null) return -EBADF;
  cpu.process.files[frame.ebx] = null;
  closeFile(file);
  return 0;
}

/** duplicate(place): the same file in the lowest free place */
export function callDuplicate(frame: TrapFrame): i32 {
  const file: OpenFile | null = fileAt(frame.ebx);
  if (file === null) return -EBADF;
  file.references++;
  return placeOrClose(file);
}

/*
 * ## Both ends of a pipe
 *
 * This call has three things to undo if the fourth goes wrong, and shows off why people like exceptions. There is
 * nothing for it but to go back down the stairs in order.
 */

const ends = array<u32>(2);

/** pipe(where to put the two places): first the end to read from, then the end to write to */
export function callPipe(frame: TrapFrame): i32 {
  const reader: OpenFile | null = makePipe();
  if (reader === null) return -ENOMEM;
  const writer: OpenFile = reader.pipe!.writer;
  const first: i32 = placeFile(reader);
  const second: i32 = first < 0 ? -1 : placeFile(writer);
  if (second >= 0) {
    ends[0] = first as u32;
    ends[1] = second as u32;
    if (copyToUser(frame.ebx, addressOf(ends), 8)) return 0;
    cpu.process.files[second as u32] = null;
  }
  if (first >= 0) cpu.process.files[first as u32] = null;
  closeFile(reader);
  closeFile(writer);
  return second < 0 ? -EMFILE : -EFAULT;
}
