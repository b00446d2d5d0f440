/*
 * # Twenty bytes of TCP
 *
 * A TCP connection is two streams of bytes, one each way, and every byte in them has a number. A segment says:
 * *these are my bytes from 1000 on; I have had yours up to 5000; and I have room for 64,240 more.* Everything else
 * in TCP follows from these three numbers, and from the fact that any segment may get lost.
 *
 * :::figure{#tcp-header caption="A segment's header. The flags that matter are SYN: my numbers begin here; FIN: and here they end; RST: what are you talking about?"}
 * ```text
 *    +------------------------------+-------------------------------+
 *    |  from port                   |  to port                      |
 *    +------------------------------+-------------------------------+
 *    |  sequence: number of the first byte in here                  |
 *    +--------------------------------------------------------------+
 *    |  acknowledgement: number of the byte I expect next           |
 *    +-------+-----------+----------+-------------------------------+
 *    | words |           | UAPRSF   |  window: how many I can take  |
 *    +-------+-----------+----------+-------------------------------+
 *    |  checksum                    |  urgent: an idea of 1981      |
 *    +------------------------------+-------------------------------+
 * ```
 * :::
 */

import { fold, sumPseudoHeader, sumWords, viewOf } from './bytes.ts';
import { type Frame, SEGMENTS_TCP4 } from './cable.ts';
import { type Ipv4, MTU, newPacket, PAYLOAD, type Route, IPV4_HEADER, TCP } from './ipv4.ts';

export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const PSH = 0x08;
export const ACK = 0x10;

const HEADER = 20;
/** What an Ethernet frame has room for. */
export const OUR_MSS: number = MTU - IPV4_HEADER - HEADER;
/** What every TCP takes, if it does not say (RFC 1122, section 4.2.2.6). */
export const DEFAULT_MSS = 536;
const SMALLEST_MSS = 88;

export interface Segment {
  sourcePort: number;
  destinationPort: number;
  sequence: number;
  acknowledgement: number;
  flags: number;
  /** As it stands in the header: not shifted yet. */
  window: number;
  /** Options, of a SYN: the most data it takes in one segment, and how many zeros are missing from its windows. */
  mss?: number | undefined;
  scale?: number | undefined;
  data: Uint8Array;
}

/*
 * ## Numbers that go round
 *
 * They have 32 bits and begin anywhere, so 3 may come after 4,294,967,290. Which of two comes first? Subtract, and
 * look at the sign of the lower 32 bits: JavaScript's `| 0` was made for other reasons, but it is exactly that.
 */

/** How far `a` is ahead of `b`; negative if it is behind. */
export function ahead(a: number, b: number): number {
  return (a - b) | 0;
}

export function advance(number: number, by: number): number {
  return (number + by) >>> 0;
}

/*
 * ## Reading
 *
 * A segment that is too short, whose header says that it is longer than the packet, or whose checksum is wrong, is no
 * segment. Nobody is told; TCP will send it again.
 */

/** @param unfinished the checksum was left to others, so there is none to be checked */
export function parseTcp(packet: Ipv4, unfinished: boolean): Segment | undefined {
  const { payload } = packet;
  if (payload.length < HEADER) return undefined;
  const view = viewOf(payload);
  const header = (view.getUint8(12) >> 4) * 4;
  if (header < HEADER || header > payload.length) return undefined;
  if (!unfinished) {
    const pseudo = sumPseudoHeader(packet.source, packet.destination, TCP, payload.length);
    if (fold(pseudo + sumWords(payload)) !== 0xffff) return undefined;
  }
  return {
    sourcePort: view.getUint16(0),
    destinationPort: view.getUint16(2),
    sequence: view.getUint32(4),
    acknowledgement: view.getUint32(8),
    flags: view.getUint8(13),
    window: view.getUint16(14),
    ...readOptions(payload.subarray(HEADER, header)),
    data: payload.subarray(header),
  };
}

/*
 * Options come as kind, length, value, but for two that are a single byte. Of the others, two are of interest: the most
 * data in a segment, and the shift. The window has only sixteen bits, and 64 kilobytes were a lot in 1981; so both
 * sides may say with their SYN by how many bits theirs are to be shifted, fourteen at the most.
 */

const OPTION_END = 0;
const OPTION_NOTHING = 1;
const OPTION_MSS = 2;
const OPTION_SCALE = 3;
const MOST_SCALE = 14;

function readOptions(options: Uint8Array): Pick<Segment, 'mss' | 'scale'> {
  const found: Pick<Segment, 'mss' | 'scale'> = {};
  for (let at = 0; at < options.length && options[at] !== OPTION_END; ) {
    if (options[at] === OPTION_NOTHING) {
      at++;
      continue;
    }
    const length = options[at + 1] ?? 0;
    if (length < 2 || at + length > options.length) break;
    if (options[at] === OPTION_MSS && length === 4)
      found.mss = Math.max(SMALLEST_MSS, (options[at + 2]! << 8) | options[at + 3]!);
    if (options[at] === OPTION_SCALE && length === 3) found.scale = Math.min(MOST_SCALE, options[at + 2]!);
    at += length;
  }
  return found;
}

/*
 * ## Writing
 *
 * The checksum is left to whoever needs it: we put the sum of the pseudo-header there and say so in the note. And a
 * segment may have forty times the data that its receiver is willing to take at once, with a note to cut it. A
 * Guest with a good network card gets it whole.
 *
 * `fill` writes the data where they are to be, so that they are copied once on their way from socket to Guest.
 */

/** @param length of the data; @param most bytes of it in a segment, or it is to be cut */
export function tcpFrame(
  route: Route,
  segment: Omit<Segment, 'data'>,
  length = 0,
  most = OUR_MSS,
  fill: (into: Uint8Array) => void = () => {},
): Frame {
  const options = optionsOf(segment);
  const header = HEADER + options.length;
  const bytes = newPacket(route, TCP, header + length);
  const view = viewOf(bytes);
  view.setUint16(PAYLOAD, segment.sourcePort);
  view.setUint16(PAYLOAD + 2, segment.destinationPort);
  view.setUint32(PAYLOAD + 4, segment.sequence);
  view.setUint32(PAYLOAD + 8, segment.acknowledgement);
  view.setUint16(PAYLOAD + 12, ((header / 4) << 12) | segment.flags);
  view.setUint16(PAYLOAD + 14, segment.window);
  view.setUint16(PAYLOAD + 16, fold(sumPseudoHeader(route.source, route.destination, TCP, header + length)));
  bytes.set(options, PAYLOAD + HEADER);
  fill(bytes.subarray(PAYLOAD + header));
  return {
    bytes,
    checksum: { start: PAYLOAD, offset: 16 },
    segments: length > most ? { type: SEGMENTS_TCP4, size: most, headers: PAYLOAD + header } : undefined,
  };
}

function optionsOf({ mss, scale }: Pick<Segment, 'mss' | 'scale'>): number[] {
  const options: number[] = [];
  if (mss !== undefined) options.push(OPTION_MSS, 4, mss >> 8, mss & 255);
  if (scale !== undefined) options.push(OPTION_NOTHING, OPTION_SCALE, 3, scale);
  return options;
}
