import { PassThrough } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { InputQueue } from '../../chapters/4-launcher/input-queue.ts';
import { connectKeyboard, threeInARow } from '../../src/terminal/keyboard.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe('Leaving by ^C', () => {
  function presses(...steps: [at: number, typed: string][]): boolean[] {
    let now = 0;
    const enough = threeInARow(() => now);
    return steps.map(([at, typed]) => {
      now = at;
      return enough(bytes(typed));
    });
  }

  it('takes three within a second', () => {
    expect(presses([0, '\x03'], [500, '\x03'], [1000, '\x03'])).toEqual([false, false, true]);
  });

  it('counts three that arrive together', () => {
    expect(presses([0, '\x03\x03\x03'])).toEqual([true]);
  });

  it('is not done by three that take longer', () => {
    expect(presses([0, '\x03'], [600, '\x03'], [1001, '\x03'], [1500, '\x03'])).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });

  it('starts again when anything else is typed', () => {
    expect(presses([0, '\x03\x03'], [10, 'x'], [20, '\x03'], [30, '\x03\x03'])).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });
});

describe('A pipe as keyboard', () => {
  async function settle(): Promise<void> {
    for (let turn = 0; turn < 10; turn++) await nextTurn();
  }

  it('delivers what comes, and one ^D for its end', async () => {
    const pipe = new PassThrough();
    const queue = new InputQueue();
    connectKeyboard(pipe as unknown as ReadStream, queue, () => {});
    pipe.end('echo hello\n');
    await settle();
    expect(text(queue.take(100))).toBe('echo hello\n\x04');
  });

  it('waits for a Guest that does not read, and loses nothing', async () => {
    const pipe = new PassThrough({ highWaterMark: 8 });
    const queue = new InputQueue(4);
    connectKeyboard(pipe as unknown as ReadStream, queue, () => {});
    pipe.write('abcdefgh');
    pipe.write('ijklmnop');
    pipe.end();
    await settle();
    expect(queue.length).toBe(4);
    expect(pipe.isPaused()).toBe(true);
    let all = '';
    for (let reads = 0; reads < 20; reads++) {
      all += text(queue.take(3));
      await settle();
    }
    expect(all).toBe('abcdefghijklmnop\x04');
  });
});
