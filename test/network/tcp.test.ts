import { describe, expect, it } from 'vitest';
import { GATEWAY } from '../../src/network/plan.ts';
import { ROOM } from '../../src/network/tcp-connection.ts';
import { ACK, FIN, PSH, RST, SYN } from '../../src/network/tcp-segment.ts';
import { hear, Peer } from './peer.ts';

import { bytes, connection, FAR, network, text } from './connection.ts';

describe('A connection of the Guest', () => {
  it('is opened at its destination before the Guest hears anything', () => {
    const { gateway, streams } = network();
    const peer = new Peer(gateway, FAR, 80);
    peer.say(SYN, undefined, { mss: 1460, scale: 7 });
    expect(streams.map(({ place }) => place)).toEqual(['203.0.113.5:80']);
    expect(peer.listen()).toEqual([]);
    streams[0]!.events.opened();
    const [answer] = peer.listen();
    expect(answer).toMatchObject({ flags: SYN | ACK, acknowledgement: 0xfffffff1, window: ROOM });
  });

  it('to the gateway is one to this computer', () => {
    const { gateway, streams } = network();
    new Peer(gateway, GATEWAY, 8080).say(SYN);
    expect(streams[0]!.place).toBe('127.0.0.1:8080');
  });

  it.each([
    ['127.0.0.1', 0x7f000001],
    ['a neighbour who is not there', 0x0a000209],
    ['everybody', 0xffffffff],
    ['a group', 0xe0000001],
  ])('to %s is refused', (_, address) => {
    const { gateway, streams } = network();
    const peer = new Peer(gateway, address, 80);
    peer.say(SYN);
    expect(streams).toEqual([]);
    expect(peer.listen()).toMatchObject([{ flags: RST | ACK, acknowledgement: 0xfffffff1 }]);
  });

  it.each([
    ['to', 0, 40000],
    ['from', 80, 0],
  ])('%s port 0 is refused', (_, farPort, port) => {
    const { gateway, streams } = network();
    const peer = new Peer(gateway, FAR, farPort, port);
    peer.say(SYN);
    expect(streams).toEqual([]);
    expect(peer.listen()).toMatchObject([{ flags: RST | ACK }]);
  });

  it('that is refused is refused', () => {
    const { gateway, streams } = network();
    const peer = new Peer(gateway, FAR, 80);
    peer.say(SYN);
    streams[0]!.events.closed('refused');
    expect(peer.listen()).toMatchObject([{ flags: RST | ACK, acknowledgement: 0xfffffff1 }]);
    expect(gateway.size).toBe(0);
  });

  it('that cannot be routed is unreachable, with the beginning of the packet that said so', () => {
    const { gateway, streams } = network();
    new Peer(gateway, FAR, 80).say(SYN);
    streams[0]!.events.closed('unreachable');
    const { protocol, payload } = hear(gateway.receive()!);
    expect(protocol).toBe(1);
    expect([...payload.subarray(0, 2)]).toEqual([3, 1]);
    expect([...payload.subarray(28, 32)]).toEqual([40000 >> 8, 40000 & 255, 0, 80]);
    expect(payload.length).toBe(8 + 20 + 8);
  });

  it('to where nobody answers is given up after thirty seconds', async () => {
    const { gateway, streams, clock } = network();
    const peer = new Peer(gateway, FAR, 80);
    peer.say(SYN);
    await clock.advance(29);
    expect(streams[0]!.aborted).toBe(false);
    await clock.advance(2);
    expect(streams[0]!.aborted).toBe(true);
    expect(peer.listen()).toMatchObject([{ flags: RST | ACK }]);
    expect(gateway.size).toBe(0);
  });

  it('carries bytes both ways', async () => {
    const { peer, stream } = await connection();
    peer.say(ACK | PSH, text('GET /'));
    expect(stream.text).toBe('GET /');
    stream.events.received(text('200 OK'));
    const [answer] = peer.listen();
    expect(new TextDecoder().decode(answer!.data)).toBe('200 OK');
    expect(answer).toMatchObject({ flags: ACK | PSH, acknowledgement: peer.next });
  });

  it('acknowledges ten segments with one, when the Guest has let go of the processor', async () => {
    const { peer, stream, clock } = await connection();
    for (let i = 0; i < 10; i++) peer.say(ACK, bytes(1000));
    expect(stream.bytes).toBe(10_000);
    expect(peer.listen()).toEqual([]);
    await clock.advance(0);
    expect(peer.listen()).toMatchObject([{ flags: ACK, acknowledgement: peer.next }]);
    await clock.advance(10);
    expect(peer.listen()).toEqual([]);
  });

  it('acknowledges with what it has to say anyway, and then not again', async () => {
    const { peer, stream, clock } = await connection();
    peer.say(ACK, text('ping'));
    stream.events.received(text('pong'));
    expect(peer.listen()).toMatchObject([{ flags: ACK | PSH, acknowledgement: peer.next }]);
    await clock.advance(0);
    expect(peer.listen()).toEqual([]);
  });

  it('acknowledges an end at once', async () => {
    const { peer } = await connection();
    peer.say(ACK | FIN, text('bye'));
    expect(peer.listen()).toMatchObject([{ flags: ACK, acknowledgement: peer.next }]);
  });

  it('takes each byte once, whatever the Guest repeats', async () => {
    const { peer, stream } = await connection();
    const first = peer.next;
    peer.say(ACK, text('abcdef'));
    peer.say(ACK, text('abcdef'), { sequence: first });
    peer.say(ACK, text('defghi'), { sequence: (first + 3) >>> 0 });
    expect(stream.text).toBe('abcdefghi');
    expect(peer.listen().at(-1)!.acknowledgement).toBe((first + 9) >>> 0);
  });

  it('asks again for what is missing', async () => {
    const { peer, stream } = await connection();
    const first = peer.next;
    peer.say(ACK, text('later'), { sequence: (first + 100) >>> 0 });
    expect(stream.written).toEqual([]);
    expect(peer.listen()).toMatchObject([{ flags: ACK, acknowledgement: first }]);
  });
});

describe('A slow reader', () => {
  it('outside closes the window of the Guest, and opens it again', async () => {
    const { peer, stream, clock } = await connection();
    for (let sent = 0; sent < ROOM; sent += 1 << 12) peer.say(ACK, bytes(1 << 12));
    expect(stream.bytes).toBe(ROOM);
    await clock.advance(0);
    expect(peer.listen().at(-1)).toMatchObject({ acknowledgement: peer.next, window: 0 });
    const edge = peer.next;
    peer.say(ACK, bytes(1000));
    expect(stream.bytes).toBe(ROOM);
    expect(peer.listen().at(-1)).toMatchObject({ acknowledgement: edge, window: 0 });
    stream.drain();
    expect(peer.listen().at(-1)).toMatchObject({ acknowledgement: edge, window: ROOM });
  });

  it('says so in small steps only when they are worth it', async () => {
    const { peer, stream, clock } = await connection();
    for (let i = 0; i < 256; i++) peer.say(ACK, bytes(ROOM / 256));
    await clock.advance(0);
    peer.listen();
    for (let i = 0; i < 32; i++) stream.leaving.shift()!();
    expect(peer.listen()).toEqual([]);
    for (let i = 0; i < 32; i++) stream.leaving.shift()!();
    expect(peer.listen()).toMatchObject([{ flags: ACK, window: ROOM / 4 }]);
  });

  it('inside stops the socket from being read, and starts it again', async () => {
    const { peer, stream } = await connection();
    peer.window = 0;
    peer.say(ACK);
    stream.events.received(bytes(1 << 17));
    expect(stream.paused).toBe(false);
    stream.events.received(bytes(1 << 17));
    expect(stream.paused).toBe(true);
    expect(peer.listen()).toEqual([]);
    peer.window = 0xffff;
    peer.say(ACK);
    while (peer.received < 1 << 17) {
      expect(peer.listen().length).toBeGreaterThan(0);
      peer.say(ACK);
    }
    peer.listen();
    peer.say(ACK);
    expect(stream.paused).toBe(false);
  });

  it('is never sent more than it has room for', async () => {
    const { peer, stream } = await connection(1460, 0);
    peer.window = 5000;
    peer.say(ACK);
    stream.events.received(bytes(100_000));
    peer.listen();
    expect(peer.received).toBe(5000);
  });

  it('gets no crumbs while half of what he can take is on its way', async () => {
    const { peer, stream } = await connection(1460, 0);
    stream.events.received(bytes(200_000));
    const [sent] = peer.listen();
    const first = sent!.sequence;
    peer.say(ACK, undefined, { acknowledgement: (first + 10 * 1460) >>> 0 });
    expect(peer.listen()).toEqual([]);
    peer.say(ACK, undefined, { acknowledgement: (first + 30 * 1460) >>> 0 });
    expect(peer.listen().length).toBe(1);
  });

  it('is asked from time to time whether there is room by now', async () => {
    const { peer, stream, clock } = await connection();
    peer.window = 0;
    peer.say(ACK);
    stream.events.received(bytes(1000));
    expect(peer.listen()).toEqual([]);
    await clock.advance(1.5);
    expect(peer.listen()).toMatchObject([
      { flags: ACK, sequence: (peer.expected - 1) >>> 0, data: { length: 0 } },
    ]);
    for (let i = 0; i < 100; i++) {
      peer.say(ACK); // still none
      await clock.advance(10);
      peer.listen();
    }
    expect(stream.aborted).toBe(false);
    peer.window = 100;
    peer.say(ACK);
    expect(peer.listen().at(-1)!.data.length).toBe(1000);
  });

  it('who closes his window with data on its way, and loses that, is sent it again', async () => {
    const { peer, stream, clock } = await connection();
    stream.events.received(bytes(2920));
    const [sent] = peer.listen();
    expect(sent!.data.length).toBe(2920);
    const half = (sent!.sequence + 1460) >>> 0;
    peer.say(ACK, undefined, { acknowledgement: half, window: 0 });
    peer.say(ACK, undefined, { acknowledgement: half, window: 0xffff });
    expect(peer.listen()).toEqual([]);
    await clock.advance(1.5);
    expect(peer.listen()).toMatchObject([{ sequence: half, data: { length: 1460 } }]);
  });

  it('that is not asked for anything keeps what was read within its bound', async () => {
    const { stream, gateway } = await connection();
    let sent = 0;
    while (!stream.paused) {
      stream.events.received(bytes(1 << 16));
      sent += 1 << 16;
    }
    expect(sent).toBeLessThanOrEqual(1 << 18);
    expect(gateway.size).toBe(1);
  });
});

describe('Large pieces', () => {
  it('come whole, with a note how to cut them', async () => {
    const { peer, stream, gateway } = await connection();
    peer.say(ACK);
    stream.events.received(bytes(200_000));
    const frame = gateway.receive()!;
    expect(frame.segments).toEqual({ type: 1, size: 1460, headers: 54 });
    expect((frame.bytes.length - 54) % 1460).toBe(0);
    expect(frame.bytes.length).toBe(54 + 44 * 1460);
  });

  it.each([
    [536, 536],
    [1, 88],
    [0, 88],
  ])('are cut as the Guest wants them, if that is not absurd: by %i into %i', async (mss, size) => {
    const { peer, stream, gateway } = await connection(mss);
    peer.say(ACK);
    stream.events.received(bytes(2000));
    expect(gateway.receive()!.segments!.size).toBe(size);
  });

  it('come however far the Guest shifts its window', async () => {
    const { peer, stream } = await connection(1460, 255);
    stream.events.received(bytes(2000));
    peer.listen();
    expect(peer.received).toBe(2000);
  });
});

describe('The end', () => {
  it('of what the Guest says is not the end of what it hears', async () => {
    const { peer, stream, gateway } = await connection();
    peer.say(ACK | FIN, text('bye'));
    expect(stream.text).toBe('bye');
    expect(stream.ended).toBe(true);
    expect(peer.listen()).toMatchObject([{ flags: ACK, acknowledgement: peer.next }]);
    stream.events.received(text('not yet'));
    stream.events.ended();
    const [last] = peer.listen();
    expect(last).toMatchObject({ flags: ACK | PSH | FIN });
    expect(new TextDecoder().decode(last!.data)).toBe('not yet');
    peer.say(ACK);
    stream.events.closed('done');
    peer.listen();
    expect(gateway.size).toBe(0);
  });

  it('may be said first outside', async () => {
    const { peer, stream, gateway } = await connection();
    stream.events.ended();
    expect(peer.listen()).toMatchObject([{ flags: ACK | PSH | FIN }]);
    peer.say(ACK, text('wait'));
    expect(stream.text).toBe('wait');
    peer.say(ACK | FIN);
    peer.listen();
    stream.events.closed('done');
    expect(gateway.size).toBe(0);
  });

  it('comes through behind a full window', async () => {
    const { peer, stream } = await connection();
    peer.window = 0;
    peer.say(ACK);
    stream.events.ended();
    expect(peer.listen()).toMatchObject([{ flags: ACK | PSH | FIN }]);
  });

  it('is a reset if the Guest resets', async () => {
    const { peer, stream, gateway } = await connection();
    peer.say(RST);
    expect(stream.aborted).toBe(true);
    expect(gateway.size).toBe(0);
    expect(peer.listen()).toEqual([]);
  });

  it('is not a reset from somewhere else in the numbers', async () => {
    const { peer, stream } = await connection();
    peer.say(RST, undefined, { sequence: (peer.next - 5000) >>> 0 });
    peer.say(RST, undefined, { sequence: (peer.next + (1 << 20)) >>> 0 });
    expect(stream.aborted).toBe(false);
  });

  it('is a reset if the far side resets', async () => {
    const { peer, stream, gateway } = await connection();
    stream.events.closed('reset');
    expect(peer.listen()).toMatchObject([{ flags: RST | ACK, acknowledgement: peer.next }]);
    expect(gateway.size).toBe(0);
  });

  it('leaves a stream that has not got rid of everything on the books', async () => {
    const { peer, stream, gateway } = await connection();
    peer.say(ACK | FIN, bytes(1000));
    stream.events.ended();
    peer.listen();
    peer.say(ACK);
    peer.listen();
    expect(gateway.size).toBe(1);
    stream.drain();
    stream.events.closed('done');
    expect(gateway.size).toBe(0);
  });

  it('of the cable is the end of everything', async () => {
    const { stream, gateway } = await connection();
    gateway.close();
    expect(stream.aborted).toBe(true);
    new Peer(gateway, FAR, 80).say(SYN); // into the air
    expect(gateway.size).toBe(0);
    expect(gateway.receive()).toBeUndefined();
  });
});
