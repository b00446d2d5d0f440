/*
 * # The disk
 *
 * A disk reads and writes sectors of 512 bytes. There it ends, as far as the disk is concerned; files, names and
 * bytes are other people's ideas. (The size came into the PC with its first floppy disk, in 1981. Disks have had
 * sectors of 4,096 for many years now and lie about it to be polite.)
 *
 * A request is a chain of three: a header that the device reads, data that it reads or writes, and one byte that
 * it writes, to say how it went. Odd types write to the disk and even ones read, and for each piece the descriptor
 * says which way it goes, so the Launcher can check that you meant it.
 */
import { KIND_BLOCK, addPath } from '../2-guest/archive.ts';
import type { OpenFile } from '../2-guest/files.ts';
import type { i32, u32, u8 } from '../2-guest/language.ts';
import { addressOf, array, load8, struct } from '../2-guest/language.ts';
import { EFAULT, EIO, ENODEV, ENOSPC } from '../2-guest/protocol.ts';
import { sleepOn, wake } from '../2-guest/scheduler.ts';
import { copyFromUser, copyToUser } from '../2-guest/user-memory.ts';
import { register32 } from './registers.ts';
import type { VirtioDevice } from './virtio.ts';
import { driverIsReady, listen, negotiate } from './virtio.ts';
import type { Virtqueue } from './virtqueue.ts';
import { DEVICE_WRITES, chain, describe, hasUsed, offer, openQueue, takeUsed } from './virtqueue.ts';

/** What a disk counts in. */
const SECTOR_SIZE = 512;

/** What lies below 4 GiB, but for the last: a size in bytes must fit into 32 bits. */
const MOST_SECTORS = 0x7f_ffff;

/** We move up to this much at a time: eight sectors. */
const BUFFER_SIZE = 4096;

/** The head of a request (16 bytes). Odd types write. */
interface RequestHeader {
  type: u32;
  priority: u32;
  sector: u32;
  sectorHigh: u32;
}

const READ = 0;
const WRITE = 1;

const queue = struct<Virtqueue>();
const header = struct<RequestHeader>();
const buffer = array<u8>(4096, 4096);
const status = array<u8>(4);

let present: boolean = false;
let sectors: u32 = 0;

/*
 * Its name in the file system is `/dev/vda`, as it would be in Linux. Boot with `--block=FILE`, and `cat /dev/vda`
 * shows you the file.
 */

/**
 * Takes over a disk and makes it a file: `/dev/vda`. False: it did not work out.
 */
export function startBlock(device: VirtioDevice): boolean {
  if (present || !negotiate(device, 0)) return false;
  openQueue(queue, device, 0);
  sectors = visibleSectors(register32(device.settings), register32(device.settings + 4));
  driverIsReady(device);
  listen(device, requestDone);
  present = true;
  addPath(addressOf('dev/vda'), KIND_BLOCK, 0, sectors * SECTOR_SIZE);
  return true;
}

/*
 * A capacity has sixty-four bits, and a position in a file of ours has thirty-two and counts bytes. So of a larger disk
 * we see the first four gigabytes. It is better than what would happen otherwise: a position that goes round, and a
 * disk of exactly four gigabytes that is empty.
 */

/** The sectors whose bytes a `u32` can count, of a capacity in two halves. */
function visibleSectors(capacity: u32, capacityHigh: u32): u32 {
  return capacityHigh === 0 && capacity < MOST_SECTORS ? capacity : MOST_SECTORS;
}

/*
 * :::exercise{#read-only points=20 minutes=40}
 * Make an image of some sectors, take away your own right to write it (`chmod a-w IMAGE`; root has to be somebody
 * else for this), boot with `--block=IMAGE`, and type `echo woof > /dev/vda`. The prompt comes back as if nothing had
 * happened, and nothing has. (`cat` would at least tell you that the device failed. It did not; it did what it was
 * told.)
 *
 * The device says in its features that it may only be read, with bit 5, and we never listen. Listen. Opening such
 * a disk for writing is to be refused, so that the shell says `sh: /dev/vda: not allowed`, and at boot the line
 * about it is to end in `disk, in /dev/vda, read-only`. Reading works as before.
 * :::
 */

/*
 * ## One request
 *
 * While the disk works, the process sleeps, and others run. They may want the disk too. There is one buffer and
 * one header, so whoever comes second waits until the first is done: the smallest lock there is, a boolean that
 * may be slept on. It is safe because nothing can come between the test and the set. You turned interrupts off for
 * that, quite a while ago.
 *
 * Someone may press ^C in the middle of a request. The note is left, the process wakes, looks whether its sector
 * has come, and goes back to sleep. A device writes into memory when it likes; nobody leaves while it holds an
 * address of theirs.
 */

let busy: boolean = false;

/** Waits for the disk to be ours alone. */
function seize(): void {
  while (busy) sleepOn(addressOf(buffer));
  busy = true;
}

function yieldDisk(): void {
  busy = false;
  wake(addressOf(buffer));
}

/** Moves `count` bytes (whole sectors) between `buffer` and the disk, asleep while the disk works. */
function request(type: u32, sector: u32, count: u32): boolean {
  header.type = type;
  header.priority = 0;
  header.sector = sector;
  header.sectorHigh = 0;
  status[0] = 0xff;
  const head: u32 = describe(queue, addressOf(header), 16, 0);
  const middle: u32 = describe(queue, addressOf(buffer), count, type === READ ? DEVICE_WRITES : 0);
  const last: u32 = describe(queue, addressOf(status), 1, DEVICE_WRITES);
  chain(queue, head, middle);
  chain(queue, middle, last);
  offer(queue, head);
  while (!hasUsed(queue)) sleepOn(addressOf(queue));
  takeUsed(queue);
  return load8(addressOf(status)) === 0;
}

function requestDone(): void {
  wake(addressOf(queue));
}

/*
 * ## Bytes from sectors
 *
 * Programs count in bytes. So from the position comes a first sector, an offset in it, and a number of whole
 * sectors that have to be moved.
 */

/** How many of `count` bytes at `position` one request can move: not past the buffer, not past the disk. */
function span(position: u32, count: u32): u32 {
  const room: u32 = BUFFER_SIZE - (position % SECTOR_SIZE);
  const left: u32 = sectors * SECTOR_SIZE - position;
  const chunk: u32 = count < room ? count : room;
  return chunk < left ? chunk : left;
}

/** The whole sectors that `chunk` bytes at `position` touch, in bytes. */
function wholeSectors(position: u32, chunk: u32): u32 {
  const bytes: u32 = (position % SECTOR_SIZE) + chunk;
  return ((bytes + SECTOR_SIZE - 1) / SECTOR_SIZE) * SECTOR_SIZE;
}

/*
 * A position may be shared. Whoever forks gives the child the open file, position and all, and while one of them waits
 * for the disk the other may move it. So nobody looks at the position before the disk is theirs: what fitted into the
 * buffer from there would not fit from here. (Our Launcher has answered before anybody falls asleep, and so you would
 * not find out here. You would on the first disk that takes its time.)
 */

/** Reads from the disk at the file's position. */
export function readBlockFile(file: OpenFile, address: u32, count: u32): i32 {
  if (!present) return -ENODEV;
  seize();
  const result: i32 = readSpan(file, address, span(file.position, count));
  yieldDisk();
  return result;
}

function readSpan(file: OpenFile, address: u32, chunk: u32): i32 {
  if (chunk === 0) return 0;
  const first: u32 = file.position / SECTOR_SIZE;
  if (!request(READ, first, wholeSectors(file.position, chunk))) return -EIO;
  if (!copyToUser(address, addressOf(buffer) + (file.position % SECTOR_SIZE), chunk)) return -EFAULT;
  file.position += chunk;
  return chunk as i32;
}

/*
 * To change one byte on a disk you must read its sector, change the byte, and write all 512 back. Everybody who
 * ever wondered why small writes are slow has met this.
 */

/** Writes to the disk at the file's position. Sectors that change only in part are read first. */
export function writeBlockFile(file: OpenFile, address: u32, count: u32): i32 {
  if (!present) return -ENODEV;
  if (count === 0) return 0;
  seize();
  const result: i32 = writeSpan(file, address, span(file.position, count));
  yieldDisk();
  return result;
}

function writeSpan(file: OpenFile, address: u32, chunk: u32): i32 {
  if (chunk === 0) return -ENOSPC;
  const first: u32 = file.position / SECTOR_SIZE;
  const offset: u32 = file.position % SECTOR_SIZE;
  const bytes: u32 = wholeSectors(file.position, chunk);
  if (bytes !== chunk && !request(READ, first, bytes)) return -EIO;
  if (!copyFromUser(addressOf(buffer) + offset, address, chunk)) return -EFAULT;
  if (!request(WRITE, first, bytes)) return -EIO;
  file.position += chunk;
  return chunk as i32;
}
