/*
 * # IPv4
 *
 * Twenty bytes that have carried everything since the first of January 1983, when the ARPANET was switched over to
 * them in a day. Nobody has since dared to switch anything over in a day.
 *
 * :::figure{#ipv4-header caption="The header, without the options that nobody uses."}
 * ```text
 *     0       4       8              16                            31
 *    +-------+-------+---------------+------------------------------+
 *    |   4   | words |  kind         |  length of all               |
 *    +-------+-------+---------------+------+-----------------------+
 *    |  number                       |flags |  offset of fragment   |
 *    +---------------+---------------+------+-----------------------+
 *    |  hops left    |  protocol     |  checksum of the header      |
 *    +---------------+---------------+------------------------------+
 *    |  from                                                        |
 *    +--------------------------------------------------------------+
 *    |  to                                                          |
 *    +--------------------------------------------------------------+
 * ```
 * :::
 */

import { checksumOf, fold, sumWords, viewOf } from './bytes.ts';
import { ETHERNET_HEADER, ETHERTYPE_IPV4, newFrame } from './ethernet.ts';

export const ICMP = 1;
export const TCP = 6;
export const UDP = 17;

export const IPV4_HEADER = 20;
/** Where the payload begins in a frame that we made. */
export const PAYLOAD = ETHERNET_HEADER + IPV4_HEADER;

/** What fits into one frame of Ethernet, without its header. */
export const MTU = 1500;
const HOPS = 64;

export interface Ipv4 {
  source: number;
  destination: number;
  protocol: number;
  /** What its pieces have in common, if it was cut. */
  number: number;
  /** Where this piece belongs in the whole, in bytes, and whether another follows it. */
  offset: number;
  more: boolean;
  payload: Uint8Array;
  /** The header and eight bytes of what is behind it: for whoever has to quote the packet. */
  beginning: Uint8Array;
}

/*
 * ## Reading
 *
 * Every length in it is a claim and is compared with what is there. What comes in behind the claimed length is
 * Ethernet's: it does not like frames below 60 bytes and fills them up.
 *
 * It may be no packet but [a piece of one](src/network/fragments.ts). The offset of a piece counts in eights, as
 * thirteen bits were left for it, and a packet has up to sixteen bits of bytes.
 */

/** Of the payload, in a complaint (RFC 792). */
const QUOTED = 8;
const MORE_FRAGMENTS = 0x2000;
const FRAGMENT_OFFSET = 0x1fff;

/** @returns undefined for what is no IPv4 packet, nor a piece of one */
export function parseIpv4(packet: Uint8Array): Ipv4 | undefined {
  if (packet.length < IPV4_HEADER || packet[0]! >> 4 !== 4) return undefined;
  const view = viewOf(packet);
  const header = (packet[0]! & 15) * 4;
  const length = view.getUint16(2);
  if (header < IPV4_HEADER || length < header || length > packet.length) return undefined;
  if (fold(sumWords(packet, 0, header)) !== 0xffff) return undefined;
  const fragment = view.getUint16(6);
  return {
    source: view.getUint32(12),
    destination: view.getUint32(16),
    protocol: view.getUint8(9),
    number: view.getUint16(4),
    offset: (fragment & FRAGMENT_OFFSET) * 8,
    more: (fragment & MORE_FRAGMENTS) !== 0,
    payload: packet.subarray(header, length),
    beginning: packet.slice(0, Math.min(header + QUOTED, length)),
  };
}

/*
 * ## Writing
 *
 * Here the frame for the Guest is made in one piece, headers done and payload empty, and whoever asked for it fills
 * in the rest. Nothing is ever copied to get a header in front of it.
 *
 * The number of a packet tells its fragments from those of another. A packet that is whole needs none, as long as
 * it says that it is not to be cut.
 */

/** From whom to whom, as it stands in the headers. */
export interface Route {
  mac: Uint8Array;
  source: number;
  destination: number;
}

const DONT_FRAGMENT = 0x4000;

/** A frame with its headers written, and `length` bytes of payload to be filled in from `PAYLOAD` on. */
export function newPacket(
  route: Route,
  protocol: number,
  length: number,
  fragment: number = DONT_FRAGMENT,
  number = 0,
): Uint8Array {
  const frame = newFrame(route.mac, ETHERTYPE_IPV4, IPV4_HEADER + length);
  const view = viewOf(frame);
  const at = ETHERNET_HEADER;
  view.setUint8(at, 0x45);
  view.setUint16(at + 2, IPV4_HEADER + length);
  view.setUint16(at + 4, number);
  view.setUint16(at + 6, fragment);
  view.setUint8(at + 8, HOPS);
  view.setUint8(at + 9, protocol);
  view.setUint32(at + 12, route.source);
  view.setUint32(at + 16, route.destination);
  view.setUint16(at + 10, checksumOf(sumWords(frame, at, PAYLOAD)));
  return frame;
}

/*
 * ## Cutting
 *
 * And we have to send some: a datagram that came to our socket in one piece of 9,000 bytes must get through a cable
 * that takes 1,500. All pieces but the last have a length that eight divides: 1,480 does.
 *
 * Fragments need a number, and ours is made of all their bytes and of where they stand. Should two packets ever have
 * the same, they are most likely the same packet. First it was the sum of the bytes, as in a checksum, and nobody saw
 * that all datagrams of one length had the same: each has a checksum in it, which is there to make the sum come out.
 */

/** One frame for a packet that fits, several for one that does not. */
export function packetsFor(route: Route, protocol: number, payload: Uint8Array): Uint8Array[] {
  const most = MTU - IPV4_HEADER;
  if (payload.length <= most) return [filled(newPacket(route, protocol, payload.length), payload)];
  const number = numberFor(payload);
  const frames: Uint8Array[] = [];
  for (let at = 0; at < payload.length; at += most) {
    const piece = payload.subarray(at, at + most);
    const more = at + most < payload.length ? MORE_FRAGMENTS : 0;
    frames.push(filled(newPacket(route, protocol, piece.length, more | (at / 8), number), piece));
  }
  return frames;
}

function numberFor(payload: Uint8Array): number {
  let number = 0;
  for (const byte of payload) number = (number * 31 + byte) & 0xffff;
  return number;
}

function filled(frame: Uint8Array, payload: Uint8Array): Uint8Array {
  frame.set(payload, PAYLOAD);
  return frame;
}
