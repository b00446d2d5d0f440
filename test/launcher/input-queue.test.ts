import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputQueue } from '../../chapters/4-launcher/input-queue.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe('The input queue', () => {
  it('hands out bytes in the order they came, however they are cut', () => {
    const pieces = fc.array(fc.oneof(fc.uint8Array({ maxLength: 12 }), fc.nat(12)));
    fc.assert(
      fc.property(pieces, (steps) => {
        const queue = new InputQueue(16);
        const model: number[] = [];
        for (const step of steps) {
          if (typeof step === 'number') expect([...queue.take(step)]).toEqual(model.splice(0, step));
          else model.push(...step.subarray(0, queue.push(step)));
          expect(queue.length).toBe(model.length);
          expect(queue.length).toBeLessThanOrEqual(16);
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('takes only what fits, and says how much that was', () => {
    const queue = new InputQueue(4);
    expect(queue.push(bytes('abcdef'))).toBe(4);
    expect(queue.push(bytes('g'))).toBe(0);
    expect(text(queue.take(9))).toBe('abcd');
  });

  it('calls out when bytes arrive and when there is room again', () => {
    const queue = new InputQueue(4);
    const calls: string[] = [];
    queue.onArrival = () => calls.push('arrival');
    queue.onRoom = () => calls.push('room');
    queue.push(bytes('abcd'));
    queue.push(bytes('e'));
    queue.take(1);
    queue.take(0);
    expect(calls).toEqual(['arrival', 'room']);
  });

  it('lets whoever waits for room push from inside the call', () => {
    const queue = new InputQueue(4);
    queue.push(bytes('abcd'));
    queue.onRoom = () => {
      queue.onRoom = () => {};
      queue.push(bytes('ef'));
    };
    expect(text(queue.take(3))).toBe('abc');
    expect(text(queue.take(9))).toBe('def');
  });
});
