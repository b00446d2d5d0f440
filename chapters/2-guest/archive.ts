/*
 * # A file system, already written
 *
 * You need files, if only to have somewhere to keep the shell, and there is no disk driver yet. The usual way out
 * is to let the loader drop an archive into memory. Linux does so and calls it the initial RAM file system. It
 * then *unpacks* it, and why should we? It is all there. You note where each file begins, and read it where it
 * lies.
 *
 * The format is `cpio`, from 1977, in the dialect called "newc". It has outlived tar in this one niche for the
 * reason that its headers can be parsed by a kernel before breakfast: 110 characters, all numbers written out as
 * eight hexadecimal digits, then the name, then the file.
 */
import { archiveAddress, archiveSize } from './command-line.ts';
import type { u32 } from './language.ts';
import { addressOf, array, charCode, load8 } from './language.ts';
import { panic } from './panic.ts';
import { hexadecimal, lengthOf, sameBytes, startsWith } from './text.ts';

/** What a name stands for. */
export const KIND_FILE = 1;
export const KIND_DIRECTORY = 2;
export const KIND_TERMINAL = 3;
export const KIND_NULL = 4;
export const KIND_RANDOM = 5;
export const KIND_BLOCK = 6;
export const KIND_PIPE = 7;

/**
 * A name and what it stands for. Paths have no slash in front and no zero behind. Files have `size` bytes at `data`.
 */
export interface Node {
  path: u32;
  length: u32;
  kind: u32;
  data: u32;
  size: u32;
}

/*
 * Everything that has a name is a *node*, in a table of 128: files with their bytes, directories, and devices,
 * which have a name and a number of a driver. In `/src` you find the main file of each program in `/bin`. Type `cat
 * /src/cat.ts`, and a program shows you itself.
 */

export const MOST_NODES = 128;
export const nodes = array<Node>(MOST_NODES);
export let nodeCount: u32 = 0;

/*
 * ## Six magic digits
 *
 * "070701" opens each header. Sizes come from outside and get looked at before they are used, with subtractions,
 * as before.
 */

const HEADER_SIZE = 110;
const FIELD_MODE = 14;
const FIELD_SIZE = 54;
const FIELD_NAME_SIZE = 94;
const MODE_TYPE = 0o170000;
const MODE_DIRECTORY = 0o040000;

/** Notes every file of the archive where it lies: nothing is copied, nothing is unpacked. */
export function readArchive(): void {
  addNode(0, 0, KIND_DIRECTORY, 0, 0);
  const end: u32 = archiveAddress() + archiveSize();
  let header: u32 = archiveAddress();
  while (end - header > HEADER_SIZE) {
    if (!startsWith(header, addressOf('070701')))
      panic('the initial file system is not a cpio archive (newc)');
    const size: u32 = hexadecimal(header + FIELD_SIZE, 8);
    const nameSize: u32 = hexadecimal(header + FIELD_NAME_SIZE, 8);
    const name: u32 = header + HEADER_SIZE;
    if (nameSize > end - name) panic('the initial file system ends in a name');
    if (nameSize === 0 || load8(name + nameSize - 1) !== 0)
      panic('a name in the initial file system does not end');
    const data: u32 = roundUp(name + nameSize);
    if (startsWith(name, addressOf('TRAILER!!!'))) break;
    if (data > end || size > end - data) panic('the initial file system ends in a file');
    const mode: u32 = hexadecimal(header + FIELD_MODE, 8);
    addPath(name, (mode & MODE_TYPE) === MODE_DIRECTORY ? KIND_DIRECTORY : KIND_FILE, data, size);
    header = roundUp(data + size);
  }
}

/** The archive is made of multiples of four, and so is the address it starts at. */
function roundUp(address: u32): u32 {
  return (address + 3) & ~3;
}

/*
 * ## Names
 *
 * `bin/sh`, `/bin/sh` and `./bin/sh` are one file. An archive need not mention `bin`, though; if it comes up in a
 * path it exists. There are no names with `..` in them and no links. One can live like that.
 */

/** Notes a path, however it is written, and the directories on the way. */
export function addPath(text: u32, kind: u32, data: u32, size: u32): void {
  const path: u32 = skipSlashes(text);
  const length: u32 = lengthWithoutSlash(path);
  if (length === 0) return;
  for (let i: u32 = 0; i < length; i++) {
    if (load8(path + i) === charCode('/')) addNode(path, i, KIND_DIRECTORY, 0, 0);
  }
  addNode(path, length, kind, data, size);
}

function addNode(path: u32, length: u32, kind: u32, data: u32, size: u32): void {
  if (lookUp(path, length) !== null) return;
  if (nodeCount === MOST_NODES) panic('more files than I can remember');
  const node = nodes[nodeCount];
  nodeCount++;
  node.path = path;
  node.length = length;
  node.kind = kind;
  node.data = data;
  node.size = size;
}

/*
 * Looking a name up is comparing it to all the others. The comparison of lengths comes first and settles nearly
 * every case.
 */

function lookUp(path: u32, length: u32): Node | null {
  for (let i: u32 = 0; i < nodeCount; i++) {
    if (nodes[i].length === length && sameBytes(nodes[i].path, path, length)) return nodes[i];
  }
  return null;
}

/** The node for the path in the text at `text`; null if there is none. */
export function findNode(text: u32): Node | null {
  const path: u32 = skipSlashes(text);
  return lookUp(path, lengthWithoutSlash(path));
}

/** Skips `/` and `./` in front. */
function skipSlashes(text: u32): u32 {
  let path: u32 = text;
  while (true) {
    if (load8(path) === charCode('/')) path++;
    else if (load8(path) === charCode('.') && load8(path + 1) === charCode('/')) path += 2;
    else if (load8(path) === charCode('.') && load8(path + 1) === 0) path++;
    else return path;
  }
}

function lengthWithoutSlash(path: u32): u32 {
  let length: u32 = lengthOf(path);
  while (length > 0 && load8(path + length - 1) === charCode('/')) length--;
  return length;
}

/*
 * ## What is in a directory
 *
 * Nobody keeps lists of what is in a directory. To show one you look at every name there is and ask whether it
 * begins the right way and has no further slash. It would not do for a million files. For fifty it is faster than
 * anything clever.
 */

/** Whether `node` lies directly in `directory`, and where its last name begins (its kernel address); 0 if not. */
export function nameIn(directory: Node, node: Node): u32 {
  if (node === directory || node.length <= directory.length) return 0;
  let name: u32 = node.path;
  if (directory.length !== 0) {
    if (!sameBytes(node.path, directory.path, directory.length)) return 0;
    if (load8(node.path + directory.length) !== charCode('/')) return 0;
    name += directory.length + 1;
  }
  for (let i: u32 = name; i < node.path + node.length; i++) {
    if (load8(i) === charCode('/')) return 0; // deeper down
  }
  return name;
}
