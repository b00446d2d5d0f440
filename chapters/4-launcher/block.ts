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
import { LauncherError, type Disk } from './outside.ts';
import type { Behaviour } from './virtio-device.ts';
import { BadDriver, type Chain, type Span } from './virtqueue.ts';

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

const SECTOR = 512;
const HEADER_SIZE = 16;

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

/** virtio-blk (virtio 1.0, section 5.2). Capacity is the image's whole sectors. */
export function createBlock(disk: Disk, id: string): Behaviour {
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
    serve: (_queue, request, memory, label) => serveRequest(disk, id, request, memory, label),
    close: () => disk.close(),
  };
}

/*
 * ## Dissection
 *
 * The header off the front, the status byte off the back, and what is left in between is data. `cutFront` does the
 * first of these without assuming anything about where the cuts are. Empty descriptors are legal, so the status is
 * not simply at the end of the last one, but at the end of the last one that has anything in it.
 */

/** Where the data of a request is, without its header and its status byte. */
interface Parts {
  type: number;
  /** In bytes from the start of the image. */
  position: number;
  out: Span[];
  in: Span[];
  statusAt: number;
}

function serveRequest(disk: Disk, id: string, request: Chain, memory: GuestWindow, label: string): number {
  const parts = dissect(request, memory, label);
  const { status, written } = attempt(disk, id, parts, memory);
  memory.write8(parts.statusAt, status);
  return written + 1;
}

function dissect(request: Chain, memory: GuestWindow, label: string): Parts {
  const header = new Uint8Array(HEADER_SIZE);
  const out = cutFront(request.readable, HEADER_SIZE, (span, at) =>
    header.set(memory.read(span.address, span.length), at),
  );
  if (!out) throw new BadDriver(label, `a request whose header is shorter than ${HEADER_SIZE} bytes`);
  const lastWritable = request.writable.findLastIndex((span) => span.length > 0);
  const last = request.writable[lastWritable];
  if (!last) throw new BadDriver(label, 'a request without room for the status');
  const view = viewOf(header);
  return {
    type: view.getUint32(0, true),
    position: Number(view.getBigUint64(8, true)) * SECTOR,
    out,
    in: [...request.writable.slice(0, lastWritable), { address: last.address, length: last.length - 1 }],
    statusAt: last.address + last.length - 1,
  };
}

/** Hands the first `length` bytes to `use`, span by span, and returns the rest; undefined if there are fewer. */
function cutFront(
  spans: readonly Span[],
  length: number,
  use: (span: Span, at: number) => void,
): Span[] | undefined {
  const rest: Span[] = [];
  let at = 0;
  for (const span of spans) {
    const cut = Math.min(span.length, length - at);
    if (cut > 0) use({ address: span.address, length: cut }, at);
    at += cut;
    if (cut < span.length) rest.push({ address: span.address + cut, length: span.length - cut });
  }
  return at < length ? undefined : rest;
}

/*
 * ## Five kinds of request
 *
 * lguest looked at single bits of the type: bit 0 for writing, bit 2 for flushing, anything else had to be a read.
 * But GET_ID, by which Linux asks a disk for its name, is 8, so it was a read, of whatever was in the first sector.
 * Every Linux under lguest was convinced that its disk had the serial number of its own boot sector.
 *
 * We know four types, and answer UNSUPP to the rest, which is what they were given a number for.
 */

interface Outcome {
  status: number;
  /** Bytes of data written into the request. */
  written: number;
}

function attempt(disk: Disk, id: string, parts: Parts, memory: GuestWindow): Outcome {
  try {
    switch (parts.type) {
      case REQUEST_IN:
        return readSectors(disk, parts, memory);
      case REQUEST_OUT:
        return writeSectors(disk, parts, memory);
      case REQUEST_FLUSH:
        disk.sync();
        return { status: STATUS_OK, written: 0 };
      case REQUEST_GET_ID:
        return giveId(id, parts, memory);
      default:
        return { status: STATUS_UNSUPPORTED, written: 0 };
    }
  } catch (error) {
    if (error instanceof LauncherError) return FAILED;
    throw error;
  }
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
  const length = spans.reduce((sum, span) => sum + span.length, 0);
  return length % SECTOR === 0 && position + length <= disk.size;
}

/*
 * ## Moving bytes
 *
 * `read` and `write` of files may do less than they are asked, and programs that do not expect it work for years.
 * lguest's did not look, and told its Guest that all was well. These loops go on until it is done, or until there
 * is no more where more should be.
 */

function readSectors(disk: Disk, { position, in: spans }: Parts, memory: GuestWindow): Outcome {
  if (!onDisk(disk, position, spans)) return FAILED;
  let written = 0;
  for (const { address, length } of spans) {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const got = disk.read(position + written + done, bytes.subarray(done));
      if (got === 0) return FAILED; // the image has become shorter than it was
      done += got;
    }
    memory.write(address, bytes);
    written += length;
  }
  return { status: STATUS_OK, written };
}

function writeSectors(disk: Disk, { position, out }: Parts, memory: GuestWindow): Outcome {
  if (disk.readOnly || !onDisk(disk, position, out)) return FAILED;
  let at = position;
  for (const { address, length } of out) {
    const bytes = memory.read(address, length);
    for (let done = 0; done < length; ) {
      const put = disk.write(at + done, bytes.subarray(done));
      if (put === 0) return FAILED;
      done += put;
    }
    at += length;
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
