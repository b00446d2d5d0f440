import { describe, expect, it } from 'vitest';
import { checksumOf, sumPseudoHeader, sumWords, viewOf } from '../../src/network/bytes.ts';
import { GATEWAY, GUEST } from '../../src/network/plan.ts';
import { bytes, connection, FAR, network as handNetwork } from './connection.ts';
import { network } from './near.ts';
import { hear, piece, pieces, settle, udp } from './peer.ts';

describe('Datagrams', () => {
  const data = new TextEncoder().encode('over');

  it('get out and back', async () => {
    const { gateway, seen } = network();
    gateway.send(udp(FAR, 5000, 7, data));
    await settle();
    expect(seen.datagrams).toMatchObject([{ address: '203.0.113.5', port: 7 }]);
    const { source, payload } = hear(gateway.receive()!);
    expect(source).toBe(FAR);
    expect([viewOf(payload).getUint16(0), viewOf(payload).getUint16(2)]).toEqual([7, 5000]);
    expect(new TextDecoder().decode(payload.subarray(8))).toBe('over');
  });

  it('do not keep a connection from its turn, however many there are', async () => {
    const { gateway, stream, ports } = await connection();
    gateway.send(udp(FAR, 5000, 6000, data));
    stream.events.received(bytes(100));
    await settle();
    const protocols = [];
    for (let turn = 0; turn < 4; turn++) {
      ports[0]!.bring(data, '203.0.113.5', 6000);
      ports[0]!.bring(data, '203.0.113.5', 6000);
      protocols.push(hear(gateway.receive()!).protocol);
    }
    expect(protocols).toContain(6);
  });

  it('for the gateway are for this computer', async () => {
    const { gateway, seen } = network();
    gateway.send(udp(GATEWAY, 5000, 7, data));
    await settle();
    expect(seen.datagrams[0]!.address).toBe('127.0.0.1');
    expect(hear(gateway.receive()!).source).toBe(GATEWAY);
  });

  it('come only from where the Guest has sent some', () => {
    const { gateway, ports } = handNetwork();
    gateway.send(udp(FAR, 5000, 6000, data));
    ports[0]!.bring(data, '203.0.113.5', 6001);
    ports[0]!.bring(data, '203.0.113.6', 6000);
    expect(gateway.receive()).toBeUndefined();
    ports[0]!.bring(data, '203.0.113.5', 6000);
    expect(hear(gateway.receive()!).source).toBe(FAR);
  });

  it('come from the sixty-four places to which the Guest has sent some last', () => {
    const { gateway, ports } = handNetwork();
    for (let to = 1; to <= 64; to++) gateway.send(udp(FAR, 5000, to, data));
    for (const to of [1, 65]) gateway.send(udp(FAR, 5000, to, data));
    const arrives = (from: number) => {
      ports[0]!.bring(data, '203.0.113.5', from);
      return gateway.receive() !== undefined;
    };
    expect([1, 2, 3, 65].map(arrives)).toEqual([true, false, true, true]);
  });

  it('come if a packet has room for them', () => {
    const { gateway, ports } = handNetwork();
    gateway.send(udp(FAR, 5000, 6000, data));
    ports[0]!.bring(bytes(65508), '203.0.113.5', 6000);
    expect(gateway.receive()).toBeUndefined();
    ports[0]!.bring(bytes(65507), '203.0.113.5', 6000);
    expect(gateway.receive()).toBeDefined();
  });

  it('of more than a frame come in fragments', async () => {
    const { gateway } = network();
    gateway.send(udp(FAR, 5000, 7, new Uint8Array(4000).fill(3)));
    await settle();
    const frames = [];
    for (let frame = gateway.receive(); frame; frame = gateway.receive()) frames.push(hear(frame));
    expect(frames.map(({ payload }) => payload.length)).toEqual([1480, 1480, 1048]);
    expect(frames.map(({ frame }) => viewOf(frame.bytes).getUint16(20))).toEqual([0x2000, 0x2000 + 185, 370]);
    expect(new Set(frames.map(({ frame }) => viewOf(frame.bytes).getUint16(18))).size).toBe(1);
  });

  it.each([
    0, 1, 2, 3,
  ])('are cut into fragments of a number that others of the same length do not have: %i', async (more) => {
    const numberOf = async (fill: number) => {
      const { gateway } = network();
      gateway.send(udp(FAR, 5000, 7, new Uint8Array(4000).fill(fill)));
      await settle();
      return viewOf(gateway.receive()!.bytes).getUint16(18);
    };
    expect(await numberOf(7)).not.toBe(await numberOf(8 + more));
    expect(await numberOf(7)).toBe(await numberOf(7));
  });

  const long = Uint8Array.from({ length: 4000 }, (_, i) => i % 251);
  const datagram = (id = 1, far = FAR) => {
    const whole = udp(far, 5000, 9, long).bytes.subarray(34);
    const sum = sumPseudoHeader(GUEST, far, 17, whole.length) + sumWords(whole);
    viewOf(whole).setUint16(6, checksumOf(sum));
    return pieces(far, 17, whole, 1480, id);
  };

  it.each([
    ['in order', [0, 1, 2]],
    ['backwards', [2, 1, 0]],
    ['the middle last', [2, 0, 1]],
  ])('of the Guest that come in pieces, %s, leave as one', (_, order) => {
    const { gateway, seen } = network();
    const frames = datagram();
    for (const index of order) {
      expect(seen.datagrams).toEqual([]);
      gateway.send(frames[index]!);
    }
    expect(seen.datagrams).toMatchObject([{ address: '203.0.113.5', port: 9, bytes: long }]);
    expect(gateway.fragments.puzzles.size).toBe(0);
  });

  it.each([
    ['numbers', datagram(1), datagram(2)],
    ['destinations', datagram(1), datagram(1, FAR + 1)],
  ])('in pieces are told from each other by their %s', (_, a, b) => {
    const { gateway, seen } = network();
    for (let i = 0; i < 3; i++) for (const frames of [a, b]) gateway.send(frames[i]!);
    expect(seen.datagrams.length).toBe(2);
  });

  it.each([
    ['like others', undefined],
    ['whatever is said of the checksum of a piece', { start: 34, offset: 6 }],
  ])('in pieces are checked, %s', (_, checksum) => {
    const { gateway, seen } = network();
    const frames = datagram();
    frames[1]!.bytes[100]!++;
    for (const { bytes } of frames) gateway.send({ bytes, checksum });
    expect(seen.datagrams).toEqual([]);
  });

  it('in pieces take up no more than the pieces, however long the frames are', () => {
    const { gateway } = network();
    const frame = bytes(0xffff, 0);
    frame.set(piece(FAR, 17, long.subarray(0, 8), 0, true).bytes);
    gateway.send({ bytes: frame });
    const kept = [...gateway.fragments.puzzles.values()].flatMap(({ pieces }) => pieces);
    expect(kept.map(({ payload }) => payload.buffer.byteLength)).toEqual([8]);
  });

  it('that are never finished take eight places, and make room for others', () => {
    const { gateway, seen } = network();
    for (let id = 0; id < 1000; id++) gateway.send(datagram(id)[0]!);
    expect(gateway.fragments.puzzles.size).toBe(8);
    for (const each of datagram(2000)) gateway.send(each);
    expect(seen.datagrams.length).toBe(1);
  });

  it('that lie unfinished for half a minute are not finished with another', async () => {
    const { gateway, seen, clock } = network();
    const frames = datagram();
    gateway.send(frames[0]!);
    gateway.send(frames[1]!);
    gateway.outside.clock.sleep(31e9);
    await clock.advance(31);
    gateway.send(frames[2]!);
    expect(seen.datagrams).toEqual([]);
  });

  it.each([
    [
      'overlap',
      [piece(FAR, 17, long.subarray(0, 80), 0, true), piece(FAR, 17, long.subarray(0, 80), 40, false)],
    ],
    [
      'leave a gap',
      [piece(FAR, 17, long.subarray(0, 80), 0, true), piece(FAR, 17, long.subarray(0, 80), 88, false)],
    ],
    ['end in the middle of eight', [piece(FAR, 17, long.subarray(0, 81), 0, true)]],
    ['go beyond the longest packet', [piece(FAR, 17, long, 65528, false)]],
    [
      'together are longer than the longest packet',
      pieces(FAR, 17, udp(FAR, 5000, 9, bytes(65527)).bytes.subarray(34), 1480),
    ],
    ['are empty', [piece(FAR, 17, new Uint8Array(0), 0, true), piece(FAR, 17, new Uint8Array(0), 0, false)]],
  ])('of which the pieces %s are none', (_, frames) => {
    const { gateway, seen } = network();
    for (const each of frames) gateway.send(each);
    expect(seen.datagrams).toEqual([]);
    expect(gateway.fragments.puzzles.size).toBeLessThan(2);
  });

  it('in pieces that overlap are not kept beyond what one packet can have', () => {
    const { gateway } = network();
    const large = new Uint8Array(60_000);
    for (let id = 0; id < 8; id++)
      for (let i = 0; i < 50; i++) gateway.send(piece(FAR, 17, large, 8, true, id));
    const kept = [...gateway.fragments.puzzles.values()].flatMap(({ pieces }) => pieces);
    expect(kept.reduce((sum, { payload }) => sum + payload.length, 0)).toBeLessThanOrEqual(8 * 65_535);
  });

  it('of a thousand pieces are not collected', () => {
    const { gateway } = network();
    for (let i = 0; i < 1000; i++) gateway.send(piece(FAR, 17, long.subarray(0, 8), 8 * i, true));
    for (const { pieces } of gateway.fragments.puzzles.values()) expect(pieces.length).toBeLessThan(64);
  });

  it('and pings of 4,000 bytes come back in pieces', () => {
    const { gateway } = network();
    const echo = Uint8Array.of(8, 0, 0, 0, ...long);
    for (const each of pieces(GATEWAY, 1, echo, 1480)) gateway.send(each);
    const lengths = [];
    for (let frame = gateway.receive(); frame; frame = gateway.receive())
      lengths.push(frame.bytes.length - 34);
    expect(lengths).toEqual([1480, 1480, 1044]);
  });

  it('are forgotten after a minute, and 256 ports are enough for anybody', async () => {
    const { gateway, clock } = network();
    for (let port = 1; port <= 500; port++) gateway.send(udp(FAR, port, 9, data));
    expect(gateway.size).toBe(256);
    await clock.advance(59);
    expect(gateway.size).toBe(256);
    await clock.advance(2);
    expect(gateway.size).toBe(0);
  });

  it('leave by ports that are closed: the one unused for longest when there are too many, and all in the end', async () => {
    const { gateway, ports, clock } = handNetwork();
    const closed = () => ports.flatMap((port, index) => (port.closed ? [index] : []));
    for (let port = 1; port <= 256; port++) gateway.send(udp(FAR, port, 9, data));
    gateway.send(udp(FAR, 1, 9, data));
    expect(closed()).toEqual([]);
    gateway.send(udp(FAR, 257, 9, data));
    expect(closed()).toEqual([1]);
    await clock.advance(61);
    expect(closed().length).toBe(257);
  });
});
