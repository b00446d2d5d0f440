/*
 * # Files
 *
 * What the Launcher calls a file, and what it says when it is none.
 */

import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type Disk, LauncherError } from '../../chapters/4-launcher/outside.ts';
import { claim } from './claim.ts';
import { complaining } from './complaint.ts';

/*
 * ## Kernels and disks
 *
 * A kernel is read whole. A disk image stays open, for reading and writing. One that you may not write is opened for
 * reading, and the Guest is told before it asks: a disk with the feature RO is a disk like any other, and better than
 * finding out in an hour that nothing was kept.
 */

/** Reads a whole file. @throws LauncherError in one line, if it cannot be */
export function readWholeFile(name: string): Uint8Array {
  return complaining(`cannot read ${name}`, () => withFile(name, (file) => readFileSync(file)));
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
    file = openRegular(name, constants.O_RDWR);
  } catch (error) {
    if (!NOT_FOR_WRITING.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return { file: openRegular(name, constants.O_RDONLY), readOnly: true, release: () => {} };
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
 * A directory can be opened like a file and only fails when it is read. /dev/zero has no end at all. A kernel is
 * neither. So we open first, and then ask what it is that we have: between asking and opening, a name can change its
 * mind.
 *
 * A named pipe needs some care. To open one is to wait for somebody at its other end, perhaps for ever, and while Node
 * waits in the kernel it hears no signal, nor you. `O_NONBLOCK` is *open it or tell me, but don't wait*. To a regular
 * file it means nothing.
 */

function withFile<Result>(name: string, use: (file: number) => Result): Result {
  const file = openRegular(name, constants.O_RDONLY);
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

/** Opens what has a length and ends: no directory, no device, no pipe. */
function openRegular(name: string, flags: number): number {
  const file = openSync(name, flags | constants.O_NONBLOCK);
  const about = fstatSync(file);
  if (about.isFile()) return file;
  closeSync(file);
  throw new LauncherError(about.isDirectory() ? 'it is a directory' : 'it is not a regular file');
}

/*
 * ## Packed
 *
 * Node brings zlib along, which unpacks a kernel in a twentieth of a second. A thousand bytes can be packed that come
 * out as a million, so it is told where to stop: what is larger than the Guest's memory was not meant for it.
 */

/**
 * What gzip has packed into `bytes`.
 *
 * @param most how many bytes there may be
 * @throws LauncherError in one line that names the file, if they are damaged or more
 */
export function gunzip(name: string, bytes: Uint8Array, most: number): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: most });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const trouble = code === 'ERR_BUFFER_TOO_LARGE' ? `there are more than ${most} bytes in it` : message;
    throw new LauncherError(`cannot unpack ${name}: ${trouble}`);
  }
}
