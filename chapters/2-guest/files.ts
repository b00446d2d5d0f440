/*
 * # Open files
 *
 * Ken Thompson's best idea was that a program should not have to care. It reads from place 0 and writes to place
 * 1; what is *in* those places, a file, a terminal, a pipe, a disk, was decided by somebody else. The whole of `A
 * | B > C` rests on this one piece of discipline.
 *
 * What makes it work is a thing between the program's number and the node: the *open file*, with a position, held
 * by everybody who inherited it. Two processes that share one share the position, so they take turns in a file
 * rather than reading the same lines twice.
 */
import { readBlockFile, writeBlockFile } from '../3-drivers/block.ts';
import { readRandomFile } from '../3-drivers/entropy.ts';
import type { Node } from './archive.ts';
import { KIND_DIRECTORY, KIND_TERMINAL, nameIn, nodeCount, nodes } from './archive.ts';
import type { i32, u32 } from './language.ts';
import { addressOf, array, sizeOf, struct } from './language.ts';
import type { Pipe } from './pipes.ts';
import { closePipeEnd, readPipe, writePipe } from './pipes.ts';
import type { Process } from './process.ts';
import { FILES_PER_PROCESS, cpu } from './process.ts';
import type { DirectoryEntry } from './protocol.ts';
import { EFAULT, EINVAL, EISDIR, EACCES, OPEN_READ, OPEN_WRITE } from './protocol.ts';
import { readTerminal, writeTerminal } from './terminal.ts';
import { clearBytes, copyBytes } from './text.ts';
import { copyToUser } from './user-memory.ts';

/** A file while it is open. Processes that forked or duplicated share it, with its position. */
export interface OpenFile {
  references: u32;
  kind: u32;
  access: u32;
  position: u32;
  node: Node | null;
  pipe: Pipe | null;
}

const MOST_OPEN = 128;
const openFiles = array<OpenFile>(MOST_OPEN);

/** Reads into, or writes from, `count` bytes at a user address; returns how many, or an error. 0: the end. */
export type Transfer = (file: OpenFile, address: u32, count: u32) => i32;

/*
 * ## One table instead of eight ifs
 *
 * To read from "whatever it is" is to look up a function by kind. Other languages have a keyword for this. In a kernel
 * it is a table, a list of names, and you can point at it.
 */

/** By kind: nothing, file, directory, terminal, null, random, block, pipe. */
const readers: Transfer[] = [
  refuse,
  readArchiveFile,
  readDirectory,
  readTerminal,
  readNothing,
  readRandomFile,
  readBlockFile,
  readPipe,
];

const writers: Transfer[] = [
  refuse,
  refuse,
  refuse,
  writeTerminal,
  swallow,
  swallow,
  writeBlockFile,
  writePipe,
];

/** Reads from an open file. */
export function readFile(file: OpenFile, address: u32, count: u32): i32 {
  if ((file.access & OPEN_READ) === 0) return -EACCES;
  return readers[file.kind](file, address, count);
}

/** Writes to an open file. */
export function writeFile(file: OpenFile, address: u32, count: u32): i32 {
  if ((file.access & OPEN_WRITE) === 0) return -EACCES;
  return writers[file.kind](file, address, count);
}

/*
 * ## The simple kinds
 *
 * `/dev/null` takes everything and gives nothing, in two functions of one line. No other device has ever had so
 * few bugs.
 */

function refuse(_file: OpenFile, _address: u32, _count: u32): i32 {
  return -EINVAL;
}

function readNothing(_file: OpenFile, _address: u32, _count: u32): i32 {
  return 0;
}

function swallow(_file: OpenFile, _address: u32, count: u32): i32 {
  return count as i32;
}

function readArchiveFile(file: OpenFile, address: u32, count: u32): i32 {
  const node: Node = file.node!;
  const left: u32 = node.size - file.position;
  const chunk: u32 = count < left ? count : left;
  if (!copyToUser(address, node.data + file.position, chunk)) return -EFAULT;
  file.position += chunk;
  return chunk as i32;
}

/*
 * ## Directories
 *
 * Reading a directory as if it were a file was how `ls` worked for its first dozen years. We keep the custom, with a
 * lock on it: only a reader who asks for exactly one entry gets one, and `cat /bin` is told what it has got hold of.
 */

const entry = struct<DirectoryEntry>();
const NAME_SIZE = 52;

/** Gives one `DirectoryEntry` a time, to those who know how long that is. The position counts all names there are. */
function readDirectory(file: OpenFile, address: u32, count: u32): i32 {
  if (count !== sizeOf<DirectoryEntry>()) return -EISDIR;
  while (file.position < nodeCount) {
    const node: Node = nodes[file.position];
    file.position++;
    const name: u32 = nameIn(file.node!, node);
    if (name === 0) continue;
    const length: u32 = node.path + node.length - name;
    clearBytes(addressOf(entry), sizeOf<DirectoryEntry>());
    copyBytes(addressOf(entry.name), name, length < NAME_SIZE - 1 ? length : NAME_SIZE - 1);
    entry.size = node.size;
    entry.isDirectory = node.kind === KIND_DIRECTORY;
    entry.isDevice = node.kind > KIND_DIRECTORY;
    return copyToUser(address, addressOf(entry), sizeOf<DirectoryEntry>())
      ? (sizeOf<DirectoryEntry>() as i32)
      : -EFAULT;
  }
  return 0;
}

/*
 * ## Opening and closing
 *
 * The lowest free place: that rule looks arbitrary, and all of redirection hangs on it. To put a file in place 1,
 * close 1 and duplicate. You will see the shell do it.
 */

/** A new open file of `kind`, held once; null if there are too many. */
export function newFile(kind: u32, access: u32): OpenFile | null {
  for (let i: u32 = 0; i < MOST_OPEN; i++) {
    const file = openFiles[i];
    if (file.references !== 0) continue;
    file.references = 1;
    file.kind = kind;
    file.access = access;
    file.position = 0;
    file.node = null;
    file.pipe = null;
    return file;
  }
  return null;
}

/** One holder less. */
export function closeFile(file: OpenFile): void {
  file.references--;
  if (file.references === 0 && file.pipe !== null) closePipeEnd(file.pipe, (file.access & OPEN_WRITE) !== 0);
}

/** Puts `file` into the lowest free place of the current process; -1 if there is none. */
export function placeFile(file: OpenFile): i32 {
  for (let i: u32 = 0; i < FILES_PER_PROCESS; i++) {
    if (cpu.process.files[i] === null) {
      cpu.process.files[i] = file;
      return i as i32;
    }
  }
  return -1;
}

/*
 * ## Processes and their files
 *
 * Three little loops, and inheritance is done: at fork everything is held once more, at the end once less. The
 * last to close a pipe's writing end thereby ends the file at the other, with nobody having planned it.
 */

/** Gives `child` everything that `parent` has open. */
export function shareFiles(parent: Process, child: Process): void {
  for (let i: u32 = 0; i < FILES_PER_PROCESS; i++) {
    const file: OpenFile | null = parent.files[i];
    child.files[i] = file;
    if (file !== null) file.references++;
  }
}

/** Closes everything that `process` has open. */
export function closeAll(process: Process): void {
  for (let i: u32 = 0; i < FILES_PER_PROCESS; i++) {
    const file: OpenFile | null = process.files[i];
    if (file !== null) closeFile(file);
    process.files[i] = null;
  }
}

/** The first process finds the terminal in places 0, 1 and 2, and everybody inherits it from there. */
export function openConsoleFor(process: Process): void {
  const file: OpenFile = newFile(KIND_TERMINAL, OPEN_READ | OPEN_WRITE)!;
  file.references = 3;
  for (let i: u32 = 0; i < 3; i++) process.files[i] = file;
}
