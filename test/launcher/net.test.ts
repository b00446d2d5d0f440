import { describe, expect, it } from 'vitest';
import type { Frame, Link } from '../../chapters/4-launcher/link.ts';
import { createNet } from '../../chapters/4-launcher/net.ts';
import { finishChecksum, segment } from '../../chapters/4-launcher/net-offload.ts';
import { work } from '../../chapters/4-launcher/virtio-device.ts';
import { BadDriver } from '../../chapters/4-launcher/virtqueue.ts';
import { fold, sumPseudoHeader, sumWords } from '../../src/network/bytes.ts';
import { tcpFrame } from '../../src/network/tcp-segment.ts';
import { Driver } from './driver.ts';
import { guestMemory } from './guest-memory.ts';

const MAC = Uint8Array.of(2, 0x11, 0x22, 0x33, 0x44, 0x55);
const CSUM = 1;
const GUEST_CSUM = 2;
const GUEST_TSO4 = 1 << 7;
const GUEST_ECN = 1 << 9;
const HOST_TSO4 = 1 << 11;
const HOST_ECN = 1 << 13;
const INDIRECT = 1 << 28;

const RECEIVE = 0;
const TRANSMIT = 1;
const AT = 0x40000;

/** A cable to a test: what was sent, and what is to be received. */
function cable() {
  const sent: Frame[] = [];
  const coming: Frame[] = [];
  let closed = false;
  const link: Link & { busy: boolean } = {
    send: (frame) => void sent.push(frame),
    busy: false,
    receive: () => coming.shift(),
    onArrival: () => {},
    close: () => {
      closed = true;
    },
  };
  return { link, sent, coming, closed: () => closed };
}

function netDriver(features = 0) {
  const wire = cable();
  const driver = new Driver(createNet(wire.link, MAC), guestMemory()).start(features);
  return { driver, ...wire };
}

function headerBytes(flags = 0, type = 0, headers = 0, size = 0, start = 0, offset = 0, buffers = 0) {
  const header = new Uint8Array(12);
  const view = new DataView(header.buffer);
  header.set([flags, type]);
  for (const [index, value] of [headers, size, start, offset, buffers].entries())
    view.setUint16(2 + 2 * index, value, true);
  return header;
}

/** Sends a frame of `length` bytes behind a header, in buffers of the given sizes. */
function transmit(driver: Driver, header: Uint8Array, frame: Uint8Array, ...cuts: number[]) {
  driver.memory.write(AT, header);
  driver.memory.write(AT + header.length, frame);
  let address = AT;
  const end = AT + header.length + frame.length;
  const buffers = cuts.map((length) => {
    address += length;
    return { address: address - length, length };
  });
  driver.offer(TRANSMIT, ...buffers, { address, length: end - address });
  driver.notify(TRANSMIT);
}

const frameOf = (length: number) => Uint8Array.from({ length }, (_, index) => index & 255);

/** A TCP segment of the size of an IP packet, unfinished. */
function large(data: number, flags = 0x18): Frame {
  const route = { mac: MAC, source: 0x0a000202, destination: 0x0a00020f };
  const segment = {
    sourcePort: 80,
    destinationPort: 4000,
    sequence: 0xffffff00,
    acknowledgement: 5,
    flags,
    window: 9,
  };
  return tcpFrame(route, segment, data, 1460, (into) => into.set(frameOf(data)));
}

describe('The network card', () => {
  it('tells its address, and what lguest offered', () => {
    const { driver } = netDriver();
    driver.write(0x00, 4, 0);
    expect(driver.read(0x04, 4).toString(16)).toBe((0x10003ba3).toString(16));
    expect(Array.from({ length: 6 }, (_, index) => driver.read(0x3c + index, 1))).toEqual([...MAC]);
  });

  it('has a short queue for receiving, which a Guest fills with buffers at once', () => {
    const { driver } = netDriver();
    driver.write(0x16, 2, RECEIVE);
    expect(driver.read(0x18, 2)).toBe(32);
    driver.write(0x16, 2, TRANSMIT);
    expect(driver.read(0x18, 2)).toBe(256);
    const other = new Driver(createNet(cable().link, MAC), guestMemory());
    other.negotiate();
    other.write(0x16, 2, RECEIVE);
    expect(() => other.write(0x18, 2, 64)).toThrow('queue_size is 64, not a power of two up to 32');
  });

  it('sends frames as they are', () => {
    const { driver, sent } = netDriver();
    transmit(driver, headerBytes(), frameOf(60));
    expect(sent).toEqual([{ bytes: frameOf(60) }]);
    expect(driver.used(TRANSMIT)).toEqual([{ head: 0, written: 0 }]);
  });

  it.each([[[12]], [[1, 10]], [[5, 7, 20]], [[30]]])('sends them out of buffers cut after %j', (cuts) => {
    const { driver, sent } = netDriver();
    transmit(driver, headerBytes(), frameOf(60), ...cuts);
    expect(sent[0]!.bytes).toEqual(frameOf(60));
  });

  it('passes on what is left to be done', () => {
    const { driver, sent } = netDriver(CSUM | HOST_TSO4);
    transmit(driver, headerBytes(1, 1, 54, 1448, 34, 16), frameOf(5000));
    expect(sent[0]).toMatchObject({
      checksum: { start: 34, offset: 16 },
      segments: { type: 1, size: 1448, headers: 54 },
    });
  });

  it('does not mind what Linux leaves in num_buffers', () => {
    const { driver, sent } = netDriver();
    transmit(driver, headerBytes(0, 0, 0, 0, 0, 0, 0xdead), frameOf(60));
    expect(sent.length).toBe(1);
  });

  it('loses a frame that has no room for addresses', () => {
    const { driver, sent } = netDriver();
    transmit(driver, headerBytes(), frameOf(13));
    expect(sent).toEqual([]);
    expect(driver.used(TRANSMIT).length).toBe(1);
  });

  it('leaves frames in the Guest while the cable is busy', () => {
    const { driver, sent, link } = netDriver();
    link.busy = true;
    transmit(driver, headerBytes(), frameOf(60));
    expect(sent.length).toBe(0);
    expect(driver.used(TRANSMIT)).toEqual([]);
    link.busy = false;
    work(driver.device);
    expect(sent.length).toBe(1);
  });

  it.each<[string, number, Uint8Array, number]>([
    ['a frame with flags 0x2; only NEEDS_CSUM has a meaning here', CSUM, headerBytes(2), 60],
    ['a frame without its checksum, and CSUM was not agreed on', 0, headerBytes(1, 0, 0, 0, 34, 16), 60],
    ['a checksum at 34 + 25 in a frame of 60 bytes', CSUM, headerBytes(1, 0, 0, 0, 34, 25), 60],
    ['a checksum at 65535 + 65535 in a frame of 60 bytes', CSUM, headerBytes(1, 0, 0, 0, 65535, 65535), 60],
    [
      'a frame to be cut (type 1) whose checksum is not left to us',
      CSUM | HOST_TSO4,
      headerBytes(0, 1, 54, 99),
      60,
    ],
    [
      'a frame to be cut in a way that was not agreed on (type 1)',
      CSUM,
      headerBytes(1, 1, 54, 99, 34, 16),
      60,
    ],
    [
      'a frame to be cut in a way that was not agreed on (type 3)',
      CSUM | HOST_TSO4,
      headerBytes(1, 3, 54, 99, 34, 16),
      60,
    ],
    [
      'a frame to be cut in a way that was not agreed on (type 129)',
      CSUM | HOST_TSO4,
      headerBytes(1, 129, 54, 99, 34, 16),
      60,
    ],
    ['a frame to be cut into segments of no bytes', CSUM | HOST_TSO4, headerBytes(1, 1, 54, 0, 34, 16), 60],
    ['a frame of 65554 bytes; no packet is that long', 0, headerBytes(), 65554],
    ['a request of 11 bytes, which has no room for its header', 0, new Uint8Array(11), 0],
  ])('ends the Guest of a driver that sends %s', (what, features, header, length) => {
    const { driver, sent } = netDriver(features);
    expect(() => transmit(driver, header, frameOf(length))).toThrow(new BadDriver('net vq transmit', what));
    expect(sent).toEqual([]);
  });

  it('takes the ECN kind from whoever has agreed on it', () => {
    const { driver, sent } = netDriver(CSUM | HOST_TSO4 | HOST_ECN);
    transmit(driver, headerBytes(1, 0x81, 54, 99, 34, 16), frameOf(60));
    expect(sent[0]!.segments!.type).toBe(0x81);
  });

  it('sends off a driver that has its directions wrong', () => {
    const { driver, coming } = netDriver();
    driver.offer(TRANSMIT, { address: AT, length: 100, write: true });
    expect(() => driver.notify(TRANSMIT)).toThrow(
      'net vq transmit: bad driver: a frame to send in a buffer for writing',
    );
    coming.push({ bytes: frameOf(60) });
    driver.offer(RECEIVE, { address: AT, length: 2000 });
    expect(() => driver.notify(RECEIVE)).toThrow(
      'net vq receive: bad driver: a receive buffer that is not for writing',
    );
  });

  it('pulls the cable when the Guest is gone', () => {
    const { link, closed } = cable();
    createNet(link, MAC).close!();
    expect(closed()).toBe(true);
  });
});

describe('A frame for the Guest', () => {
  const room = (length: number, address = AT) => ({ address, length, write: true });

  it('waits for a buffer, and the next one in the cable', () => {
    const { driver, coming } = netDriver();
    coming.push(...[1, 2, 3].map((length) => ({ bytes: frameOf(60 + length) })));
    work(driver.device);
    expect(coming.length).toBe(2); // the first is in the device's hand
    driver.offer(RECEIVE, room(1526));
    driver.notify(RECEIVE);
    expect(driver.used(RECEIVE)).toEqual([{ head: 0, written: 12 + 61 }]);
    expect(coming.length).toBe(1);
    for (let i = 0; i < 100; i++) work(driver.device);
    expect(coming.length).toBe(1);
  });

  it('has a header in front that says one buffer', () => {
    const { driver, coming } = netDriver();
    coming.push({ bytes: frameOf(60) });
    driver.offer(RECEIVE, room(12), room(1514, AT + 0x1000));
    driver.notify(RECEIVE);
    expect([...driver.memory.read(AT, 12)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
    expect(driver.memory.read(AT + 0x1000, 60)).toEqual(frameOf(60));
  });

  it('goes into buffers cut anywhere', () => {
    const { driver, coming } = netDriver();
    coming.push({ bytes: frameOf(100) });
    driver.offer(RECEIVE, room(5), room(0), room(20, AT + 5), room(1501, AT + 25));
    driver.notify(RECEIVE);
    expect(driver.memory.read(AT + 12, 100)).toEqual(frameOf(100));
  });

  it('that does not fit where it has to go is the end of the Guest', () => {
    const { driver, coming } = netDriver();
    coming.push({ bytes: frameOf(1514) });
    driver.offer(RECEIVE, room(1000));
    expect(() => driver.notify(RECEIVE)).toThrow(
      new BadDriver('net vq receive', 'a receive buffer of 1000 bytes, where 1526 have arrived'),
    );
  });

  it('that is longer than this driver was told to expect is lost', () => {
    const { driver, coming } = netDriver();
    coming.push({ bytes: frameOf(1515) }, { bytes: frameOf(61) });
    driver.offer(RECEIVE, room(1526));
    driver.notify(RECEIVE);
    expect(driver.used(RECEIVE)).toEqual([{ head: 0, written: 12 + 61 }]);
  });

  it.each<[string, Frame]>([
    ['whose checksum lies outside of it', { bytes: frameOf(60), checksum: { start: 50, offset: 9 } }],
    ['to be cut into dust', { ...large(4000), segments: { type: 1, size: 1, headers: 54 } }],
  ])('%s is lost, even on a driver that takes unfinished ones', (_, frame) => {
    const { driver, coming } = netDriver(GUEST_CSUM | GUEST_TSO4);
    coming.push(frame, { bytes: frameOf(61) });
    driver.offer(RECEIVE, room(65562));
    driver.notify(RECEIVE);
    expect(driver.used(RECEIVE)).toEqual([{ head: 0, written: 12 + 61 }]);
  });

  it('comes whole to a driver that can take it', () => {
    const { driver, coming } = netDriver(GUEST_CSUM | GUEST_TSO4);
    const frame = large(20_000);
    coming.push(frame);
    driver.offer(RECEIVE, room(65562));
    driver.notify(RECEIVE);
    expect(driver.used(RECEIVE)).toEqual([{ head: 0, written: 12 + 20_054 }]);
    expect([...driver.memory.read(AT, 12)]).toEqual([1, 1, 54, 0, 0xb4, 5, 34, 0, 16, 0, 1, 0]);
  });

  it.each([
    ['in pieces to one that knows no marks', 0, 3],
    ['whole to one that knows them', GUEST_ECN, 1],
  ])('of a congested road comes %s', (_, features, count) => {
    const { driver, coming } = netDriver(GUEST_CSUM | GUEST_TSO4 | features);
    const frame = large(4000);
    coming.push({ ...frame, segments: { ...frame.segments!, type: 0x81 } });
    for (let i = 0; i < 4; i++) driver.offer(RECEIVE, room(65562));
    driver.notify(RECEIVE);
    expect(driver.used(RECEIVE).length).toBe(count);
    expect(driver.memory.read8(AT + 1)).toBe(count === 1 ? 0x81 : 0);
  });

  it('that was meant for a driver before a reset is not for the one after it', () => {
    const { driver, coming } = netDriver(GUEST_CSUM | GUEST_TSO4);
    coming.push(large(20_000), { bytes: frameOf(60) });
    work(driver.device);
    expect(coming.length).toBe(1);
    driver.start();
    driver.offer(RECEIVE, room(1526));
    driver.notify(RECEIVE);
    expect(driver.used(RECEIVE)).toEqual([{ head: 0, written: 12 + 60 }]);
  });

  it('comes in finished pieces to one that cannot', () => {
    const { driver, coming } = netDriver();
    coming.push(large(4000));
    for (let i = 0; i < 4; i++) driver.offer(RECEIVE, room(1526, AT + 0x1000 * i));
    driver.notify(RECEIVE);
    expect(driver.used(RECEIVE).map(({ written }) => written - 12 - 54)).toEqual([1460, 1460, 1080]);
    const data = [0, 1, 2].flatMap((i) => [
      ...driver.memory.read(AT + 0x1000 * i + 66, [1460, 1460, 1080][i]!),
    ]);
    expect(Uint8Array.from(data)).toEqual(frameOf(4000));
    expect(driver.interrupts).toBe(1);
  });

  it('is lost where its sender wants it cut into pieces that nobody has room for', () => {
    const { driver, coming } = netDriver();
    const frame = large(4000);
    coming.push({ ...frame, segments: { ...frame.segments!, size: 3000 } }, { bytes: frameOf(60) });
    driver.offer(RECEIVE, room(1526));
    driver.offer(RECEIVE, room(1526, AT + 0x1000));
    driver.notify(RECEIVE);
    // Of the first, only the shorter piece.
    expect(driver.used(RECEIVE).map(({ written }) => written)).toEqual([12 + 54 + 1000, 12 + 60]);
  });

  it('may go through a table of descriptors, once agreed on', () => {
    const { driver, coming } = netDriver(INDIRECT);
    const table = 0x60000;
    for (const [index, [address, length]] of [
      [AT, 12],
      [AT + 0x1000, 1514],
    ].entries()) {
      driver.memory.write32(table + 16 * index, address!);
      driver.memory.write32(table + 16 * index + 8, length!);
      driver.memory.write16(table + 16 * index + 12, index === 0 ? 3 : 2);
      driver.memory.write16(table + 16 * index + 14, 1);
    }
    driver.describe(RECEIVE, 0, { address: table, length: 32 }, 4, 0);
    driver.offerHead(RECEIVE, 0);
    coming.push({ bytes: frameOf(60) });
    driver.notify(RECEIVE);
    expect(driver.memory.read(AT + 0x1000, 60)).toEqual(frameOf(60));
  });

  it.each<[string, number, number, number]>([
    ['descriptor 0 is indirect, which was never agreed on', 0, 4, 32],
    ['descriptor 0 is indirect and has a next one', INDIRECT, 5, 32],
    ['descriptor 0 has an indirect table of 0 bytes, not 16 for each of up to 256', INDIRECT, 4, 0],
    ['descriptor 0 has an indirect table of 33 bytes, not 16 for each of up to 256', INDIRECT, 4, 33],
    ['descriptor 0 has an indirect table of 4112 bytes, not 16 for each of up to 256', INDIRECT, 4, 4112],
    ['descriptor 0 of an indirect table is indirect itself', INDIRECT, 4, 16],
  ])('in a table is %s', (what, features, flags, length) => {
    const { driver } = netDriver(features);
    driver.memory.write(0x60000, new Uint8Array(4112).fill(0));
    driver.memory.write16(0x6000c, 4);
    driver.describe(TRANSMIT, 0, { address: 0x60000, length }, flags, 0);
    driver.offerHead(TRANSMIT, 0);
    expect(() => driver.notify(TRANSMIT)).toThrow(new BadDriver('net vq transmit', what));
  });
});

describe('Finishing a frame', () => {
  const tcpSum = ({ bytes }: Frame) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const pseudo = sumPseudoHeader(view.getUint32(26), view.getUint32(30), 6, bytes.length - 34);
    return fold(pseudo + sumWords(bytes, 34));
  };

  it('makes its checksum right', () => {
    const [done] = finishChecksum(large(1001));
    expect(tcpSum(done!)).toBe(0xffff);
  });

  it('never leaves a 0 for its checksum, which would mean that there is none', () => {
    const bytes = new Uint8Array(60).fill(0xff, 58);
    const [done] = finishChecksum({ bytes, checksum: { start: 34, offset: 6 } });
    expect([...done!.bytes.subarray(40, 42)]).toEqual([0xff, 0xff]);
  });

  it('in pieces makes each of them right, numbered on, with its flags where they belong', () => {
    const pieces = segment(large(4000, 0x99));
    expect(pieces.length).toBe(3);
    for (const piece of pieces) {
      expect(tcpSum(piece)).toBe(0xffff);
      expect(fold(sumWords(piece.bytes, 14, 34))).toBe(0xffff);
    }
    const views = pieces.map(({ bytes }) => new DataView(bytes.buffer));
    expect(views.map((view) => view.getUint32(38))).toEqual([0xffffff00, 0x4b4, 0xa68]);
    expect(views.map((view) => view.getUint16(16))).toEqual([1500, 1500, 1120]);
    expect(views.map((view) => view.getUint16(18))).toEqual([0, 1, 2]);
    expect(views.map((view) => view.getUint8(47))).toEqual([0x90, 0x10, 0x19]);
  });

  it('of IPv6 knows where that keeps its length', () => {
    const bytes = new Uint8Array(14 + 40 + 20 + 3000);
    bytes.set([0x86, 0xdd, 0x60], 12);
    bytes[20] = 6;
    bytes.fill(9, 22, 54);
    bytes[66] = 0x50;
    const pieces = segment({ bytes, segments: { type: 4, size: 1440, headers: 0 } });
    expect(pieces.map((piece) => new DataView(piece.bytes.buffer).getUint16(18))).toEqual([1460, 1460, 140]);
    for (const piece of pieces)
      expect(
        fold(sumWords(piece.bytes, 22, 54) + 6 + piece.bytes.length - 54 + sumWords(piece.bytes, 54)),
      ).toBe(0xffff);
  });

  it.each<[string, Partial<Frame['segments'] & object>, (bytes: Uint8Array) => void]>([
    ['of an unknown kind', { type: 3 }, () => {}],
    ['into dust', { size: 1 }, () => {}],
    ['that is no TCP', {}, (bytes) => bytes.fill(17, 23, 24)],
    ['that is no IPv4', {}, (bytes) => bytes.fill(0x65, 14, 15)],
    ['whose IP header is too short', {}, (bytes) => bytes.fill(0x44, 14, 15).fill(0x50, 42, 43)],
    ['whose TCP header is longer than the frame', {}, (bytes) => bytes.fill(0xf0, 46, 47)],
  ])('%s gives nothing', (_, change, spoil) => {
    const frame = large(1, 0x10);
    const bytes = frame.bytes.slice();
    spoil(bytes);
    expect(segment({ bytes, segments: { type: 1, size: 1460, headers: 54, ...change } })).toEqual([]);
  });

  it('whose note points outside of it gives nothing', () => {
    expect(finishChecksum({ bytes: frameOf(60), checksum: { start: 50, offset: 9 } })).toEqual([]);
  });
});
