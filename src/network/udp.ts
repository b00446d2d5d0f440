/*
 * # UDP
 *
 * IP with ports. Eight bytes, and two of those are optional. The whole specification, of August 1980, is three
 * pages long.
 */

import { checksumOf, fold, sumPseudoHeader, sumWords, viewOf } from './bytes.ts';
import { type Ipv4, packetsFor, type Route, UDP } from './ipv4.ts';

const HEADER = 8;
/** What a packet of 65,535 bytes leaves for a datagram's data. */
export const LONGEST_DATAGRAM = 65507;

export interface Datagram {
  sourcePort: number;
  destinationPort: number;
  data: Uint8Array;
}

/** @param unfinished the sender has left the checksum to others, so there is none to be checked */
export function parseUdp(packet: Ipv4, unfinished: boolean): Datagram | undefined {
  const { payload } = packet;
  if (payload.length < HEADER) return undefined;
  const view = viewOf(payload);
  const length = view.getUint16(4);
  if (length < HEADER || length > payload.length) return undefined;
  if (!unfinished && view.getUint16(6) !== 0) {
    const sum =
      sumPseudoHeader(packet.source, packet.destination, UDP, length) + sumWords(payload, 0, length);
    if (fold(sum) !== 0xffff) return undefined;
  }
  return {
    sourcePort: view.getUint16(0),
    destinationPort: view.getUint16(2),
    data: payload.subarray(HEADER, length),
  };
}

/*
 * A checksum of 0 says that there is none. A sum that happens to *be* 0 is therefore sent as ffff, which in ones'
 * complement is the other way to write it.
 */

/** The frames that carry `data` to the Guest. */
export function datagramFrames(
  route: Route,
  sourcePort: number,
  destinationPort: number,
  data: Uint8Array,
): Uint8Array[] {
  const datagram = new Uint8Array(HEADER + data.length);
  const view = viewOf(datagram);
  view.setUint16(0, sourcePort);
  view.setUint16(2, destinationPort);
  view.setUint16(4, datagram.length);
  datagram.set(data, HEADER);
  const pseudo = sumPseudoHeader(route.source, route.destination, UDP, datagram.length);
  view.setUint16(6, checksumOf(pseudo + sumWords(datagram)) || 0xffff);
  return packetsFor(route, UDP, datagram);
}
