/*
 * # Files
 *
 * What the Launcher calls a file, and what it says when it is none.
 */

import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { getSystemErrorMap } from 'node:util';
import { type Disk, LauncherError } from '../../chapters/4-launcher/outside.ts';
import { claim } from './claim.ts';

/*
 * ## Kernels and disks
 *
 * A kernel is read whole. A disk image stays open, for reading and writing. One that you may not write is opened for
 * reading, and the Guest is told before it asks: a disk with the feature RO is a disk like any other, and better than
 * finding out in an hour that nothing was kept.
 */

/** Reads a whole file. @throws LauncherError in one line, if it cannot be */
export function readWholeFile(name: string): Uint8Array {
  return complaining(`cannot read ${name}`, () => withFile(name, 'r', (file) => readFileSync(file)));
}

/**
 * Opens a disk image, for reading only if it may not be written.
 *
 * @throws LauncherError in one line, if it cannot be, or if somebody else is writing to it
 */
export function openDiskImage(name: string): Disk {
  const { file, readOnly, release } = complaining(`cannot open the disk image ${name}`, () =>
    openImage(name),
  );
  const trouble = `disk image ${name}`;
  return {
    size: fstatSync(file).size,
    readOnly,
    read: (position, into) => complaining(trouble, () => readSync(file, into, 0, into.length, position)),
    write: (position, bytes) => complaining(trouble, () => writeSync(file, bytes, 0, bytes.length, position)),
    sync: () => complaining(trouble, () => fsyncSync(file)),
    close() {
      closeSync(file);
      release();
    },
  };
}

/** What a system says to whoever may read a file and not write it. */
const NOT_FOR_WRITING = ['EACCES', 'EPERM', 'EROFS'];

interface Image {
  file: number;
  readOnly: boolean;
  /** Lets others write to it. */
  release(): void;
}

function openImage(name: string): Image {
  let file: number;
  try {
    file = openRegular(name, 'r+');
  } catch (error) {
    if (!NOT_FOR_WRITING.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return { file: openRegular(name, 'r'), readOnly: true, release: () => {} };
  }
  try {
    return { file, readOnly: false, release: claim(fstatSync(file, { bigint: true })) };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/*
 * ## No surprises
 *
 * A directory can be opened like a file and only fails when it is read. A named pipe waits for somebody at its
 * other end, perhaps for ever. /dev/zero has no end at all. A kernel is none of these.
 */

function withFile<Result>(name: string, flags: string, use: (file: number) => Result): Result {
  const file = openRegular(name, flags);
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

/** Opens what has a length and ends: no directory, no device, no pipe. */
function openRegular(name: string, flags: string): number {
  const file = openSync(name, flags);
  const about = fstatSync(file);
  if (about.isFile()) return file;
  closeSync(file);
  throw new LauncherError(about.isDirectory() ? 'it is a directory' : 'it is not a regular file');
}

/*
 * ## In words
 *
 * Node says `ENOENT: no such file or directory, open '/nonexistent'`. There is a sentence in that, with a code in
 * front of it and a system call behind. We keep the sentence.
 */

/** What goes wrong in `attempt` as a LauncherError: `about`, and the system's own words for it. */
export function complaining<Result>(about: string, attempt: () => Result): Result {
  try {
    return attempt();
  } catch (error) {
    throw new LauncherError(`${about}: ${whatHappened(error)}`);
  }
}

/** The system's words for its error (`no such file or directory`), without its code, its call and its path. */
function whatHappened(error: unknown): string {
  const number = (error as NodeJS.ErrnoException).errno;
  const known = number === undefined ? undefined : getSystemErrorMap().get(number);
  return known ? known[1] : (error as Error).message;
}
