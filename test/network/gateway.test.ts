import { describe, expect, it } from 'vitest';
import { viewOf } from '../../src/network/bytes.ts';
import { Gateway } from '../../src/network/gateway.ts';
import { GATEWAY, GUEST, NAME_SERVER } from '../../src/network/plan.ts';
import { FAR } from './connection.ts';
import { handSockets } from './hand-sockets.ts';
import { network } from './near.ts';
import { handClock, hear, packet, PEER_MAC, sealed, settle, udp } from './peer.ts';

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

const echo = Uint8Array.of(8, 0, 0, 0, 1, 2, 3, 4, 5);

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
    gateway.send(packet(GATEWAY, 1, echo));
    const { source, destination, payload } = hear(gateway.receive()!);
    expect([source, destination]).toEqual([GATEWAY, GUEST]);
    expect([payload[0], ...payload.subarray(4)]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('says that it may not ping for others', () => {
    const { gateway } = network();
    gateway.send(packet(0x08080808, 1, echo));
    const { source, payload } = hear(gateway.receive()!);
    expect([source, payload[0], payload[1]]).toEqual([GATEWAY, 3, 13]);
    expect(viewOf(payload).getUint32(24)).toBe(0x08080808);
  });

  it.each([
    ['a ping that is too short', packet(GATEWAY, 1, Uint8Array.of(8, 0))],
    ['a ping that is shorter than it says', sealed(packet(GATEWAY, 1, echo).bytes.with(17, 30))],
    ['a crowd', { bytes: arp(GATEWAY).with(6, PEER_MAC[0]! | 1) }],
  ])('says nothing to %s', (_, frame) => {
    const { gateway } = network();
    gateway.send(frame);
    expect(gateway.receive()).toBeUndefined();
  });

  it.each([
    ['somebody far away', 0x08080808],
    ['the gateway', GATEWAY],
    ['nobody', 0],
  ])('serves no Guest that calls itself %s', async (_, source) => {
    const { gateway, seen } = network();
    gateway.send(packet(GATEWAY, 1, echo, source));
    gateway.send(udp(NAME_SERVER, 5000, 53, question('lguest.example'), source));
    gateway.send(udp(FAR, 5000, 7, echo, source));
    await settle();
    expect(gateway.receive()).toBeUndefined();
    expect(seen.datagrams).toEqual([]);
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

  it.each([
    ['a message that ends before its options', dhcp().subarray(0, 100)],
    ['an option that goes beyond its message', dhcp(53, 2, 1)],
  ])('says nothing to %s', (_, message) => {
    const { gateway } = network();
    gateway.send(udp(BROADCAST, 68, 67, message, 0));
    expect(gateway.receive()).toBeUndefined();
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

  it('looks nothing up any more when the cable is pulled', async () => {
    const { asked, gateway } = slowly();
    for (let n = 0; n < 5; n++) gateway.send(udp(NAME_SERVER, 5000, 53, question(`n${n}.example`)));
    gateway.close();
    for (const { answer } of asked) answer([]);
    await settle();
    expect(asked.length).toBe(2);
  });

  it('does not tire, as long as it is asked one thing after the other', async () => {
    const { gateway } = network();
    for (let n = 0; n < 40; n++) {
      gateway.send(udp(NAME_SERVER, 5000, 53, question('lguest.example')));
      await settle();
      expect(gateway.receive()).toBeDefined();
    }
  });

  it('names sixteen addresses of those that have hundreds', async () => {
    const { asked, gateway } = slowly();
    gateway.send(udp(NAME_SERVER, 5000, 53, question('lguest.example')));
    asked[0]!.answer(Array(300).fill('203.0.113.5'));
    await settle();
    expect(viewOf(hear(gateway.receive()!).payload).getUint16(8 + 6)).toBe(16);
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
    ['a question that ends behind its name', question('lguest.example').subarray(0, -1)],
    ['two questions', question('lguest.example').with(5, 2)],
    ['an answer', question('lguest.example').with(2, 0x81)],
  ])('says nothing to %s', async (_, message) => {
    expect(await ask(message)).toBeUndefined();
  });
});
