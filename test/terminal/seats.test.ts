import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { ReadStream } from 'node:tty';
import { describe, expect, it } from 'vitest';
import { connectKeyboard } from '../../src/terminal/keyboard.ts';
import { layTable } from '../../src/terminal/seats.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const ELSEWHERE = '\x1d';

/** A table for so many, and what is on the screen. */
function table(count: number) {
  let screen = '';
  const { seats, keys } = layTable(count, (some) => {
    screen += new TextDecoder().decode(some);
  });
  const heard = (seat: number) => new TextDecoder().decode(seats[seat]!.input.take(1 << 20));
  return { keys, seats, heard, screen: () => screen };
}

describe('a terminal for several Guests', () => {
  it('is left alone when there is only one', () => {
    const { keys, seats, heard, screen } = table(1);
    seats[0]!.output(bytes('$ '));
    keys.push(bytes(`a${ELSEWHERE}b`));
    expect(screen()).toBe('$ ');
    expect(heard(0)).toBe(`a${ELSEWHERE}b`);
  });

  it('shows at each line who says it, and begins a new one for whoever cuts in', () => {
    const { seats, screen } = table(2);
    seats[0]!.output(bytes('one\r\ntw'));
    seats[0]!.output(bytes('o'));
    seats[1]!.output(bytes('hello\r\n'));
    seats[0]!.output(bytes('three\r\n'));
    expect(screen()).toBe('1| one\r\n1| two\r\n2| hello\r\n1| three\r\n');
  });

  it('has room for a flood of empty lines', () => {
    const { seats, screen } = table(2);
    seats[1]!.output(bytes('woof'));
    seats[0]!.output(bytes('\n'.repeat(100_000)));
    expect(screen()).toBe(`2| woof\r\n${'1| \n'.repeat(100_000)}`);
  });

  it('gives the keys to the first, and moves on with ^]', () => {
    const { keys, heard, screen } = table(3);
    keys.push(bytes(`ab${ELSEWHERE}cd${ELSEWHERE}${ELSEWHERE}ef`));
    expect([heard(0), heard(1), heard(2)]).toEqual(['abef', 'cd', '']);
    expect(screen()).toBe(
      '2| [the keyboard is here]\r\n3| [the keyboard is here]\r\n1| [the keyboard is here]\r\n',
    );
  });

  it('tells everybody, once, that a pipe is at its end, and not before all of it has been taken', async () => {
    const { keys, heard } = table(3);
    const pipe = new PassThrough();
    connectKeyboard(pipe as unknown as ReadStream, keys, () => {});
    pipe.end(`${'x'.repeat((1 << 20) + 2)}${ELSEWHERE}y`);
    await finished(pipe.resume());
    await new Promise(setImmediate);
    expect(heard(2)).toBe('');
    expect(heard(0)).toBe('x'.repeat(1 << 20));
    expect([0, 1, 2].map(heard)).toEqual(['xx\x04', 'y\x04', '\x04']);
  });

  it('gives the keys of one who has left to the next who has not', () => {
    const { keys, seats, heard } = table(3);
    seats[1]!.leave();
    seats[0]!.leave();
    keys.push(bytes('x'));
    expect(heard(2)).toBe('x');
    seats[2]!.leave();
    keys.push(bytes('y'));
    expect([0, 1, 2].map(heard)).toEqual(['', '', '']);
  });

  const FLOOD = 'abcdefgh'.repeat(1 << 17); // all that a queue holds

  it('loses nothing when a Guest has no room, and keeps the order', () => {
    const { keys, heard } = table(2);
    let rest = bytes(`${FLOOD}more${ELSEWHERE}two`);
    const push = () => {
      rest = rest.subarray(keys.push(rest));
    };
    keys.onRoom = push;
    push();
    expect(heard(1)).toBe('');
    expect(heard(0)).toBe(FLOOD);
    expect([heard(0), heard(1)]).toEqual(['more', 'two']);
  });

  it('gives what waits for one who leaves to the next', () => {
    const { keys, seats, heard } = table(2);
    keys.push(bytes(FLOOD));
    keys.onRoom = () => keys.push(bytes('more'));
    seats[0]!.leave();
    expect(heard(1)).toBe('more');
  });

  it('says that there is room only when it is with whoever has the keys', () => {
    const { keys, heard } = table(2);
    keys.push(bytes(`one${ELSEWHERE}two${ELSEWHERE}`));
    let told = 0;
    keys.onRoom = () => told++;
    expect([heard(1), told]).toEqual(['two', 0]);
    heard(0);
    expect(told).toBe(1);
  });

  it('needs no room for ^]', () => {
    const { keys, heard } = table(2);
    keys.push(bytes(FLOOD));
    expect(keys.push(bytes(`${ELSEWHERE}two`))).toBe(4);
    expect(heard(1)).toBe('two');
  });
});
