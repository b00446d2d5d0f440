import { fold, sumPseudoHeader, sumWords, viewOf } from '../../src/network/bytes.ts';
import type { Cable, Clock, Frame } from '../../src/network/cable.ts';
import { GATEWAY_MAC } from '../../src/network/ethernet.ts';
import { GUEST } from '../../src/network/plan.ts';
import { ACK, SYN } from '../../src/network/tcp-segment.ts';

export const PEER_MAC: Uint8Array = Uint8Array.of(2, 0xaa, 0, 0, 0, 1);

/** A clock that goes when it is told to. */
export function handClock(): Clock & { advance(seconds: number): Promise<void> } {
  let now = 0;
  let sleepers: { until: number; wake: () => void }[] = [];
  return {
    now: () => now,
    sleep: (nanoseconds) => new Promise((wake) => sleepers.push({ until: now + nanoseconds, wake })),
    entropy: (into) => into.fill(0xfe),
    async advance(seconds) {
      const end = now + seconds * 1e9;
      for (;;) {
        const next = Math.min(end, ...sleepers.map(({ until }) => until));
        now = Math.max(now, next);
        const due = sleepers.filter(({ until }) => until <= now);
        sleepers = sleepers.filter(({ until }) => until > now);
        for (const { wake } of due) wake();
        await settle();
        if (now >= end && due.length === 0) return;
      }
    },
  };
}

/** Lets everything happen that happens by itself. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** What a packet from the gateway says, with its checksums proved. */
export interface Heard {
  source: number;
  destination: number;
  protocol: number;
  payload: Uint8Array;
  frame: Frame;
}

/** Reads a frame as a careful receiver would; throws if anything in it is not as it should be. */
export function hear(frame: Frame): Heard {
  const { bytes } = frame;
  const view = viewOf(bytes);
  if (view.getUint16(12) !== 0x0800)
    throw new Error(`expected IPv4, found ${view.getUint16(12).toString(16)}`);
  const length = view.getUint16(16);
  if (length !== bytes.length - 14) throw new Error(`a packet of ${length} in a frame of ${bytes.length}`);
  if (fold(sumWords(bytes, 14, 34)) !== 0xffff) throw new Error('the checksum of the IP header is wrong');
  const packet = {
    source: view.getUint32(26),
    destination: view.getUint32(30),
    protocol: bytes[23]!,
    payload: bytes.subarray(34),
    frame,
  };
  if (packet.protocol === 6) checkTcp(packet);
  if (packet.protocol === 1 && fold(sumWords(packet.payload)) !== 0xffff)
    throw new Error('a bad ICMP checksum');
  return packet;
}

/** In a frame that is left unfinished, the sum of the pseudo-header must stand where the checksum belongs. */
function checkTcp({ source, destination, payload, frame }: Heard): void {
  if (frame.checksum?.start !== 34 || frame.checksum.offset !== 16)
    throw new Error('expected an unfinished checksum');
  const pseudo = fold(sumPseudoHeader(source, destination, 6, payload.length));
  if (viewOf(payload).getUint16(16) !== pseudo) throw new Error('the sum of the pseudo-header is wrong');
}

/** A packet from the Guest in a frame of its own, with its checksum computed. */
export function packet(
  destination: number,
  protocol: number,
  payload: Uint8Array,
  source: number = GUEST,
): Frame {
  const bytes = new Uint8Array(34 + payload.length);
  const view = viewOf(bytes);
  bytes.set(GATEWAY_MAC);
  bytes.set(PEER_MAC, 6);
  view.setUint16(12, 0x0800);
  view.setUint8(14, 0x45);
  view.setUint16(16, 20 + payload.length);
  view.setUint8(22, 64);
  view.setUint8(23, protocol);
  view.setUint32(26, source);
  view.setUint32(30, destination);
  bytes.set(payload, 34);
  return sealed(bytes);
}

/** A frame whose IP header has been changed, with its checksum computed again. */
export function sealed(bytes: Uint8Array): Frame {
  const view = viewOf(bytes);
  view.setUint16(24, 0);
  view.setUint16(24, 0xffff - fold(sumWords(bytes, 14, 34)));
  return { bytes };
}

/** The pieces of a packet, cut where they are told to be cut. */
export function pieces(
  destination: number,
  protocol: number,
  payload: Uint8Array,
  size: number,
  number = 1,
): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < payload.length; at += size) {
    const more = at + size < payload.length;
    frames.push(piece(destination, protocol, payload.subarray(at, at + size), at, more, number));
  }
  return frames;
}

/** One piece of a packet. */
export function piece(
  destination: number,
  protocol: number,
  payload: Uint8Array,
  offset: number,
  more: boolean,
  number = 1,
): Frame {
  const { bytes } = packet(destination, protocol, payload);
  const view = viewOf(bytes);
  view.setUint16(18, number);
  view.setUint16(20, (more ? 0x2000 : 0) | (offset / 8));
  return sealed(bytes);
}

export function udp(destination: number, from: number, to: number, data: Uint8Array, source?: number): Frame {
  const payload = new Uint8Array(8 + data.length);
  const view = viewOf(payload);
  view.setUint16(0, from);
  view.setUint16(2, to);
  view.setUint16(4, payload.length);
  payload.set(data, 8);
  return packet(destination, 17, payload, source);
}

export interface Spoken {
  sequence: number;
  acknowledgement: number;
  flags: number;
  window: number;
  mss?: number;
  scale?: number;
  data: Uint8Array;
}

/** A Guest's side of one TCP connection, driven by hand. */
export class Peer {
  readonly cable: Cable;
  readonly port: number;
  readonly far: number;
  readonly farPort: number;
  /** The number of the next byte to be sent, and of the next expected. */
  next = 0xfffffff0;
  expected = 0;
  window = 0xffff;
  /** What the Guest has received, in order. */
  received = 0;
  readonly heard: Spoken[] = [];

  constructor(cable: Cable, far: number, farPort: number, port = 40000) {
    this.cable = cable;
    this.far = far;
    this.farPort = farPort;
    this.port = port;
  }

  say(flags: number, data: Uint8Array = new Uint8Array(0), more: Partial<Spoken> = {}): void {
    const options =
      more.mss === undefined ? [] : [2, 4, more.mss >> 8, more.mss & 255, 1, 3, 3, more.scale ?? 0];
    const payload = new Uint8Array(20 + options.length + data.length);
    const view = viewOf(payload);
    view.setUint16(0, this.port);
    view.setUint16(2, this.farPort);
    view.setUint32(4, more.sequence ?? this.next);
    view.setUint32(8, more.acknowledgement ?? this.expected);
    view.setUint16(12, (((20 + options.length) / 4) << 12) | flags);
    view.setUint16(14, more.window ?? this.window);
    payload.set(options, 20);
    payload.set(data, 20 + options.length);
    const pseudo = sumPseudoHeader(GUEST, this.far, 6, payload.length);
    view.setUint16(16, 0xffff - fold(pseudo + sumWords(payload)));
    this.cable.send(packet(this.far, 6, payload));
    if (more.sequence === undefined) this.next = (this.next + data.length + (flags & 3 ? 1 : 0)) >>> 0;
  }

  /** Takes every segment that there is for this connection, and keeps count of what is in order. */
  listen(most = Number.POSITIVE_INFINITY): Spoken[] {
    const now: Spoken[] = [];
    for (let i = 0; i < most; i++) {
      const frame = this.cable.receive();
      if (!frame) break;
      const { protocol, payload } = hear(frame);
      if (protocol !== 6) continue;
      const view = viewOf(payload);
      if (view.getUint16(2) !== this.port) continue;
      const header = (payload[12]! >> 4) * 4;
      const spoken: Spoken = {
        sequence: view.getUint32(4),
        acknowledgement: view.getUint32(8),
        flags: payload[13]!,
        window: view.getUint16(14),
        data: payload.slice(header),
      };
      now.push(spoken);
      this.#take(spoken);
    }
    this.heard.push(...now);
    return now;
  }

  #take({ sequence, flags, data }: Spoken): void {
    if (flags & SYN) this.expected = (sequence + 1) >>> 0;
    else if (sequence === this.expected) {
      this.expected = (this.expected + data.length + (flags & 1)) >>> 0;
      this.received += data.length;
    }
  }

  /** The whole handshake, from the Guest's side. */
  async open(mss = 1460, scale = 7): Promise<void> {
    this.say(SYN, undefined, { mss, scale });
    await settle();
    const [answer] = this.listen();
    if (!answer || answer.flags !== (SYN | ACK))
      throw new Error(`expected SYN and ACK, found ${answer?.flags}`);
    this.say(ACK);
  }
}
