/*
 * # Finishing somebody else's work
 *
 * Sooner or later an unfinished frame meets someone who wants it finished. A Guest whose driver knows of no notes,
 * or a cable that leads out of memory. Then all the sums that nobody had done are done here.
 */

import { viewOf } from './elf.ts';
import { type Frame, SEGMENTS_ECN, SEGMENTS_TCP4, SEGMENTS_TCP6 } from './link.ts';

/*
 * ## The checksum
 *
 * The Internet's checksum was designed by people who had to compute it on machines of the seventies. ([How it
 * goes](src/network/bytes.ts#sixteen-bits-of-certainty) is told again on the other side of the wall: a Launcher has
 * nothing from there, so the same ten lines stand here, too.) It is a poor sum. It does not notice two words that have
 * changed places. But it can be computed in any order and in pieces, by a
 * processor of any byte order, and it has one trick that the note in a frame relies on: a sum that already lies in
 * the field of the checksum is added along with everything else. So whoever knows the addresses leaves *their* sum
 * there, and whoever finishes the job need not know what protocol it is.
 */

/**
 * Adds up 16-bit words, big-endian, an odd byte at the end being the upper half of one. Not folded: give it back as
 * `sum` to go on.
 */
function addWords(bytes: Uint8Array, from: number, to: number, sum = 0): number {
  let total = sum;
  let at = from;
  for (; at + 1 < to; at += 2) total += (bytes[at]! << 8) | bytes[at + 1]!;
  return at < to ? total + (bytes[at]! << 8) : total;
}

/** Folds a sum of words to 16 bits, as ones' complement arithmetic does. */
function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000);
  return folded;
}

/*
 * Inverting can come out as zero, and in UDP a zero means *no checksum*. It happens to one datagram in 65,536. The
 * other name of zero, ffff, says the same and is no exception, and TCP does not mind it either.
 */

/** Computes the checksum that a frame is still missing. @returns nothing for one that makes no sense */
export function finishChecksum(frame: Frame): Frame[] {
  const { bytes, checksum } = frame;
  if (!checksum || !makesSense(frame)) return [];
  const sum = 0xffff - fold(addWords(bytes, checksum.start, bytes.length));
  viewOf(bytes).setUint16(checksum.start + checksum.offset, sum || 0xffff);
  return [{ bytes }];
}

/*
 * ## Where the knife goes
 *
 * To cut a frame one has to know what is in it: where IP begins (behind a VLAN's four bytes, perhaps), where TCP
 * begins, where the data. A note may come from a stranger, so none of that is taken from it but the size.
 *
 * :::figure{#segmentation caption="What is the same in all pieces and what is not."}
 * ```text
 *    Ethernet   IP                       TCP                          data
 *    |........|.. length id .. sum ....|.. sequence .. flags .. sum |...............|
 *               ^^^^^^^^^^^    ^^^          ^^^^^^^^    ^^^^^    ^^^   1448 bytes each
 * ```
 * :::
 */

interface Anatomy {
  /** Offsets of the IP header, of the TCP header and of the data. */
  ip: number;
  tcp: number;
  data: number;
  version: 4 | 6;
}

const ETHERNET_HEADER = 14;
const VLAN = 0x8100;
const VLAN_TAG = 4;
const IPV6_HEADER = 40;
const TCP = 6;
const TCP_HEADER = 20;

function dissect({ bytes, segments }: Frame): Anatomy | undefined {
  const tagged = bytes.length > ETHERNET_HEADER + VLAN_TAG && viewOf(bytes).getUint16(12) === VLAN;
  const ip = tagged ? ETHERNET_HEADER + VLAN_TAG : ETHERNET_HEADER;
  const version = versionOf(segments!.type);
  if (version === undefined || bytes.length < ip + IPV6_HEADER || bytes[ip]! >> 4 !== version)
    return undefined;
  const protocol = bytes[ip + (version === 4 ? 9 : 6)];
  const tcp = ip + (version === 4 ? (bytes[ip]! & 15) * 4 : IPV6_HEADER);
  if (protocol !== TCP || tcp < ip + TCP_HEADER || bytes.length < tcp + TCP_HEADER) return undefined;
  const data = tcp + (bytes[tcp + 12]! >> 4) * 4;
  if (data < tcp + TCP_HEADER || data > bytes.length) return undefined;
  return { ip, tcp, data, version };
}

function versionOf(type: number): 4 | 6 | undefined {
  const kind = type & ~SEGMENTS_ECN;
  if (kind === SEGMENTS_TCP4) return 4;
  return kind === SEGMENTS_TCP6 ? 6 : undefined;
}

/*
 * ## Cutting
 *
 * What cannot be cut is dropped, and what would fall into dust is, too: a stranger's size of one byte would make 65
 * thousand frames out of one. Every TCP must be ready to take 536 bytes at once, and has been since 1983; whoever
 * asks for much less is up to something.
 */

const SMALLEST_SEGMENT = 88; // Linux's own floor: the two longest headers and eight bytes, less the two usual ones

/** Whether what a note says can be done with its frame at all. */
export function makesSense({ bytes, checksum, segments }: Frame): boolean {
  if (checksum && checksum.start + checksum.offset + 2 > bytes.length) return false;
  return !segments || segments.size >= SMALLEST_SEGMENT;
}

/**
 * Cuts a frame into the TCP segments that it stands for, each finished. @returns nothing for one that makes no sense
 */
export function segment(frame: Frame): Frame[] {
  const anatomy = frame.segments && makesSense(frame) ? dissect(frame) : undefined;
  if (!anatomy) return [];
  const { size } = frame.segments!;
  const { bytes } = frame;
  const pieces: Frame[] = [];
  for (let from = anatomy.data; from < bytes.length || from === anatomy.data; from += size) {
    const to = Math.min(from + size, bytes.length);
    const piece = new Uint8Array(anatomy.data + to - from);
    piece.set(bytes.subarray(0, anatomy.data));
    piece.set(bytes.subarray(from, to), anatomy.data);
    finishIp(piece, anatomy, pieces.length);
    finishTcp(piece, anatomy, from - anatomy.data, pieces.length === 0, to === bytes.length);
    pieces.push({ bytes: piece });
  }
  return pieces;
}

/*
 * Each piece is a packet of its own: its own length, and in IPv4 its own number and header checksum.
 */

function finishIp(piece: Uint8Array, { ip, tcp, version }: Anatomy, index: number): void {
  const view = viewOf(piece);
  if (version === 6) {
    view.setUint16(ip + 4, piece.length - tcp);
    return;
  }
  view.setUint16(ip + 2, piece.length - ip);
  view.setUint16(ip + 4, (view.getUint16(ip + 4) + index) & 0xffff);
  view.setUint16(ip + 10, 0);
  view.setUint16(ip + 10, 0xffff - fold(addWords(piece, ip, tcp)));
}

/*
 * And its own place in the stream. Two flags belong to the last piece, FIN and PSH, since they say something about
 * the end; one belongs to the first, CWR, which says *I have slowed down* and must not be said forty-five times.
 *
 * The sum of the addresses, which the sender had left in the field, is of no use any more: it had the length in it,
 * and the length has changed.
 */

const TCP_FLAGS = 13;
const TCP_CHECKSUM = 16;
const FIN = 0x01;
const PSH = 0x08;
const CWR = 0x80;

function finishTcp(piece: Uint8Array, anatomy: Anatomy, at: number, first: boolean, last: boolean): void {
  const { ip, tcp, version } = anatomy;
  const view = viewOf(piece);
  view.setUint32(tcp + 4, (view.getUint32(tcp + 4) + at) >>> 0);
  if (!first) piece[tcp + TCP_FLAGS]! &= ~CWR;
  if (!last) piece[tcp + TCP_FLAGS]! &= ~(FIN | PSH);
  const addresses = version === 4 ? addWords(piece, ip + 12, ip + 20) : addWords(piece, ip + 8, ip + 40);
  view.setUint16(tcp + TCP_CHECKSUM, 0);
  const sum = addWords(piece, tcp, piece.length, addresses + TCP + piece.length - tcp);
  view.setUint16(tcp + TCP_CHECKSUM, 0xffff - fold(sum));
}
