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

const FAILED: Outcome = { status: STATUS_IO_ERROR, written: 0 };

function onDisk(disk: Disk, position: number, spans: readonly Span[]): boolean {
  const length = spans.reduce((sum, span) => sum + span.length, 0);
  return length % SECTOR === 0 && position + length <= disk.size;
}

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
