import { describe, expect, it } from 'vitest';
import type { Cable, Frame } from '../../src/network/cable.ts';
import { ACK, FIN, RST, SYN } from '../../src/network/tcp-segment.ts';
import { bytes, connection, FAR, network, text } from './connection.ts';
import { Peer } from './peer.ts';

describe('A stray segment', () => {
  it.each([
    ['does not cut', -5000, false],
    ['cuts, if its number is the one that is due,', 0, true],
  ])('that resets %s a call that is half answered', (_, off, aborted) => {
    const { gateway, streams } = network();
    const peer = new Peer(gateway, FAR, 80);
    peer.say(SYN);
    streams[0]!.events.opened();
    peer.listen();
    peer.say(RST, undefined, { sequence: (peer.next + off) >>> 0 });
    expect(streams[0]!.aborted).toBe(aborted);
  });

  it('cannot acknowledge what was never sent', async () => {
    const { peer, stream } = await connection();
    peer.say(ACK, undefined, { acknowledgement: (peer.expected + 1000) >>> 0 });
    expect(peer.listen()).toMatchObject([{ flags: ACK, sequence: peer.expected }]);
    stream.events.received(bytes(2000));
    peer.listen();
    expect(peer.received).toBe(2000);
  });

  it('that is old does not open a window that is closed by now', async () => {
    const { peer, stream } = await connection();
    stream.events.received(bytes(1000));
    peer.listen();
    peer.say(ACK, undefined, { window: 0 });
    peer.say(ACK, undefined, { acknowledgement: (peer.expected - 1000) >>> 0 });
    stream.events.received(bytes(1000));
    expect(peer.listen()).toEqual([]);
  });

  it('that is old, and says that it was the last, is not believed', async () => {
    const { peer, stream } = await connection();
    const first = peer.next;
    peer.say(ACK, text('abcdef'));
    peer.say(ACK | FIN, text('ab'), { sequence: first });
    expect(stream.ended).toBe(false);
    peer.say(ACK, text('ghi'));
    expect(stream.text).toBe('abcdefghi');
  });

  it('behind the end is not heard', async () => {
    const { peer, stream } = await connection();
    peer.say(ACK | FIN, text('bye'));
    const end = peer.next;
    peer.say(ACK, text('and'));
    peer.say(ACK | FIN);
    expect(stream.text).toBe('bye');
    expect(peer.listen()).toMatchObject([{ acknowledgement: end }]);
  });

  it('that resets what there is not is not answered', () => {
    const peer = new Peer(network().gateway, FAR, 80);
    peer.say(RST);
    peer.say(RST | ACK);
    expect(peer.listen()).toEqual([]);
  });

  it('that ends what there is not is acknowledged with a RST, end and all', () => {
    const peer = new Peer(network().gateway, FAR, 80);
    peer.say(FIN, text('bye'));
    expect(peer.listen()).toMatchObject([{ flags: RST | ACK, acknowledgement: peer.next }]);
  });

  it.each([
    [16, 0],
    [20, 1],
    [24, 0],
  ])('of twenty bytes, whose header has %i by its own account, opens %i connections', (header, opened) => {
    const { gateway, streams } = network();
    const said: Frame[] = [];
    const cable = { send: (frame: Frame) => void said.push(frame) };
    new Peer(cable as Cable, FAR, 80).say(SYN);
    const [{ bytes }] = said as [Frame];
    bytes[46] = (header / 4) << 4;
    gateway.send({ bytes, checksum: { start: 34, offset: 16 } });
    expect(streams.length).toBe(opened);
  });
});
