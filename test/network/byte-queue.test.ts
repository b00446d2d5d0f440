import { expect, it } from 'vitest';
import { ByteQueue } from '../../src/network/byte-queue.ts';

it('A queue of bytes gives back what was put in, in pieces of any length', () => {
  const queue = new ByteQueue();
  const whole = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
  const lengths = [1, 1, 1, 4095, 1, 4096, 4097, 7, 0, 9000];
  let pushed = 0;
  let front = 0;
  for (let turn = 0; pushed < whole.length; turn++) {
    const piece = whole.subarray(pushed, pushed + lengths[turn % lengths.length]!);
    queue.push(piece);
    pushed += piece.length;
    expect(queue.length).toBe(pushed - front);
    if (turn % 3 !== 2) continue;
    const into = new Uint8Array(Math.min(5000, queue.length) - 1);
    const from = Math.min(turn % 50, queue.length - into.length);
    queue.copy(from, into);
    expect(into).toEqual(whole.subarray(front + from, front + from + into.length));
    const dropped = Math.min(queue.length, (turn * 37) % 6000);
    queue.drop(dropped);
    front += dropped;
  }
});

it('And a quarter of a million pieces of one byte are as good as one', () => {
  const queue = new ByteQueue();
  for (let i = 0; i < 1 << 18; i++) queue.push(Uint8Array.of(i & 0xff));
  const into = new Uint8Array(1000);
  for (let front = 0; front + 2000 <= 1 << 18; front += 1000) {
    queue.copy(1000, into);
    expect(into[0]).toBe((front + 1000) & 0xff);
    queue.drop(1000);
  }
});
