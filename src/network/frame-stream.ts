/*
 * # Frames on a string
 *
 * Between two programs of one computer there is a pipe of bytes, and a pipe of bytes has no idea where a frame
 * ends. So each goes with its length in front, and its note, in fourteen bytes.
 *
 * :::figure{#framed caption="A frame of 5,000 bytes, to be finished and to be cut, on its way to another program."}
 * ```text
 *    00 00 13 88   03   01   00 42   05 a8   00 22  00 10    ...
 *    length        what cut  headers after   start  offset   5,000 bytes
 * ```
 * :::
 */

import { viewOf } from './bytes.ts';
import type { Frame } from './cable.ts';

const HEADER = 14;
const HAS_CHECKSUM = 1;
const HAS_SEGMENTS = 2;
/** Of a frame: an Ethernet header with a VLAN, and the longest packet. */
const LONGEST = 18 + 65535;

export function encodeFrame({ bytes, checksum, segments }: Frame): Uint8Array {
  const all = new Uint8Array(HEADER + bytes.length);
  const view = viewOf(all);
  view.setUint32(0, bytes.length);
  view.setUint8(4, (checksum ? HAS_CHECKSUM : 0) | (segments ? HAS_SEGMENTS : 0));
  view.setUint8(5, segments?.type ?? 0);
  view.setUint16(6, segments?.headers ?? 0);
  view.setUint16(8, segments?.size ?? 0);
  view.setUint16(10, checksum?.start ?? 0);
  view.setUint16(12, checksum?.offset ?? 0);
  all.set(bytes, HEADER);
  return all;
}

/*
 * ## Off the string
 *
 * What arrives is cut wherever the pipe liked. Whoever claims a length that no frame has is not one of us, and there
 * is no way to find the beginning of the next one: the only thing to be done with such a pipe is to close it.
 */

/** Finds frames in what is pushed. */
export class FrameReader {
  #held: Uint8Array = new Uint8Array(0);

  /** @returns the frames that are complete now; undefined if this is no stream of frames */
  push(bytes: Uint8Array): Frame[] | undefined {
    let rest = this.#held.length === 0 ? bytes : join(this.#held, bytes);
    const frames: Frame[] = [];
    while (rest.length >= HEADER) {
      const length = viewOf(rest).getUint32(0);
      if (length > LONGEST) return undefined;
      if (rest.length < HEADER + length) break;
      frames.push(decode(rest, length));
      rest = rest.subarray(HEADER + length);
    }
    this.#held = rest.slice();
    return frames;
  }
}

function decode(bytes: Uint8Array, length: number): Frame {
  const view = viewOf(bytes);
  const what = view.getUint8(4);
  return {
    bytes: bytes.slice(HEADER, HEADER + length),
    checksum: what & HAS_CHECKSUM ? { start: view.getUint16(10), offset: view.getUint16(12) } : undefined,
    segments:
      what & HAS_SEGMENTS
        ? { type: view.getUint8(5), headers: view.getUint16(6), size: view.getUint16(8) }
        : undefined,
  };
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
