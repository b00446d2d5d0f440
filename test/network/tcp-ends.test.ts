import { describe, expect, it } from 'vitest';
import type { Gateway } from '../../src/network/gateway.ts';
import { GATEWAY, GUEST } from '../../src/network/plan.ts';
import { ACK, FIN, RST, SYN } from '../../src/network/tcp-segment.ts';
import { HandStream } from './hand-sockets.ts';
import { hear, Peer, settle, udp } from './peer.ts';

import { bytes, connection, FAR, network, text } from './connection.ts';

describe('A Guest that has ended, and is told nothing more', () => {
  it('is asked after a minute: if it has forgotten, so may we', async () => {
    const { peer, stream, gateway, clock } = await connection();
    peer.say(FIN | ACK);
    peer.listen();
    await clock.advance(59);
    expect(peer.listen()).toEqual([]);
    await clock.advance(2);
    expect(peer.listen()).toMatchObject([{ flags: ACK }]);
    peer.say(RST);
    expect([stream.left, stream.aborted]).toEqual([true, false]);
    stream.events.received(bytes(100)); // to nobody
    expect(gateway.size).toBe(1);
    stream.events.closed('done');
    expect(gateway.size).toBe(0);
    expect(peer.listen()).toEqual([]);
  });

  it('may go on listening for as long as it says so', async () => {
    const { peer, stream, clock } = await connection();
    peer.say(FIN | ACK);
    peer.listen();
    for (let minute = 0; minute < 20; minute++) {
      await clock.advance(61);
      expect(peer.listen()).toMatchObject([{ flags: ACK }]);
      peer.say(ACK);
      expect(peer.listen()).toEqual([]);
    }
    stream.events.received(bytes(100));
    await settle();
    peer.listen();
    expect(peer.received).toBe(100);
    expect(stream.aborted).toBe(false);
  });
});

describe('A Guest that calls again by the same port', () => {
  it('is not cut off by what is left of its last call', async () => {
    const { peer, stream, streams, gateway } = await connection();
    peer.say(FIN | ACK);
    stream.events.ended();
    peer.listen();
    peer.say(ACK); // both have ended, and before anybody looks
    peer.say(RST);
    const again = new Peer(gateway, FAR, 80);
    again.say(SYN);
    streams[1]!.events.opened();
    again.listen();
    again.say(ACK, text('hello again'));
    expect(streams[1]!.text).toBe('hello again');
  });
});

describe('A forwarded connection', () => {
  const caller = () => new HandStream('visitor', { opened() {}, received() {}, ended() {}, closed() {} });

  function visitor() {
    const around = network();
    const events = { current: undefined as ReturnType<Gateway['callGuest']> };
    const stream = caller();
    events.current = around.gateway.callGuest(22, stream);
    const frame = around.gateway.receive()!;
    const { source, destination, payload } = hear(frame);
    const port = (payload[0]! << 8) | payload[1]!;
    const peer = new Peer(around.gateway, GATEWAY, port, 22);
    peer.expected = (new DataView(payload.buffer, payload.byteOffset).getUint32(4) + 1) >>> 0;
    return { ...around, stream, events: events.current!, source, destination, payload, peer };
  }

  it('comes from the gateway, and is read when the Guest has answered', () => {
    const { source, destination, payload, peer, stream, events } = visitor();
    expect([source, destination]).toEqual([GATEWAY, GUEST]);
    expect(payload[13]).toBe(SYN);
    expect(stream.paused).toBe(true);
    peer.say(SYN | ACK, undefined, { mss: 1460 });
    expect(peer.listen()).toMatchObject([{ flags: ACK }]);
    expect(stream.paused).toBe(false);
    events.received(text('hello'));
    peer.listen();
    peer.say(ACK, text('welcome'));
    expect([peer.received, stream.text]).toEqual([5, 'welcome']);
  });

  it('is turned away if the Guest does not want it', () => {
    const { peer, stream, gateway } = visitor();
    peer.say(RST | ACK);
    expect(stream.aborted).toBe(true);
    expect(gateway.size).toBe(0);
  });

  it('is not turned away by who has not heard of it', () => {
    const { peer, stream } = visitor();
    peer.say(RST | ACK, undefined, { acknowledgement: peer.expected + 1 });
    peer.say(RST);
    expect(stream.aborted).toBe(false);
    peer.say(SYN | ACK);
    expect(stream.paused).toBe(false);
  });

  it('has a port of its own, however many have come and gone since', () => {
    const { gateway } = visitor();
    for (let i = 0; i < 1 << 14; i++) gateway.callGuest(22, caller())!.closed('reset');
    expect(gateway.size).toBe(1);
  });

  it('is turned away if there is no Guest', async () => {
    const { stream, gateway, clock } = visitor();
    await clock.advance(100);
    expect(stream.aborted).toBe(true);
    expect(gateway.size).toBe(0);
  });

  it('goes to the address that the Guest has given itself', () => {
    const { gateway } = network();
    gateway.send(udp(GATEWAY, 1000, 2000, bytes(1), 0x0a000263));
    gateway.callGuest(22, caller());
    expect(hear(gateway.receive()!).destination).toBe(0x0a000263);
  });
});

describe('Too many', () => {
  it('are refused, beyond two hundred and fifty-six', async () => {
    const { gateway, streams } = network();
    for (let port = 1; port <= 300; port++) new Peer(gateway, FAR, 80, port).say(SYN);
    expect(streams.length).toBe(256);
    expect(gateway.size).toBe(256);
    await settle();
  });
});
