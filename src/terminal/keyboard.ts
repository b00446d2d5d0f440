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

/** Where keys go: the input of a Guest, or [a table](#several-at-one-table) with several. */
export type Keys = Pick<InputQueue, 'push' | 'onRoom'> & {
  /** Says that there will be no more keys, to those who are not having them. */
  endForOthers?(): void;
};

const CONTROL_C = 3;
export const CONTROL_D = 4;
const TIMES = 3;
const WITHIN = 1000; // milliseconds, to press three times, and to take something of what waits

/** Connects standard input to the Guest's console. @param leave called when the person has had enough */
export function connectKeyboard(stdin: ReadStream, keys: Keys, leave: () => void): void {
  if (stdin.isTTY) connectTerminal(stdin, keys, leave);
  else connectPipe(stdin, keys);
}

/*
 * ## Nothing lost
 *
 * Between the stream and the Guest is the queue, and the queue has an end. When it is full, the rest of what came is
 * kept, one chunk of it, and the stream is not read. Whoever is at the other end of it then finds that it cannot write,
 * and waits, and so on back to whoever started it all. When the Guest has taken something, it goes on.
 */

const NOTHING = new Uint8Array(0);

/** What flows from a stream into the queue, as fast as the Guest takes it. */
interface Flow {
  /** Takes what has come from the stream, which waits until there is room for all of it. */
  feed(bytes: Uint8Array): void;
  /** Is something waiting for room? */
  stands(): boolean;
  /** Hands back what waits for room, and listens again. */
  drop(): Uint8Array;
}

/** @param moved called when the Guest has made room */
function flowInto(keys: Keys, stdin: ReadStream, moved: () => void = () => {}): Flow {
  let rest: Uint8Array = NOTHING;
  const feed = (bytes: Uint8Array) => {
    const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]); // the end comes even to a stream that pauses
    rest = all.subarray(keys.push(all));
    if (rest.length > 0) stdin.pause();
    else stdin.resume();
  };
  keys.onRoom = () => {
    if (rest.length > 0) feed(NOTHING);
    moved();
  };
  return {
    feed,
    stands: () => rest.length > 0,
    drop() {
      const dropped = rest;
      rest = NOTHING;
      stdin.resume();
      return dropped;
    },
  };
}

/*
 * ## A keyboard
 *
 * The terminal must be put back as it was whatever happens, so that is promised before anything else is. `exit` is the
 * one event in Node that [every ending](#everything-ends-here) passes by, short of `kill -9` and a crash of Node
 * itself.
 *
 * A terminal can bring a lot at once: you paste three megabytes into an editor, and the editor thinks about each line.
 * So a terminal waits for room like any stream. But while it waits we do not hear the three keys, and a Guest that
 * never reads again would have locked you in with it. The compromise is a second. If nothing has been taken for that
 * long, nobody is listening. From then on every key is heard by itself, and one that finds no room is answered with a
 * beep. But some need none: the three, and ^] at a table of several.
 *
 * And a terminal has no end, other than that its window is closed. To those who belong to it that is said by a signal.
 * Whoever was only lent it finds that there is nothing to read any more, and so says it to himself.
 */

function connectTerminal(stdin: ReadStream, keys: Keys, leave: () => void): void {
  const enough = threeInARow(() => performance.now());
  let nobodyListens = false;
  let timer: NodeJS.Timeout | undefined;
  const flow = flowInto(keys, stdin, () => {
    nobodyListens = false;
    wait();
  });
  const wait = () => {
    clearTimeout(timer);
    if (flow.stands()) timer = setTimeout(giveUp, WITHIN).unref();
  };
  const giveUp = () => {
    nobodyListens = true;
    press(keys, flow.drop());
  };
  stdin.setRawMode(true);
  process.on('exit', () => stdin.setRawMode(false));
  process.on('SIGCONT', () => stdin.setRawMode(false).setRawMode(true)); // whoever has stopped us took the mode away
  for (const gone of ['end', 'error']) stdin.on(gone, () => process.kill(process.pid, 'SIGHUP'));
  stdin.on('data', (bytes: Buffer) => {
    if (enough(bytes)) leave();
    if (nobodyListens) press(keys, bytes);
    else {
      flow.feed(bytes);
      wait();
    }
  });
}

/** One key after the other. If any is lost it beeps, as a terminal does when nobody listens. */
function press(keys: Keys, bytes: Uint8Array): void {
  let lost = 0;
  for (let at = 0; at < bytes.length; at++) lost += 1 - keys.push(bytes.subarray(at, at + 1));
  if (lost > 0) process.stdout.write('\x07');
}

/*
 * The times of the last three, as long as nothing else came between. A paste of a thousand lines with one ^C in it
 * does not count. But a terminal may type, too. Asked by the Guest where its cursor is, it answers `ESC [ 5 ; 5 R`, and
 * busybox's shell asks at each prompt. That is nobody's change of mind.
 */

/** Has there been ^C three times, with nothing between, within a second? */
export function threeInARow(now: () => number): (bytes: Uint8Array) => boolean {
  let times: number[] = [];
  return (bytes) => {
    for (const byte of withoutReports(bytes)) {
      times = byte === CONTROL_C ? [...times, now()].slice(-TIMES) : [];
      if (times.length === TIMES && times[TIMES - 1]! - times[0]! <= WITHIN) return true;
    }
    return false;
  };
}

/** Where the cursor is, and what sort of terminal this is: what terminals say when they are asked. */
const REPORT = new RegExp(`${String.fromCharCode(27)}\\[[?>\\d;]*[Rc]`, 'g');

function withoutReports(bytes: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(bytes).toString('latin1').replace(REPORT, ''), 'latin1');
}

/*
 * ## A pipe
 *
 * With a pipe instead of a keyboard, Lantern is a filter: `echo 'primes 100' | npm run -s boot`. Nobody will press
 * anything, so it can wait for room as long as it takes.
 *
 * A pipe ends, and a keyboard does not. What a person does at a keyboard to say *that was all* is ^D, so that is
 * what the Guest gets, once. Whether it goes to sleep over it or switches itself off is its own decision. At a table of
 * several everybody gets one, for nobody will ever pass the keyboard on.
 */

/** A pipe waits while the Guest has no room, and its end is one ^D for each. */
function connectPipe(stdin: ReadStream, keys: Keys): void {
  let isOver = false;
  const tellOthers = () => {
    if (!isOver || flow.stands()) return;
    isOver = false;
    keys.endForOthers?.();
  };
  const flow = flowInto(keys, stdin, tellOthers);
  stdin.on('data', flow.feed);
  stdin.on('end', () => {
    flow.feed(Uint8Array.of(CONTROL_D));
    isOver = true;
    tellOthers();
  });
}
