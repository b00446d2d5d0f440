import { describe, expect, it } from 'vitest';
import { ACK, FIN, RST, SYN } from '../../src/network/tcp-segment.ts';
import { bytes, connection, FAR, network } from './connection.ts';
import { Peer, settle } from './peer.ts';

describe('Loss', () => {
  it('is noticed after a second, and repaired from where it began', async () => {
    const { peer, stream, gateway, clock } = await connection();
    stream.events.received(bytes(3000));
    gateway.receive(); // and lost
    await clock.advance(0.5);
    expect(peer.listen()).toEqual([]);
    await clock.advance(1);
    peer.listen();
    expect(peer.received).toBe(3000);
  });

  it('is noticed at once whenever the Guest asks three times for the same', async () => {
    const { peer, stream, gateway } = await connection();
    for (let all = 3000; all <= 9000; all += 3000) {
      stream.events.received(bytes(3000));
      gateway.receive();
      for (let i = 0; i < 4; i++) peer.say(ACK);
      peer.listen();
      expect(peer.received).toBe(all);
    }
  });

  it('is nothing that remains to be repaired if the Guest has got it after all', async () => {
    const { peer, stream, clock } = await connection();
    stream.events.received(bytes(3000));
    peer.listen();
    await clock.advance(1.5);
    peer.say(ACK);
    stream.events.received(bytes(2000));
    expect(peer.listen()).toMatchObject([{ data: { length: 2000 } }]);
    expect(peer.received).toBe(5000);
  });

  it('is waited for twice as long each time, and not for ever', async () => {
    const { peer, stream, gateway, clock } = await connection();
    stream.events.received(bytes(100));
    const times: number[] = [];
    for (let second = 0; second < 200; second++) {
      await clock.advance(1);
      for (const { flags } of peer.listen()) times.push(flags & RST ? -second : second);
      peer.expected = (peer.expected - peer.received) >>> 0; // it was all lost
      peer.received = 0;
    }
    expect(times.length).toBeLessThan(12);
    expect(times.at(-1)).toBeLessThan(-100);
    expect(stream.aborted).toBe(true);
    expect(gateway.size).toBe(0);
  });

  it('is not what has happened if the Guest just does not ask', async () => {
    const { peer, stream, clock } = await connection();
    stream.events.received(bytes(100));
    await clock.advance(1000);
    expect(stream.aborted).toBe(false);
    peer.listen();
    expect(peer.received).toBe(100);
  });

  it('is not what has happened either if the Guest does not ask for what is repeated', async () => {
    const { peer, stream, gateway, clock } = await connection();
    stream.events.received(bytes(1000));
    await settle();
    gateway.receive(); // its card has taken it, and then the Guest stood still
    await clock.advance(1000);
    expect(stream.aborted).toBe(false);
    peer.listen();
    expect(peer.received).toBe(1000);
  });

  it('is not the end of it if the Guest has no room for the end, and says so each time', async () => {
    const { peer, stream, clock } = await connection(1460, 0);
    peer.window = 1000;
    peer.say(ACK);
    stream.events.received(bytes(1000));
    await settle();
    peer.listen();
    peer.window = 0;
    peer.say(ACK);
    stream.events.ended();
    await settle();
    for (let second = 0; second < 400; second++) {
      for (const { flags } of peer.listen()) {
        expect(flags & RST).toBe(0);
        if (flags & FIN) peer.expected = (peer.expected - 1) >>> 0; // it is thrown away
        peer.say(ACK);
      }
      await clock.advance(1);
    }
    expect(stream.aborted).toBe(false);
  });

  it('of the answer to a SYN is made good', async () => {
    const { gateway, streams, clock } = network();
    const peer = new Peer(gateway, FAR, 80);
    peer.say(SYN, undefined, { mss: 1460 });
    streams[0]!.events.opened();
    gateway.receive();
    await clock.advance(1.5);
    expect(peer.listen()).toMatchObject([{ flags: SYN | ACK }]);
    await clock.advance(100);
    expect(streams[0]!.aborted).toBe(true);
    expect(gateway.size).toBe(0);
  });
});
