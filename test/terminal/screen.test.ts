import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createScreen } from '../../src/terminal/screen.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

/** A reader who reads only when told to. */
function slowReader() {
  let seen = '';
  let next: (() => void) | undefined;
  const stream = new Writable({
    highWaterMark: 4,
    write(chunk, _encoding, done) {
      seen += chunk.toString();
      next = done;
    },
  });
  const read = () => {
    const done = next;
    next = undefined;
    done?.();
  };
  return { stream, seen: () => seen, read };
}

describe('The screen', () => {
  it('asks for a pause while its reader is behind, and says when it is over', async () => {
    const reader = slowReader();
    const screen = createScreen(reader.stream);
    screen.output(bytes('ab'));
    await new Promise(setImmediate);
    expect(screen.drained()).toBeUndefined();
    screen.output(bytes('cdef'));
    await new Promise(setImmediate);
    const drained = screen.drained();
    expect(drained).toBeInstanceOf(Promise);
    reader.read();
    await new Promise(setImmediate);
    reader.read();
    await drained;
    expect(screen.drained()).toBeUndefined();
    expect(reader.seen()).toBe('abcdef');
  });

  it('takes no notice of those who say nothing, however often', () => {
    const reader = slowReader();
    const screen = createScreen(reader.stream);
    const before = process.listenerCount('exit');
    for (let times = 0; times < 100; times++) screen.output(bytes(''));
    expect(process.listenerCount('exit')).toBe(before);
  });

  it('keeps everything behind the curtain until it rises, and then shows it in order', async () => {
    let seen = '';
    const stream = new Writable({
      write(chunk, _encoding, done) {
        seen += chunk.toString();
        done();
      },
    });
    for (const rise of ['raiseCurtain', 'flush'] as const) {
      seen = '';
      let risen = 0;
      const screen = createScreen(stream, () => {
        risen++;
        seen += '<';
      });
      screen.output(bytes('one '));
      screen.output(bytes('two '));
      expect(seen).toBe('');
      screen[rise]();
      expect(seen).toBe('<one two ');
      screen.output(bytes('three'));
      await new Promise(setImmediate);
      screen.flush();
      screen.raiseCurtain();
      expect(seen).toBe('<one two three');
      expect(risen).toBe(1);
    }
  });

  it('hands out together what was said in one turn', async () => {
    const seen: string[] = [];
    const stream = new Writable({
      writev(chunks, done) {
        seen.push(chunks.map(({ chunk }) => chunk.toString()).join(''));
        done();
      },
    });
    const screen = createScreen(stream);
    for (const letter of 'Linux') screen.output(bytes(letter));
    expect(seen).toEqual([]);
    await new Promise(setImmediate);
    for (const letter of ' version') screen.output(bytes(letter));
    await new Promise(setImmediate);
    expect(seen).toEqual(['Linux', ' version']);
    screen.output(bytes('panic'));
    screen.flush();
    expect(seen.at(-1)).toBe('panic');
    screen.output(bytes('!'));
    await new Promise(setImmediate);
    expect(seen.at(-1)).toBe('!');
  });

  it('loses nothing of what is longer than a breath, and asks for a pause within the turn', async () => {
    const reader = slowReader();
    const screen = createScreen(reader.stream);
    const long = 'x'.repeat(5000);
    const parts = ['a', 'b'.repeat(4095), 'c', long, 'd'];
    for (const part of parts) screen.output(bytes(part));
    expect(screen.drained()).toBeInstanceOf(Promise);
    for (let i = 0; i < parts.length; i++) {
      await new Promise(setImmediate);
      reader.read();
    }
    await screen.drained();
    expect(reader.seen()).toBe(parts.join(''));
  });

  it('does not pile up much behind the curtain', async () => {
    const stream = new Writable({ write: (_chunk, _encoding, done) => done(), highWaterMark: 1 << 20 });
    const screen = createScreen(stream, () => {});
    expect(screen.drained()).toBeUndefined();
    screen.output(new Uint8Array((1 << 16) + 1));
    const raised = screen.drained();
    expect(raised).toBeInstanceOf(Promise);
    screen.raiseCurtain();
    await raised;
    expect(screen.drained()).toBeUndefined();
  });
});
