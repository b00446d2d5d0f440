/*
 * # The network card
 *
 * In lguest's first release two Guests could talk through a file. Both mapped it, each took a place in it, and a
 * frame was sent by copying it to where the other wanted it. It was called sharenet, had a page of addresses with a
 * lock on each, and lasted for one version of Linux. What replaced it has two queues.
 *
 * The driver fills one with empty buffers, like the console's, and we put arriving frames into them. Into the other
 * it puts frames to send. In front of each frame, in both directions, stand twelve bytes.
 *
 * :::figure{#net-header caption="struct virtio_net_hdr_v1, as Linux sends it in front of 14,600 bytes of an upload: finish the TCP checksum at 34 + 16, and cut after every 1,448 (0x5a8) bytes."}
 * ```text
 *     flags  kind  header   cut     checksum      buffers
 *                  bytes    after   start offset
 *    +-----+-----+-------+-------+-------+-------+-------+
 *    | 01  | 01  | 42 00 | a8 05 | 22 00 | 10 00 | 00 00 |
 *    +-----+-----+-------+-------+-------+-------+-------+
 *      NEEDS  TCP4
 * ```
 * :::
 *
 * They are the note from [the cable](#link), in the handwriting of a committee.
 */

import type { GuestWindow } from '../5-host/dev-lguest.ts';
import { viewOf } from './elf.ts';
import { type Frame, type Link, LONGEST_FRAME, SEGMENTS_ECN, SEGMENTS_TCP4, SEGMENTS_TCP6 } from './link.ts';
import { finishChecksum, makesSense, segment } from './net-offload.ts';
import { type Behaviour, INDIRECT_DESCRIPTORS } from './virtio-device.ts';
import { BadDriver, type Chain, QUEUE_SIZE, type Span } from './virtqueue.ts';

/*
 * ## Promises
 *
 * Every feature of a network card is a promise about unfinished frames. CSUM: *you may leave your checksums to me*.
 * GUEST_CSUM, seen from the Guest: *I can take frames with theirs missing*. The HOST and GUEST words with TSO in
 * them, *TCP segmentation offload*, promise the same of cutting, and those with ECN promise it of frames that carry the
 * marks of a congested road.
 *
 * :::aside
 * There is a later promise, MRG_RXBUF: frames may be spread over as many buffers as they need. It was made to save
 * memory, for without it a Guest that can receive 64 kilobytes at once must have 64 kilobytes ready in each of its
 * buffers, however small the frames that come. lguest never offered it, and our Guests know what lguest offered.
 * :::
 */

const NET = 1;
const PCI_ETHERNET = 0x0200;

const CSUM = 1 << 0;
const GUEST_CSUM = 1 << 1;
const MAC = 1 << 5;
const GUEST_TSO4 = 1 << 7;
const GUEST_TSO6 = 1 << 8;
const GUEST_ECN = 1 << 9;
const HOST_TSO4 = 1 << 11;
const HOST_TSO6 = 1 << 12;
const HOST_ECN = 1 << 13;
const OUTGOING = CSUM | HOST_TSO4 | HOST_TSO6 | HOST_ECN;
const INCOMING = GUEST_CSUM | GUEST_TSO4 | GUEST_TSO6 | GUEST_ECN;

const RECEIVE = 0;

const CONFIG_SIZE = 10;
const HEADER_SIZE = 12;
const SHORTEST_FRAME = 14;
const NEEDS_CSUM = 1;

/*
 * ## Not too many buffers
 *
 * A queue has 256 entries, but this one has 32. A Linux that may receive frames uncut fills its receive queue with
 * buffers of eighteen pages each, and does so at once, whether anything will ever arrive or not. With 256 entries
 * that was 18 of the 51 megabytes that were free in a Guest of 64; with 1,024, the Guest was out of memory before it
 * had an address.
 *
 * It would get nothing for them. In May 2008, when frames had just grown to 64 kilobytes, lguest's author suspected
 * that his queues were too short for them, made them twice as long, and sent a gigabyte through to see. `npm run bench
 * -- network` is that gigabyte. Here it is on its way to a `dd` in a Linux of 160 megabytes, where a packet is one of
 * up to 64 kilobytes, or the acknowledgement of one:
 *
 * | Receive queue | Instructions a byte | Exits a packet | Megabytes free |
 * | --- | --- | --- | --- |
 * | 32 large buffers | 0.62 | 5.1 | 145 |
 * | 128 | 0.63 | 4.7 | 138 |
 * | 256 | 0.63 | 4.7 | 130 |
 * | 1,024 | 0.64 | 5.2 | 91 |
 * | 32 small buffers | 2.40 | 5.6 | 147 |
 * | 1,024 | 2.29 | 5.3 | 146 |
 *
 * It is the size of the frames that counts, as a Guest with small buffers gets forty-five for one. The length of the
 * queue shows there and nowhere else: forty-five do not go into thirty-two, and each has to be acknowledged in two
 * parts.
 */

const RECEIVE_QUEUE_SIZE = 32;

/*
 * ## The device
 *
 * One frame at most has left the Link and not reached the Guest: `ready` has to have it in hand to know that there
 * is one. If it had to be cut for a Guest that cannot take it whole, then its pieces wait here. Forty-five at the
 * usual size, and no matter what anybody does, never more than one frame's worth.
 *
 * The address is ours to choose, so there is a MAC to be read in the configuration.
 */

/** virtio-net with one pair of queues (virtio 1.0, section 5.1). @param address six bytes: the Guest's MAC */
export function createNet(link: Link, address: Uint8Array): Behaviour {
  const config = new Uint8Array(CONFIG_SIZE);
  config.set(address);
  const pieces: Frame[] = [];
  let agreed = 0;
  const fetch = (): boolean => {
    while (pieces.length === 0) {
      const frame = link.receive();
      if (!frame) return false;
      pieces.push(...palatable(frame, agreed));
    }
    return true;
  };
  return {
    name: 'net',
    type: NET,
    pciClass: PCI_ETHERNET,
    features: (MAC | OUTGOING | INCOMING | INDIRECT_DESCRIPTORS) & ~(link.card?.without ?? 0),
    queues: ['receive', 'transmit'],
    queueSizes: [link.card?.receiveQueue ?? RECEIVE_QUEUE_SIZE, QUEUE_SIZE],
    config,
    accept(features) {
      agreed = features;
      pieces.length = 0;
    },
    ready: (queue) => (queue === RECEIVE ? fetch() : !link.busy),
    serve(queue, request, memory, label) {
      if (queue === RECEIVE) return deliver(pieces.shift()!, request, memory, label);
      const frame = collect(request, agreed, memory, label);
      if (frame) link.send(frame);
      return 0;
    },
    close: () => link.close(),
  };
}

/*
 * ## Arrivals
 *
 * A frame that is too much for this Guest is made into something it has said it can take. pup has said nothing of
 * the sort, so what pup gets is always finished and short.
 *
 * Behind a Link there may be another Guest, and who knows what that one wrote into its note. A frame that makes no
 * sense, or that is longer than this driver was told to make its buffers, is lost, as frames are. So are the pieces of
 * one that was to be cut up too coarsely.
 */

function palatable(frame: Frame, agreed: number): Frame[] {
  const { segments, checksum } = frame;
  if (!makesSense(frame)) return [];
  if (segments) {
    const wanted = featureFor(segments.type, GUEST_TSO4, GUEST_TSO6);
    const marked = (segments.type & SEGMENTS_ECN) !== 0;
    const whole = (agreed & wanted) !== 0 && (!marked || (agreed & GUEST_ECN) !== 0);
    if (!whole) return segment(frame).filter((piece) => hasRoom(piece, agreed));
  }
  if (!hasRoom(frame, agreed)) return [];
  return checksum && (agreed & GUEST_CSUM) === 0 ? finishChecksum(frame) : [frame];
}

function hasRoom({ bytes }: Frame, agreed: number): boolean {
  return HEADER_SIZE + bytes.length <= bufferSize(agreed);
}

/** How large a driver must make its receive buffers (virtio 1.0, section 5.1.6.3.1). */
function bufferSize(agreed: number): number {
  return (agreed & (GUEST_TSO4 | GUEST_TSO6)) !== 0 ? 65562 : 1526;
}

/** The feature that makes a kind of cutting possible; 0 for a kind that nobody has heard of. */
function featureFor(type: number, tcp4: number, tcp6: number): number {
  const kind = type & ~SEGMENTS_ECN;
  if (kind === SEGMENTS_TCP4) return tcp4;
  return kind === SEGMENTS_TCP6 ? tcp6 : 0;
}

/*
 * ## Into a buffer
 *
 * The standard tells drivers how large a buffer must be: 1,526 bytes, or 65,562 for whoever wants frames uncut. One
 * that is smaller does no harm until something arrives that does not fit, and then there is nothing to be done with
 * it. tun, the driver of Linux's taps, on which lguest was built, cut the frame off and said nothing.
 */

function deliver(frame: Frame, request: Chain, memory: GuestWindow, label: string): number {
  if (request.readable.length > 0) throw new BadDriver(label, 'a receive buffer that is not for writing');
  const total = HEADER_SIZE + frame.bytes.length;
  if (request.bytes < total)
    throw new BadDriver(label, `a receive buffer of ${request.bytes} bytes, where ${total} have arrived`);
  scatter(memory, request.writable, [headerOf(frame), frame.bytes]);
  return total;
}

/** Writes all of `parts`, one behind the other, into `spans`, which have room for them. */
function scatter(memory: GuestWindow, spans: readonly Span[], parts: readonly Uint8Array[]): void {
  let index = 0;
  let { address, length } = spans[0]!;
  for (const part of parts) {
    for (let at = 0; at < part.length; ) {
      if (length === 0) {
        ({ address, length } = spans[++index]!);
        continue;
      }
      const some = part.subarray(at, at + length);
      memory.write(address, some);
      at += some.length;
      address += some.length;
      length -= some.length;
    }
  }
}

/*
 * `num_buffers` is 1. It can be nothing else without MRG_RXBUF, and the standard wants it said all the same. lguest
 * left there whatever tap had left there.
 */

function headerOf({ checksum, segments }: Frame): Uint8Array {
  const header = new Uint8Array(HEADER_SIZE);
  const view = viewOf(header);
  if (checksum) {
    header[0] = NEEDS_CSUM;
    view.setUint16(6, checksum.start, true);
    view.setUint16(8, checksum.offset, true);
  }
  if (segments) {
    header[1] = segments.type;
    view.setUint16(2, segments.headers, true);
    view.setUint16(4, segments.size, true);
  }
  view.setUint16(10, 1, true);
  return header;
}

/*
 * ## Departures
 *
 * The frame is copied out of the Guest's memory once, all pieces into one, and from then on it is ours: what the
 * Guest does to its buffer afterwards is no concern of the checks below.
 *
 * A frame too short to have two addresses is lost without a word. Any process with a raw socket can send one, and a
 * driver is not to blame for what passes through it.
 */

/** Takes a frame out of a request; undefined if it is none. */
function collect(request: Chain, agreed: number, memory: GuestWindow, label: string): Frame | undefined {
  if (request.writable.length > 0) throw new BadDriver(label, 'a frame to send in a buffer for writing');
  if (request.bytes < HEADER_SIZE)
    throw new BadDriver(label, `a request of ${request.bytes} bytes, which has no room for its header`);
  if (request.bytes > HEADER_SIZE + LONGEST_FRAME)
    throw new BadDriver(label, `a frame of ${request.bytes - HEADER_SIZE} bytes; no packet is that long`);
  const all = new Uint8Array(request.bytes);
  let at = 0;
  for (const { address, length } of request.readable) {
    all.set(memory.bytes.subarray(address, address + length), at);
    at += length;
  }
  const bytes = all.subarray(HEADER_SIZE);
  if (bytes.length < SHORTEST_FRAME) return undefined;
  return { bytes, ...readHeader(viewOf(all), bytes.length, agreed, label) };
}

/*
 * Now the note. Nothing in it may ask for what was not agreed on, and no number in it may point out of the frame. Here
 * lguest checked nothing: it handed header and frame to tun in one `writev`. What tun did not like was lost, with a
 * line on the launcher's screen and not a word to the driver.
 *
 * :::aside
 * The standard also wants `num_buffers` to be zero on the way out. Linux 4.12 does not write it at all, unless it
 * has MRG_RXBUF, and sends what was in memory there. The conscience of the standard looks the other way, just this
 * once, or no Linux of the right age would have a network.
 * :::
 */

function readHeader(view: DataView, length: number, agreed: number, label: string): Omit<Frame, 'bytes'> {
  const flags = view.getUint8(0);
  const type = view.getUint8(1);
  if ((flags & ~NEEDS_CSUM) !== 0)
    throw new BadDriver(
      label,
      `a frame with flags 0x${flags.toString(16)}; only NEEDS_CSUM has a meaning here`,
    );
  if (flags === 0) {
    if (type !== 0)
      throw new BadDriver(label, `a frame to be cut (type ${type}) whose checksum is not left to us`);
    return {};
  }
  if ((agreed & CSUM) === 0)
    throw new BadDriver(label, 'a frame without its checksum, and CSUM was not agreed on');
  const start = view.getUint16(6, true);
  const offset = view.getUint16(8, true);
  if (start + offset + 2 > length)
    throw new BadDriver(label, `a checksum at ${start} + ${offset} in a frame of ${length} bytes`);
  const checksum = { start, offset };
  return type === 0 ? { checksum } : { checksum, segments: readSegments(view, type, length, agreed, label) };
}

/*
 * `hdr_len` is a hint, says the standard, and so nothing may depend on it. Cutting does, so whoever cuts looks
 * into the headers by themselves.
 */

function readSegments(
  view: DataView,
  type: number,
  length: number,
  agreed: number,
  label: string,
): Frame['segments'] {
  const needed = featureFor(type, HOST_TSO4, HOST_TSO6) | (type & SEGMENTS_ECN ? HOST_ECN : 0);
  if (featureFor(type, HOST_TSO4, HOST_TSO6) === 0 || (agreed & needed) !== needed)
    throw new BadDriver(label, `a frame to be cut in a way that was not agreed on (type ${type})`);
  const size = view.getUint16(4, true);
  if (size === 0) throw new BadDriver(label, 'a frame to be cut into segments of no bytes');
  const headers = Math.min(view.getUint16(2, true), length);
  return { type, size, headers };
}
