/*
 * # Three keys to get out
 *
 * When you type into a terminal, the kernel of *your* computer reads along. It echoes, it lets you rub out letters,
 * it keeps the line until you press Enter, and when you press ^C it kills whoever is listening. All of that is the
 * Guest's to do now. So the terminal is put into raw mode, and every key goes straight in.
 *
 * Which leaves the question of how to get out again. ^C belongs to the Guest; its shell wants it. lguest's answer
 * was three of them in a row within a second, and it is a good one. Nobody presses ^C three times unless they mean
 * it, and everybody who means it does.
 */

import type { ReadStream } from 'node:tty';
import type { InputQueue } from '../../chapters/4-launcher/input-queue.ts';

const CONTROL_C = 3;
const CONTROL_D = 4;
const TIMES = 3;
const WITHIN = 1000; // milliseconds

/** Connects standard input to the Guest's console. @param leave called when the person has had enough */
export function connectKeyboard(stdin: ReadStream, queue: InputQueue, leave: () => void): void {
  if (stdin.isTTY) connectTerminal(stdin, queue, leave);
  else connectPipe(stdin, queue);
}

/*
 * ## A keyboard
 *
 * The terminal must be put back as it was whatever happens, so that is promised before anything else is. `exit` is
 * the one event in Node that nothing gets around but `kill -9`.
 *
 * If the Guest does not read, a terminal goes on being read all the same, or we would not hear the three keys. What
 * does not fit into the queue is answered with a beep.
 */

function connectTerminal(stdin: ReadStream, queue: InputQueue, leave: () => void): void {
  const enough = threeInARow(() => performance.now());
  stdin.setRawMode(true);
  process.on('exit', () => stdin.setRawMode(false));
  stdin.on('data', (bytes: Buffer) => {
    if (enough(bytes)) leave();
    if (queue.push(bytes) < bytes.length) process.stdout.write('\x07'); // like any terminal whose program does not listen
  });
}

/*
 * The times of the last three, as long as nothing else came between. A paste of a thousand lines with one ^C in it
 * does not count.
 */

/** Has there been ^C three times, with nothing between, within a second? */
export function threeInARow(now: () => number): (bytes: Uint8Array) => boolean {
  let times: number[] = [];
  return (bytes) => {
    for (const byte of bytes) {
      times = byte === CONTROL_C ? [...times, now()].slice(-TIMES) : [];
      if (times.length === TIMES && times[TIMES - 1]! - times[0]! <= WITHIN) return true;
    }
    return false;
  };
}

/*
 * ## A pipe
 *
 * With a pipe instead of a keyboard, Lantern is a filter: `echo 'primes 100' | npm run -s boot`. Nobody will press
 * anything, and nothing may be lost. So when the queue is full the pipe is left alone, until the Guest has made
 * room.
 *
 * A pipe ends, and a keyboard does not. What a person does at a keyboard to say *that was all* is ^D, so that is
 * what the Guest gets, once. Whether it goes to sleep over it or switches itself off is its own decision.
 */

/** A pipe waits while the Guest has no room, and its end is one ^D. */
function connectPipe(stdin: ReadStream, queue: InputQueue): void {
  let rest: Uint8Array = new Uint8Array(0);
  const feed = (bytes: Uint8Array) => {
    const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]); // the end comes even to a stream that pauses
    rest = all.subarray(queue.push(all));
    if (rest.length > 0) stdin.pause();
    else stdin.resume();
  };
  queue.onRoom = () => {
    if (rest.length > 0) feed(new Uint8Array(0));
  };
  stdin.on('data', feed);
  stdin.on('end', () => feed(Uint8Array.of(CONTROL_D)));
}
