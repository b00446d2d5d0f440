/*
 * # A request, taken apart
 *
 * The header off the front, the status byte off the back, and what is left in between is data. `cutFront` does the
 * first of these without assuming anything about where the cuts are. Empty descriptors are legal, so the status is
 * not simply at the end of the last one, but at the end of the last one that has anything in it.
 */

import type { GuestWindow } from '../5-host/dev-lguest.ts';
import { viewOf } from './elf.ts';
import { BadDriver, type Chain, type Span } from './virtqueue.ts';

export const SECTOR = 512;
const HEADER_SIZE = 16;

/** Where the data of a request is, without its header and its status byte. */
export interface Parts {
  type: number;
  /** In bytes from the start of the image. */
  position: number;
  out: Span[];
  in: Span[];
  statusAt: number;
}

/** Takes a chain apart. @throws BadDriver if it has no header or no room for the status */
export function dissect(request: Chain, memory: GuestWindow, label: string): Parts {
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

/*
 * `cutFront` is used twice more, for data: what goes to a disk goes in pieces, and a piece ends where it ends, in the
 * middle of a page if it must.
 */

/** Hands the first `length` bytes to `use`, span by span, and returns the rest; undefined if there are fewer. */
export function cutFront(
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

/** Bytes of all of them. */
export function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, span) => sum + span.length, 0);
}
