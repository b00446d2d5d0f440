import { describe, expect, it } from 'vitest';
import { checksumOf, sumPseudoHeader, sumWords, viewOf } from '../../src/network/bytes.ts';
import { Gateway } from '../../src/network/gateway.ts';
import { GATEWAY, GUEST, NAME_SERVER } from '../../src/network/plan.ts';
import type { Sockets } from '../../src/network/cable.ts';
import { ACK, SYN } from '../../src/network/tcp-segment.ts';
import { handSockets } from './hand-sockets.ts';
import { nearNetwork } from './near.ts';
import { handClock, hear, packet, Peer, PEER_MAC, piece, pieces, settle, udp } from './peer.ts';

function network() {
  const clock = handClock();
  const { sockets, seen } = nearNetwork();
  return { clock, seen, gateway: new Gateway(sockets, clock, PEER_MAC) };
}

const BROADCAST = 0xffffffff;

function arp(target: number, sender: number = GUEST): Uint8Array {
  const bytes = new Uint8Array(42);
  const view = viewOf(bytes);
  bytes.fill(255, 0, 6);
  bytes.set(PEER_MAC, 6);
  view.setUint16(12, 0x0806);
  view.setUint16(14, 1);
  view.setUint16(16, 0x0800);
  bytes.set([6, 4, 0, 1], 18);
  bytes.set(PEER_MAC, 22);
  view.setUint32(28, sender);
  view.setUint32(38, target);
  return bytes;
}

function dhcp(...options: number[]): Uint8Array {
  const message = new Uint8Array(240 + options.length);
  message[0] = 1;
  viewOf(message).setUint32(4, 0xdeadbeef);
  message.set(PEER_MAC, 28);
  viewOf(message).setUint32(236, 0x63825363);
  message.set(options, 240);
  return message;
}

function question(name: string, type = 1): Uint8Array {
  const labels = name.split('.').flatMap((label) => [label.length, ...new TextEncoder().encode(label)]);
  return Uint8Array.from([0x3a, 0x17, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, type, 0, 1]);
}

describe('The gateway', () => {
  it.each([
    ['its own address', GATEWAY],
    ["the name server's", NAME_SERVER],
  ])('answers who has %s', (_, address) => {
    const { gateway } = network();
    gateway.send({ bytes: arp(address) });
    const { bytes } = gateway.receive()!;
    expect([...bytes.subarray(0, 6)]).toEqual([...PEER_MAC]);
    expect(viewOf(bytes).getUint16(20)).toBe(2);
    expect(viewOf(bytes).getUint32(28)).toBe(address);
    expect(viewOf(bytes).getUint32(38)).toBe(GUEST);
  });

  it("lets the Guest have its address, and any other that is nobody's", () => {
    const { gateway } = network();
    gateway.send({ bytes: arp(GUEST, 0) });
    gateway.send({ bytes: arp(0x0a000263) });
    expect(gateway.receive()).toBeUndefined();
  });

  it('is pinged', () => {
    const { gateway } = network();
    gateway.send(packet(GATEWAY, 1, Uint8Array.of(8, 0, 0, 0, 1, 2, 3, 4, 5)));
    const { source, destination, payload } = hear(gateway.receive()!);
    expect([source, destination]).toEqual([GATEWAY, GUEST]);
    expect([payload[0], ...payload.subarray(4)]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('says that it may not ping for others', () => {
    const { gateway } = network();
    gateway.send(packet(0x08080808, 1, Uint8Array.of(8, 0, 0, 0, 1, 2, 3, 4, 5)));
    const { source, payload } = hear(gateway.receive()!);
    expect([source, payload[0], payload[1]]).toEqual([GATEWAY, 3, 13]);
    expect(viewOf(payload).getUint32(24)).toBe(0x08080808);
  });

  it('keeps no more than 256 frames for a Guest that does not ask', () => {
    const { gateway } = network();
    for (let i = 0; i < 1000; i++) gateway.send({ bytes: arp(GATEWAY) });
    let kept = 0;
    while (gateway.receive()) kept++;
    expect(kept).toBe(256);
  });
});

describe('DHCP', () => {
  const ask = (gateway: Gateway, ...options: number[]) => {
    gateway.send(udp(BROADCAST, 68, 67, dhcp(...options), 0));
    const frame = gateway.receive();
    if (!frame) return undefined;
    const heard = hear(frame);
    const message = heard.payload.subarray(8);
    const found = new Map<number, number[]>();
    for (let at = 240; message[at] !== 255; at += 2 + message[at + 1]!)
      found.set(message[at]!, [...message.subarray(at + 2, at + 2 + message[at + 1]!)]);
    return { heard, message, options: found };
  };

  it('offers the Guest its address, the way out, and somebody to ask', () => {
    const { message, options, heard } = ask(network().gateway, 53, 1, 1, 255)!;
    expect(viewOf(message).getUint32(4)).toBe(0xdeadbeef);
    expect(viewOf(message).getUint32(16)).toBe(GUEST);
    expect(options.get(53)).toEqual([2]);
    expect(options.get(1)).toEqual([255, 255, 255, 0]);
    expect(options.get(3)).toEqual([10, 0, 2, 2]);
    expect(options.get(6)).toEqual([10, 0, 2, 3]);
    expect(options.get(51)).toEqual([0, 1, 0x51, 0x80]);
    expect(heard.destination).toBe(BROADCAST);
  });

  it('confirms it', () => {
    const { options } = ask(network().gateway, 53, 1, 3, 50, 4, 10, 0, 2, 15, 54, 4, 10, 0, 2, 2, 255)!;
    expect(options.get(53)).toEqual([5]);
  });

  it('does not confirm another', () => {
    const { options, message } = ask(network().gateway, 53, 1, 3, 50, 4, 192, 168, 1, 7, 255)!;
    expect(options.get(53)).toEqual([6]);
    expect(viewOf(message).getUint32(16)).toBe(0);
  });

  it('does not meddle with what was asked of another server', () => {
    expect(ask(network().gateway, 53, 1, 3, 50, 4, 10, 0, 2, 15, 54, 4, 10, 0, 2, 9, 255)).toBeUndefined();
  });

  it('answers whoever has an address there, and a refusal to everybody', () => {
    const renew = (address: number) => {
      const { gateway } = network();
      const message = dhcp(53, 1, 3, 255);
      viewOf(message).setUint32(12, address);
      gateway.send(udp(GATEWAY, 68, 67, message, address));
      return hear(gateway.receive()!).destination;
    };
    expect(renew(GUEST)).toBe(GUEST);
    expect(renew(GUEST + 1)).toBe(BROADCAST);
  });

  it('tells a Guest with an address of its own the rest', () => {
    const { options, message } = ask(network().gateway, 53, 1, 8, 255)!;
    expect(options.get(53)).toEqual([5]);
    expect(options.has(51)).toBe(false);
    expect(viewOf(message).getUint32(16)).toBe(0);
  });
});

describe('The name server', () => {
  async function ask(message: Uint8Array) {
    const { gateway } = network();
    gateway.send(udp(NAME_SERVER, 5000, 53, message));
    await settle();
    const frame = gateway.receive();
    if (!frame) return undefined;
    const { source, payload } = hear(frame);
    const reply = payload.subarray(8);
    const view = viewOf(reply);
    const records = view.getUint16(6);
    const addresses = Array.from({ length: records }, (_, i) =>
      view.getUint32(reply.length - 16 * (records - i) + 12),
    );
    return { source, id: view.getUint16(0), code: view.getUint16(2) & 15, addresses };
  }

  it("knows what this computer knows, whose own address is the gateway's", async () => {
    expect(await ask(question('lguest.example'))).toEqual({
      source: NAME_SERVER,
      id: 0x3a17,
      code: 0,
      addresses: [0xcb007105, GATEWAY],
    });
  });

  it.each([
    ['no such name', question('nowhere.example'), 3],
    ['nobody to be asked', question('broken.example'), 2],
    ['a name with an IPv6 address, perhaps', question('lguest.example', 28), 0],
    ['mail', question('lguest.example', 15), 4],
    ['a name of control characters', question('a\u0007b'), 1],
  ])('has an answer to %s', async (_, message, code) => {
    expect(await ask(message)).toMatchObject({ code, addresses: [] });
  });

  /** A gateway whose computer finds a name when the test says so. */
  function slowly() {
    const asked: { name: string; answer: (addresses: string[]) => void }[] = [];
    const lookup = (name: string) =>
      new Promise<string[]>((answer) => {
        asked.push({ name, answer });
      });
    const gateway = new Gateway({ ...handSockets().sockets, lookup }, handClock(), PEER_MAC);
    return { asked, gateway };
  }

  it('asks for two names at a time, and keeps no neighbour waiting who stands in another line', async () => {
    const { asked, gateway } = slowly();
    const names = Array.from({ length: 40 }, (_, n) => `n${n}.example`);
    for (const name of names) gateway.send(udp(NAME_SERVER, 5000, 53, question(name)));
    await settle();
    const heard: string[] = [];
    while (heard.length < asked.length) {
      expect(asked.length - heard.length).toBeLessThanOrEqual(2);
      const { name, answer } = asked[heard.length]!;
      heard.push(name);
      answer(['203.0.113.5']);
      await settle();
    }
    expect(heard).toEqual(names.slice(0, 32));
    let answers = 0;
    while (gateway.receive()) answers++;
    expect(answers).toBe(32);
  });

  it('looks a name up once for all who ask, and answers in the order of the questions', async () => {
    const { asked, gateway } = slowly();
    const ask = (name: string, type: number) =>
      gateway.send(udp(NAME_SERVER, 5000, 53, question(name, type)));
    for (const name of ['one.example', 'two.example']) for (const type of [1, 28]) ask(name, type);
    await settle();
    expect(asked.map(({ name }) => name)).toEqual(['one.example', 'two.example']);
    for (const { answer } of asked.reverse()) answer(['203.0.113.5']);
    await settle();
    const heard: [string, number][] = [];
    for (let frame = gateway.receive(); frame; frame = gateway.receive()) {
      const message = hear(frame).payload.subarray(8);
      heard.push([String.fromCharCode(...message.subarray(13, 16)), viewOf(message).getUint16(6)]);
    }
    expect(heard).toEqual([
      ['two', 1],
      ['two', 0],
      ['one', 1],
      ['one', 0],
    ]);
    ask('one.example', 1);
    await settle();
    expect(asked.length).toBe(3);
  });

  it.each([
    ['a pointer in a question', Uint8Array.of(1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1)],
    ['a name that goes beyond its message', question('lguest.example').subarray(0, 20)],
    ['two questions', question('lguest.example').with(5, 2)],
    ['an answer', question('lguest.example').with(2, 0x81)],
  ])('says nothing to %s', async (_, message) => {
    expect(await ask(message)).toBeUndefined();
  });
});

describe('Datagrams', () => {
  const data = new TextEncoder().encode('over');

  it('get out and back', async () => {
    const { gateway, seen } = network();
    gateway.send(udp(0xcb007105, 5000, 7, data));
    await settle();
    expect(seen.datagrams).toMatchObject([{ address: '203.0.113.5', port: 7 }]);
    const { source, payload } = hear(gateway.receive()!);
    expect(source).toBe(0xcb007105);
    expect([viewOf(payload).getUint16(0), viewOf(payload).getUint16(2)]).toEqual([7, 5000]);
    expect(new TextDecoder().decode(payload.subarray(8))).toBe('over');
  });

  it('do not keep a connection from its turn, however many there are', async () => {
    const { sockets, streams } = handSockets();
    const waiting: { bring?: (bytes: Uint8Array, address: string, port: number) => void } = {};
    const datagrams: Sockets['datagrams'] = (received) => {
      waiting.bring = received;
      return { send() {}, close() {} };
    };
    const gateway = new Gateway({ ...sockets, datagrams }, handClock(), PEER_MAC);
    const peer = new Peer(gateway, 0xcb007105, 80);
    peer.say(SYN, undefined, { mss: 1460, scale: 0 });
    streams[0]!.events.opened();
    peer.listen();
    peer.say(ACK);
    gateway.send(udp(0xcb007105, 5000, 6000, data));
    streams[0]!.events.received(new Uint8Array(100));
    await settle();
    const protocols = [];
    for (let turn = 0; turn < 4; turn++) {
      waiting.bring!(data, '203.0.113.5', 6000);
      waiting.bring!(data, '203.0.113.5', 6000);
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

  it('of more than a frame come in fragments', async () => {
    const { gateway } = network();
    gateway.send(udp(0xcb007105, 5000, 7, new Uint8Array(4000).fill(3)));
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
      gateway.send(udp(0xcb007105, 5000, 7, new Uint8Array(4000).fill(fill)));
      await settle();
      return viewOf(gateway.receive()!.bytes).getUint16(18);
    };
    expect(await numberOf(7)).not.toBe(await numberOf(8 + more));
    expect(await numberOf(7)).toBe(await numberOf(7));
  });

  const FAR = 0xcb007105;
  const long = Uint8Array.from({ length: 4000 }, (_, i) => i % 251);
  const datagram = (id = 1) => {
    const whole = udp(FAR, 5000, 9, long).bytes.subarray(34);
    const sum = sumPseudoHeader(GUEST, FAR, 17, whole.length) + sumWords(whole);
    viewOf(whole).setUint16(6, checksumOf(sum));
    return pieces(FAR, 17, whole, 1480, id);
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

  it('in pieces are told from each other by their numbers', () => {
    const { gateway, seen } = network();
    const [a, b] = [datagram(1), datagram(2)];
    for (let i = 0; i < 3; i++) for (const frames of [a, b]) gateway.send(frames[i]!);
    expect(seen.datagrams.length).toBe(2);
  });

  it('in pieces are checked like others', () => {
    const { gateway, seen } = network();
    const frames = datagram();
    frames[1]!.bytes[100]!++;
    for (const each of frames) gateway.send(each);
    expect(seen.datagrams).toEqual([]);
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
    for (let port = 1; port <= 500; port++) gateway.send(udp(0xcb007105, port, 9, data));
    expect(gateway.size).toBe(256);
    await clock.advance(59);
    expect(gateway.size).toBe(256);
    await clock.advance(2);
    expect(gateway.size).toBe(0);
  });
});
