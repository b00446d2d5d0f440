import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fold, sumWords, viewOf } from '../../src/network/bytes.ts';
import { GATEWAY_MAC } from '../../src/network/ethernet.ts';
import { Gateway } from '../../src/network/gateway.ts';
import { GATEWAY, GUEST, NAME_SERVER } from '../../src/network/plan.ts';
import { nearNetwork } from './near.ts';
import { handClock, packet, Peer, PEER_MAC, piece, settle, udp } from './peer.ts';

const address = fc.constantFrom(
  GATEWAY,
  NAME_SERVER,
  GUEST,
  0xcb007105,
  0,
  0xffffffff,
  0x7f000001,
  0xc0000201,
);
const port = fc.oneof(fc.constantFrom(0, 7, 9, 19, 53, 67, 68, 80, 40000, 65535), fc.nat(65535));
const junk = fc.uint8Array({ maxLength: 200 });

/** Something between noise and sense: the deeper, the rarer by chance alone. */
const frame = fc.oneof(
  fc.uint8Array({ maxLength: 100 }).map((bytes) => ({ bytes })),
  junk.map((bytes) => ({ bytes: Uint8Array.of(...GATEWAY_MAC, ...PEER_MAC, 8, 0, ...bytes) })),
  junk.map((bytes) => ({ bytes: Uint8Array.of(...GATEWAY_MAC, ...PEER_MAC, 8, 6, ...bytes) })),
  fc.tuple(address, fc.nat(255), junk).map(([to, protocol, bytes]) => packet(to, protocol, bytes)),
  fc.tuple(address, port, port, junk).map(([to, a, b, bytes]) => udp(to, a, b, bytes)),
  fc
    .tuple(address, fc.constantFrom(1, 6, 17), junk, fc.nat(0x1fff), fc.boolean(), fc.nat(2))
    .map(([to, protocol, bytes, at, more, id]) =>
      piece(to, protocol, bytes.subarray(0, bytes.length & ~7), 8 * (at % 5 ? at % 25 : at), more, id),
    ),
  fc.tuple(address, junk).map(([to, bytes]) => udp(to, 5000, 53, bytes)),
  fc.tuple(fc.nat(9), junk).map(([type, bytes]) => {
    const message = new Uint8Array(240 + 3 + bytes.length);
    message[0] = 1;
    viewOf(message).setUint32(236, 0x63825363);
    message.set([53, 1, type], 240);
    message.set(bytes, 243);
    return udp(0xffffffff, 68, 67, message, 0);
  }),
  fc
    .tuple(address, fc.uint8Array({ minLength: 20, maxLength: 120 }), fc.boolean())
    .map(([to, bytes, whole]) => {
      const made = packet(to, 6, bytes);
      if (whole) bytes[12] = 0x50;
      return { ...made, checksum: { start: 34, offset: 16 } }; // nobody checks what is unfinished
    }),
);

describe('Whatever a Guest sends', () => {
  it('is taken without a complaint, and nothing grows', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { maxLength: 60 }), async (frames) => {
        const clock = handClock();
        const gateway = new Gateway(nearNetwork(1000).sockets, clock, PEER_MAC);
        for (const [index, each] of frames.entries()) {
          gateway.send({ ...each, bytes: each.bytes.slice() });
          if (index % 3 === 0) gateway.receive();
        }
        await settle();
        let frames2 = 0;
        while (gateway.receive()) expect(++frames2).toBeLessThan(2000);
        await clock.advance(300);
        while (gateway.receive()) expect(++frames2).toBeLessThan(4000);
        await clock.advance(300);
        expect(gateway.size).toBe(0);
        gateway.close();
      }),
      { seed: 21, numRuns: 150 },
    );
  }, 120_000);
});

/** Steps of a Guest that speaks TCP badly. */
const step = fc.record({
  flags: fc.nat(63),
  ahead: fc.oneof(fc.constant(0), fc.integer({ min: -2000, max: 2000 }), fc.integer()),
  heard: fc.oneof(fc.constant(0), fc.integer({ min: -2000, max: 2000 }), fc.integer()),
  window: fc.constantFrom(0, 1, 1000, 65535),
  length: fc.constantFrom(0, 1, 1000, 60000),
  listens: fc.boolean(),
});

describe('Whatever a Guest says in a connection', () => {
  it('leaves nothing behind when the cable is pulled', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.constantFrom(7, 9, 19),
        async (steps, service) => {
          const clock = handClock();
          const gateway = new Gateway(nearNetwork(500_000).sockets, clock, PEER_MAC);
          const peer = new Peer(gateway, 0xcb007105, service);
          await peer.open();
          for (const { flags, ahead, heard, window, length, listens } of steps) {
            peer.say(flags, new Uint8Array(length), {
              sequence: (peer.next + ahead) >>> 0,
              acknowledgement: (peer.expected + heard) >>> 0,
              window,
            });
            if (listens) peer.listen(3);
            await settle();
          }
          gateway.close();
          expect(gateway.size).toBe(0);
          expect(gateway.receive()).toBeUndefined();
        },
      ),
      { seed: 22, numRuns: 150 },
    );
  }, 120_000);
});

describe('What goes through', () => {
  it('comes out as it went in, whatever the sizes, the windows and the losses', async () => {
    const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 5000 }), {
      minLength: 1,
      maxLength: 12,
    });
    const losses = fc.array(fc.boolean(), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(pieces, losses, fc.integer({ min: 100, max: 65535 }), async (sent, lost, window) => {
        const clock = handClock();
        const gateway = new Gateway(nearNetwork().sockets, clock, PEER_MAC);
        const peer = new Peer(gateway, 0xcb007105, 7);
        peer.window = window;
        await peer.open(1460, 0);
        const dropped = [...lost];
        const heard: number[] = [];
        const listen = () => {
          for (;;) {
            if (dropped.pop()) {
              if (!gateway.receive()) return;
              continue;
            }
            const before = peer.received;
            const [spoken] = peer.listen(1);
            if (!spoken) return;
            if (peer.received > before) heard.push(...spoken.data);
            peer.say(0x10);
          }
        };
        for (const piece of sent) {
          peer.say(0x18, piece);
          await settle();
          listen();
        }
        const total = sent.reduce((sum, { length }) => sum + length, 0);
        for (let second = 0; second < 300 && heard.length < total; second++) {
          await clock.advance(1);
          listen();
        }
        expect(heard.length).toBe(total);
        expect(Uint8Array.from(heard)).toEqual(Uint8Array.from(sent.flatMap((piece) => [...piece])));
        gateway.close();
      }),
      { seed: 23, numRuns: 40 },
    );
  }, 120_000);
});

describe('The checksum', () => {
  it('of any packet with its own sum in it is ffff', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2, maxLength: 99 }), (bytes) => {
        bytes[0] = 0;
        bytes[1] = 0;
        viewOf(bytes).setUint16(0, 0xffff - fold(sumWords(bytes)));
        expect(fold(sumWords(bytes))).toBe(0xffff);
      }),
      { seed: 24 },
    );
  });
});
