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

function connectTerminal(stdin: ReadStream, queue: InputQueue, leave: () => void): void {
  const enough = threeInARow(() => performance.now());
  stdin.setRawMode(true);
  process.on('exit', () => stdin.setRawMode(false));
  stdin.on('data', (bytes: Buffer) => {
    if (enough(bytes)) leave();
    if (queue.push(bytes) < bytes.length) process.stdout.write('\x07'); // like any terminal whose program does not listen
  });
}

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
