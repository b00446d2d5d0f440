import { PassThrough } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { InputQueue } from '../../chapters/4-launcher/input-queue.ts';
import { connectKeyboard, type Keys, threeInARow } from '../../src/terminal/keyboard.ts';
import { layTable } from '../../src/terminal/seats.ts';

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

  it('does not mind what a terminal says in between, when it is asked where its cursor is', () => {
    expect(presses([0, '\x03'], [100, '\x1b[5;5R'], [200, '\x03'], [300, '\x1b[?1;2c\x03'])).toEqual([
      false,
      false,
      false,
      true,
    ]);
    expect(presses([0, '\x03'], [100, '\x1b[A'], [200, '\x03\x03'])).toEqual([false, false, false]);
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

describe('A terminal as keyboard', () => {
  function connect(keys: Keys) {
    const stream = new PassThrough({ highWaterMark: 1 << 16 });
    const modes: boolean[] = [];
    const setRawMode = (raw: boolean) => {
      modes.push(raw);
      return stdin;
    };
    const stdin: unknown = Object.assign(stream, { isTTY: true, setRawMode });
    let left = 0;
    connectKeyboard(stdin as ReadStream, keys, () => {
      left++;
    });
    return { stream, modes, left: () => left };
  }
  function terminal(capacity: number) {
    const queue = new InputQueue(capacity);
    return { queue, ...connect(queue) };
  }
  async function settle(): Promise<void> {
    for (let turn = 0; turn < 10; turn++) await nextTurn();
  }
  afterEach(() => vi.useRealTimers());

  it('is in raw mode', () => {
    expect(terminal(4).modes).toEqual([true]);
  });

  it('is in raw mode again when the program goes on that somebody had stopped', () => {
    const { modes } = terminal(4);
    process.emit('SIGCONT', 'SIGCONT');
    expect(modes).toEqual([true, false, true]);
  });

  it.each(['end', 'error'])('that is not there any more (%s) is as good as one that was hung up', (how) => {
    const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
    const { stream } = terminal(4);
    stream.emit(how, new Error('EIO'));
    expect(kill.mock.calls).toEqual([[process.pid, 'SIGHUP']]);
    kill.mockRestore();
  });

  it('loses nothing of a paste into a Guest that reads slowly', async () => {
    const { stream, queue } = terminal(16);
    const paste = Array.from({ length: 500 }, (_, line) => `line ${line}\n`).join('');
    stream.write(paste);
    let all = '';
    for (let reads = 0; reads < 2000 && all.length < paste.length; reads++) {
      await settle();
      expect(queue.length).toBeLessThanOrEqual(16);
      all += text(queue.take(3));
    }
    expect(all).toBe(paste);
  });

  it('hears the three keys behind a paste that nobody reads, after a second', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const beeps: unknown[] = [];
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((what) => beeps.push(what) > 0);
    try {
      const { stream, queue, left } = terminal(16);
      stream.write('x'.repeat(100));
      await settle();
      stream.write('\x03\x03\x03');
      await settle();
      expect([left(), stream.isPaused()]).toEqual([0, true]);
      vi.advanceTimersByTime(1000);
      await settle();
      expect(left()).toBe(1);
      expect(queue.length).toBe(16);
      expect(beeps.length).toBeGreaterThan(0);
      // and when somebody reads again, everything is as it was
      queue.take(16);
      stream.write('y'.repeat(40));
      await settle();
      expect(text(queue.take(16))).toBe('y'.repeat(16));
      await settle();
      expect(text(queue.take(16))).toBe('y'.repeat(16));
    } finally {
      write.mockRestore();
    }
  });

  it('hears ^] behind a paste that nobody reads, after a second, and the next Guest what follows', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const write = vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
    try {
      const { seats, keys } = layTable(2, () => {});
      const { stream } = connect(keys);
      stream.write('x'.repeat(1 << 20));
      stream.write('xxx\x1dtwo');
      await settle();
      expect(text(seats[1]!.input.take(10))).toBe('');
      vi.advanceTimersByTime(1000);
      await settle();
      stream.write('\x1dlost\x1dagain');
      await settle();
      expect(text(seats[1]!.input.take(10))).toBe('twoagain');
      expect(seats[0]!.input.length).toBe(1 << 20);
    } finally {
      write.mockRestore();
    }
  });
});
