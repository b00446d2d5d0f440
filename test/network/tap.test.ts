import { createSocket } from 'node:dgram';
import { describe, expect, it } from 'vitest';
import type { Frame, Link } from '../../chapters/4-launcher/link.ts';
import { viewOf } from '../../src/network/bytes.ts';
import { openTap } from '../../src/terminal/tap.ts';

/*
 * It changes the network of the computer that it runs on, for a second, and takes root: LANTERN_TAP=1 asks for it.
 */
const asked = process.env.LANTERN_TAP === '1';
const HOST = '10.199.77.1';
const GUEST_MAC = Uint8Array.of(2, 0, 0, 0, 77, 2);

async function next(link: Link, type: number): Promise<Frame> {
  for (let i = 0; i < 300; i++) {
    for (let frame = link.receive(); frame; frame = link.receive())
      if (viewOf(frame.bytes).getUint16(12) === type) return frame;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('no such frame has come');
}

describe.skipIf(!asked)(`A tap, ${asked ? 'as asked' : 'skipped, as LANTERN_TAP is not 1'}`, () => {
  it('is a cable to this computer, frame by frame', async () => {
    const link = openTap(HOST);
    const socket = createSocket('udp4');
    try {
      socket.send('over', 4000, '10.199.77.2');
      const { bytes } = await next(link, 0x0806);
      expect([...bytes.subarray(38, 42)]).toEqual([10, 199, 77, 2]);
      const answer = Uint8Array.of(...bytes.subarray(6, 12), ...GUEST_MAC, ...bytes.subarray(12, 20), 0, 2);
      const halves = Uint8Array.of(...GUEST_MAC, ...bytes.subarray(38, 42), ...bytes.subarray(22, 32));
      link.send({ bytes: Uint8Array.of(...answer, ...halves) });
      const datagram = await next(link, 0x0800);
      expect(new TextDecoder().decode(datagram.bytes.subarray(42, 46))).toBe('over');
    } finally {
      socket.close();
      link.close();
    }
  });

  it('that cannot be had is one line', () => {
    expect(() => openTap('bridge:no-such-one')).toThrow(
      /^--tunnet: ip link set lantern\d+ master no-such-one: /,
    );
  });
});

describe('--tunnet', () => {
  it('wants a name that a tap can have', () => {
    expect(() => openTap('../../etc')).toThrow("--tunnet=TAP, =ADDRESS or =bridge:NAME, but got '../../etc'");
  });
});
