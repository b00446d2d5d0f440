/*
 * # A file system in one file
 *
 * Before a kernel has a disk driver it has no disk, and the driver may be on the disk. The way out is an initrd: a
 * file system in one piece, put into memory by the loader. Pup never goes further, it lives on its initrd.
 *
 * The format is cpio's, which is from 1977. That of Linux is the variant of 1989 called *newc*, and it has a
 * quality that one learns to love when things go wrong: all numbers in it are text. One can read a header with
 * `less`.
 */

/** A file for the archive. */
export interface ArchivedFile {
  /** Without a slash in front: `bin/sh`. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Whether it may be run; a program if true, a text if not. */
  readonly executable?: boolean;
}

const DIRECTORY = 0o040755;
const PROGRAM = 0o100755;
const TEXT = 0o100644;
const MAGIC = '070701';
const TRAILER = 'TRAILER!!!';

/*
 * ## Directories first
 *
 * Each file becomes a header, a name and its bytes. The directories on the way to it are files as well, without
 * bytes, and come before it. A last one with a name of its own says that there is no more.
 */

/**
 * Packs `files`, and the directories they lie in, into a cpio archive of the format `newc`, which is what Linux
 * expects of an initrd.
 */
export function packCpio(files: readonly ArchivedFile[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  const add = (name: string, mode: number, bytes: Uint8Array): void => {
    pieces.push(
      header(pieces.length / 3 + 1, name, mode, bytes.length),
      padded(encode(`${name}\0`), 110),
      padded(bytes, 0),
    );
  };
  for (const path of directoriesOf(files)) add(path, DIRECTORY, new Uint8Array(0));
  for (const { path, bytes, executable } of files) add(path, executable ? PROGRAM : TEXT, bytes);
  add(TRAILER, 0, new Uint8Array(0));
  return joined(pieces);
}

/** Every directory that one of the files needs, outer ones first. */
function directoriesOf(files: readonly ArchivedFile[]): string[] {
  const found = new Set<string>();
  for (const { path } of files) {
    const steps = path.split('/').slice(0, -1);
    for (let count = 1; count <= steps.length; count++) found.add(steps.slice(0, count).join('/'));
  }
  return [...found];
}

/*
 * ## Thirteen numbers in letters
 *
 * Inode, mode, owner, group, links, time, size, then four about devices, then the size of the name, and a checksum
 * that nobody computes. Every time is zero, so that the same sources give the same archive.
 */

/** Six bytes of magic, then thirteen fields of eight hexadecimal digits. */
function header(inode: number, name: string, mode: number, size: number): Uint8Array {
  const links = 1;
  const nameSize = encode(name).length + 1;
  const fields = [inode, mode, 0, 0, links, 0, size, 0, 0, 0, 0, nameSize, 0];
  return encode(MAGIC + fields.map((field) => field.toString(16).toUpperCase().padStart(8, '0')).join(''));
}

/*
 * Names and contents end at multiples of four. A header is 110 bytes long, which is not one, so a name begins in
 * the middle of a word; the padding has to allow for it.
 */

/** `bytes` and zeros, so that with `before` bytes in front they end at a multiple of four. */
function padded(bytes: Uint8Array, before: number): Uint8Array {
  const result = new Uint8Array(((before + bytes.length + 3) & ~3) - before);
  result.set(bytes);
  return result;
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    result.set(piece, at);
    at += piece.length;
  }
  return result;
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
