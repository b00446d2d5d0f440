/*
 * # One writer
 *
 * Two Guests on one disk are not two readers of a newspaper. Each keeps in its memory what it believes the disk holds,
 * each writes its own idea of which blocks are free, and after a minute there is a file system that neither of them
 * wrote. No error is ever reported. You find out at the next boot.
 *
 * So whoever opens an image for writing first says so where others can hear it, and looks whether anybody else has.
 *
 * Unix has locks for this, which the kernel takes back from the dead; but Node does not offer them. The usual way out
 * is a *lock file*: whoever creates it has the lock. It works until the first `kill -9`, which leaves a lock that
 * nobody holds. Then somebody must decide that its owner is dead, and remove it; and if two decide that at the same
 * moment, the slower one removes the lock that the faster one has just made.
 */

import {
  type BigIntStats,
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LauncherError } from '../../chapters/4-launcher/outside.ts';
import { complaining } from './complaint.ts';

/*
 * ## Speak, then look
 *
 * Here is a way without that hole. Everybody creates a file of *their own*, whose name says which image and which
 * process:
 *
 *     /tmp/lantern-disks/66307-1835021.4711-902133-4026531836
 *                        device-inode  process-when it began-where its number counts
 *
 * and only then looks at the names of the others. Of two who come at the same time, the one who looks last must see the
 * first; at worst each sees the other and both go away, which is no fun and harms no disk. And the claim of a dead
 * process can be removed by anybody at any time, for its name is that of a process that will never come back, and
 * nobody else's.
 *
 * The device and the inode are what a file system calls a file by, whatever path has led you there. A symbolic link, a
 * second hard link, `./disk.img` and `disk.img` are all one number.
 */

/** Where claims lie. Every user of this computer may put one there. */
const CLAIMS = 'lantern-disks';

/**
 * Says that this process writes to a file, until the returned function is called or the process ends.
 *
 * Processes see each other's claims when they share a temporary folder.
 *
 * @param about of the file, open
 * @throws LauncherError if a living process has said so before, this one included, or if it cannot be said
 */
export function claim(about: BigIntStats): () => void {
  const folder = join(tmpdir(), CLAIMS);
  const image = `${about.dev}-${about.ino}`;
  const began = beginning(process.pid) ?? Math.round(performance.timeOrigin);
  const own = `${image}.${process.pid}-${began}-${NAMESPACE}`;
  const trouble = `cannot keep claims in ${folder}`;
  if (!complaining(trouble, () => createClaim(folder, own)))
    throw new LauncherError('this program has it open for writing already');
  const release = () => withdraw(join(folder, own));

  const all = complaining(trouble, () => readdirSync(folder));
  const others = all.filter((name) => name !== own && !isStale(folder, name));
  const rival = others.find((name) => name.startsWith(`${image}.`));
  if (rival === undefined) return release;
  release();
  throw new LauncherError(describe(folder, rival));
}

/*
 * `wx` is *create, and fail if it is there*. Within one process the name is the same, so `--block=a --block=a` fails
 * right here, and so do two Launchers that share a process.
 */

/** @returns false if this process has made the same claim before */
function createClaim(folder: string, name: string): boolean {
  makeFolder(folder);
  const path = join(folder, name);
  try {
    closeSync(openSync(path, 'wx'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  if (held.size === 0) process.on('exit', withdrawAll);
  held.add(path);
  return true;
}

/** Everybody may write into it and nobody may remove what is not theirs: the mode of /tmp itself. */
function makeFolder(folder: string): void {
  if (mkdirSync(folder, { recursive: true }) !== undefined) chmodSync(folder, 0o1777); // mkdir's own mode is cut by the umask
}

/** Our claims, to be taken back however the program ends, short of `kill -9` and a crash of Node itself. */
const held = new Set<string>();

function withdrawAll(): void {
  for (const path of held) withdraw(path);
}

function withdraw(path: string): void {
  rmSync(path, { force: true });
  held.delete(path);
  if (held.size === 0) process.off('exit', withdrawAll);
}

/*
 * ## Is anybody there?
 *
 * Signal 0 is no signal. Sending it only asks whether one could be sent, and *you may not* is an answer, too: somebody
 * is there, and is not yours.
 *
 * Process numbers are used again, though; Linux has 32,768 of them on a small computer, and a script goes through that
 * in a morning. Hence the time of the beginning in the name. Linux tells it, in hundredths of a second since it was
 * booted, in the twenty-second field of /proc/PID/stat. Where nobody tells it, a number that is in use counts as alive.
 * That errs on the side of the disk.
 */

function lives(owner: Owner): boolean {
  if (owner.namespace !== NAMESPACE) return true;
  try {
    process.kill(owner.process, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const began = beginning(owner.process);
  return began === undefined || began === owner.began;
}

/*
 * The first line of `lives` is there because of containers. Each counts its processes from 1, and who is 4711 in there
 * has another number out here, or none that can be seen. But two of them may well share a folder of images, and a /tmp.
 * Call 4711 from the wrong one and nobody answers, and *nobody answers* means *sweep up*. So the last number in the
 * name says whose counting it is: Linux numbers the lists, and shows yours as the inode of /proc/self/ns/pid. Of a
 * stranger's list we know nothing, and leave its claims alone. That errs on the side of the disk as well; it can be
 * wrong for ever, when a container was killed, and then only you can know.
 */

/** Whose process numbers ours is one of; 0 where there is only one list. */
const NAMESPACE = `${statSync('/proc/self/ns/pid', { throwIfNoEntry: false })?.ino ?? 0}`;

interface Owner {
  process: number;
  began: string;
  namespace: string;
}

function ownerOf(name: string): Owner {
  const [, number = '', began = '', namespace = ''] = /\.(\d+)-(\d+)-(\d+)$/.exec(name) ?? [];
  return { process: Number(number), began, namespace };
}

function describe(folder: string, rival: string): string {
  const { process, namespace } = ownerOf(rival);
  if (namespace === NAMESPACE) return `process ${process} has it open for writing`;
  return `process ${process} of another container has it open for writing (if there is none, remove ${join(folder, rival)})`;
}

function isStale(folder: string, name: string): boolean {
  if (lives(ownerOf(name))) return false;
  try {
    rmSync(join(folder, name), { force: true });
  } catch {
    // somebody else's, to sweep up when they come by
  }
  return true;
}

/*
 * The second field is the program's name, in parentheses, and may hold anything, blanks and parentheses included. So we
 * count from the last of those. The first field behind it is the state. Z is a zombie: dead, its files closed, and kept
 * on the list only until its parent has asked how it died.
 */

const STATE = 0;
const START_TIME = 19;

/**
 * When a process began, in a unit that only serves to compare; undefined if this system does not say; `dead` for a
 * zombie.
 */
function beginning(process: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${process}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[STATE] === 'Z' || fields[STATE] === 'X' ? 'dead' : fields[START_TIME];
}
