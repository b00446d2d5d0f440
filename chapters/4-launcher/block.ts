/*
 * # The disk
 *
 * A disk is simpler than a keyboard. It never speaks first.
 *
 * Each request is one chain. It begins with sixteen bytes for us to read (what to do, and from which sector), goes
 * on with the data, in whichever direction, and ends with one byte for us to write: how it went. Everything else in
 * this file comes from two facts. A chain may be cut into descriptors anywhere, in the middle of the header if a
 * driver pleases. And a disk, alone among our devices, can go wrong by itself.
 *
 * :::figure{#block-request caption="A read of one sector. On a write, the data are in the readable half."}
 * ```text
 *    readable (driver -> us)            writable (us -> driver)
 *   +------------------------------+   +-------------+--------+
 *   | type 0 | - | sector (64 bits)|   |  512 bytes  | status |
 *   +------------------------------+   +-------------+--------+
 *      4       4     8                                  1
 * ```
 * :::
 */

import type { GuestWindow } from '../5-host/dev-lguest.ts';
import { viewOf } from './elf.ts';
import { cutFront, dissect, lengthOf, type Parts, SECTOR } from './block-request.ts';
import { LauncherError, type Disk } from './outside.ts';
import type { Behaviour } from './virtio-device.ts';
import type { Chain, Span } from './virtqueue.ts';

const BLOCK = 2;
const PCI_STORAGE_OTHER = 0x0180;
const SEG_MAX = 1 << 2;
const RO = 1 << 5;
const FLUSH = 1 << 9;

const CONFIG_SIZE = 36;
const CONFIG_CAPACITY = 0;
const CONFIG_SEG_MAX = 12;
/** A queue of 256, less the header and the status. */
const MOST_SEGMENTS = 254;

const REQUEST_IN = 0;
const REQUEST_OUT = 1;
const REQUEST_FLUSH = 4;
const REQUEST_GET_ID = 8;
const ID_LENGTH = 20;

const STATUS_OK = 0;
const STATUS_IO_ERROR = 1;
const STATUS_UNSUPPORTED = 2;

/*
 * ## What it says of itself
 *
 * How many sectors there are, always of 512 bytes, whatever the medium would prefer; and into how many pieces the
 * data of a request may be cut: 254, for a queue of 256 minus a header and a status.
 *
 * Two of the features are better manners than lguest had. FLUSH tells the driver that we will listen when it says
 * *now, and for good*; lguest knew how to, and never mentioned it, so no Linux ever asked. RO says that there is no
 * point in writing.
 */

/**
 * virtio-blk (virtio 1.0, section 5.2). Capacity is the image's whole sectors.
 *
 * @param complain told each thing that goes wrong with the disk, once
 */
export function createBlock(disk: Disk, id: string, complain: (what: string) => void = () => {}): Behaviour {
  const medium: Medium = { disk, id, piece: new Uint8Array(PIECE), complain: once(complain) };
  const config = new Uint8Array(CONFIG_SIZE);
  viewOf(config).setBigUint64(CONFIG_CAPACITY, BigInt(Math.floor(disk.size / SECTOR)), true);
  viewOf(config).setUint32(CONFIG_SEG_MAX, MOST_SEGMENTS, true);
  return {
    name: 'block',
    type: BLOCK,
    pciClass: PCI_STORAGE_OTHER,
    features: SEG_MAX | FLUSH | (disk.readOnly ? RO : 0),
    queues: ['request'],
    config,
    ready: () => true,
    serve: (_queue, request, memory, label) => serveRequest(medium, request, memory, label),
    close: () => disk.close(),
  };
}

/** A disk, and what it takes to serve it. */
interface Medium {
  disk: Disk;
  id: string;
  /** Data on their way between the disk and the Guest's memory. */
  piece: Uint8Array;
  complain(what: string): void;
}

function serveRequest(medium: Medium, request: Chain, memory: GuestWindow, label: string): number {
  const parts = dissect(request, memory, label);
  if (parts.type === REQUEST_FLUSH) request.extra = FLUSH_COST;
  const { status, written } = attempt(medium, parts, memory);
  memory.write8(parts.statusAt, status);
  return written + 1;
}

/*
 * ## Four kinds of request
 *
 * lguest looked at single bits of the type: bit 0 for writing, bit 2 for flushing, anything else had to be a read.
 * But GET_ID, by which Linux asks a disk for its name, is 8, so it was a read, of whatever was in the first sector.
 * Every Linux under lguest was convinced that its disk had the serial number of its own boot sector.
 *
 * We know four types, and answer UNSUPP to the rest, which is what they were given a number for.
 *
 * A flush moves no byte, and is the dearest of the four: three milliseconds, on the disk of the machine where this was
 * written, in which nobody's keys are read. So it is all that a queue does in its turn.
 */
/** Bytes for which a flush counts. */
const FLUSH_COST = 1 << 20;

interface Outcome {
  status: number;
  /** Bytes of data written into the request. */
  written: number;
}

function attempt(medium: Medium, parts: Parts, memory: GuestWindow): Outcome {
  const { disk, id, piece } = medium;
  try {
    switch (parts.type) {
      case REQUEST_IN:
        return readSectors(disk, piece, parts, memory);
      case REQUEST_OUT:
        return writeSectors(disk, piece, parts, memory);
      case REQUEST_FLUSH:
        disk.sync();
        return { status: STATUS_OK, written: 0 };
      case REQUEST_GET_ID:
        return giveId(id, parts, memory);
      default:
        return { status: STATUS_UNSUPPORTED, written: 0 };
    }
  } catch (error) {
    if (!(error instanceof LauncherError)) throw error;
    medium.complain(error.message);
    return FAILED;
  }
}

/*
 * What goes wrong with the medium is told twice: to the Guest, in its status byte, and to you. A Linux says *I/O error,
 * dev vda, sector 8*, and knows no more. That it is *your* file system that is full, only we know. You hear of it once,
 * not once for each sector.
 */

function once(complain: (what: string) => void): (what: string) => void {
  const told = new Set<string>();
  return (what) => {
    if (!told.has(what)) complain(what);
    told.add(what);
  };
}

/*
 * ## Where the disk ends
 *
 * A write past the end of an image does not fail by itself. Files are obliging: they grow. lguest noticed the
 * growth afterwards, cut the file back, and killed itself, Guest and all, to be on the safe side. A real disk would
 * say *no such sector*, so that is what this one says, before anybody has touched anything.
 */

const FAILED: Outcome = { status: STATUS_IO_ERROR, written: 0 };

function onDisk(disk: Disk, position: number, spans: readonly Span[]): boolean {
  const length = lengthOf(spans);
  return length % SECTOR === 0 && position + length <= disk.size;
}

/*
 * ## Moving bytes
 *
 * Linux keeps files in pages of 4 KiB, wherever there was one free, so half a megabyte that it writes comes as 128
 * spans from all over its memory, which belong side by side on the disk. Each call of the operating system costs us
 * some microseconds whatever its length. So the spans are gathered first, up to a megabyte, and go to the disk in one
 * call. A hundred megabytes in spans of a page are 25,600 calls and 0.3 to 0.5 seconds one by one; in pieces, 200 calls
 * and 0.15.
 *
 * `read` and `write` of files may do less than they are asked, and programs that do not expect it work for years.
 * lguest's did not look, and told its Guest that all was well. The inner loops go on until it is done, or until there
 * is no more where more should be.
 */

/** Bytes that go between disk and memory at once. */
const PIECE = 1 << 20;

function readSectors(
  disk: Disk,
  piece: Uint8Array,
  { position, in: spans }: Parts,
  memory: GuestWindow,
): Outcome {
  if (!onDisk(disk, position, spans)) return FAILED;
  const end = position + lengthOf(spans);
  let rest = spans;
  for (let at = position; at < end; ) {
    const bytes = piece.subarray(0, Math.min(PIECE, end - at));
    for (let done = 0; done < bytes.length; ) {
      const got = disk.read(at + done, bytes.subarray(done));
      if (got === 0) return FAILED; // the image has become shorter than it was
      done += got;
    }
    rest = cutFront(rest, bytes.length, ({ address, length }, from) =>
      memory.write(address, bytes.subarray(from, from + length)),
    )!;
    at += bytes.length;
  }
  return { status: STATUS_OK, written: end - position };
}

function writeSectors(disk: Disk, piece: Uint8Array, { position, out }: Parts, memory: GuestWindow): Outcome {
  if (disk.readOnly || !onDisk(disk, position, out)) return FAILED;
  const end = position + lengthOf(out);
  const all = memory.bytes;
  let rest = out;
  for (let at = position; at < end; ) {
    const bytes = piece.subarray(0, Math.min(PIECE, end - at));
    rest = cutFront(rest, bytes.length, ({ address, length }, to) =>
      bytes.set(all.subarray(address, address + length), to),
    )!;
    for (let done = 0; done < bytes.length; ) {
      const put = disk.write(at + done, bytes.subarray(done));
      if (put === 0) return FAILED;
      done += put;
    }
    at += bytes.length;
  }
  return { status: STATUS_OK, written: 0 };
}

/*
 * A disk's name is twenty bytes. Ours are called what their file is called, as far as that goes.
 */

function giveId(id: string, { in: spans }: Parts, memory: GuestWindow): Outcome {
  const text = new Uint8Array(ID_LENGTH);
  new TextEncoder().encodeInto(id, text);
  let written = 0;
  for (const { address, length } of spans) {
    const part = text.subarray(written, written + length);
    memory.write(address, part);
    written += part.length;
  }
  return { status: STATUS_OK, written };
}
