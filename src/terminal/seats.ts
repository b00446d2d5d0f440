/*
 * # Several at one table
 *
 *     npm run boot -- --guest 64 vmlinux console=hvc0 --guest 32 pup
 *
 * Two Guests share a processor without noticing. It is your terminal that they cannot share: one screen, one keyboard, and each of them
 * thinks that it is alone.
 *
 * So each has a seat. What it says is put on a line that begins with its number. What you type goes to one of them, at first the first,
 * and the key ^] moves it to the next; that key has meant *I am not talking to you* since telnet. It is the only one that no Guest ever gets. With a single Guest there is no
 * table and there are no numbers, and ^] is a key like any other.
 */

import { InputQueue } from '../../chapters/4-launcher/input-queue.ts';

/** One Guest's part of the terminal. */
export interface Seat {
  /** In front of what concerns it. */
  readonly name: string;
  readonly input: InputQueue;
  output(bytes: Uint8Array): void;
  /** It has ended, and gets no more keys. */
  leave(): void;
}

/** Divides a terminal among `count` Guests. `typed` is the keyboard, `output` the screen. */
export function layTable(count: number, typed: InputQueue, output: (bytes: Uint8Array) => void): Seat[] {
  if (count === 1) return [{ name: '', input: typed, output, leave() {} }];
  const say = takeTurns(output);
  const inputs = Array.from({ length: count }, () => new InputQueue());
  const leave = passKeys(typed, inputs, (seat) => say(seat, text('[the keyboard is here]\r\n')));
  return inputs.map((input, seat) => ({
    name: nameOf(seat),
    input,
    output: (bytes: Uint8Array) => say(seat, bytes),
    leave: () => leave(seat),
  }));
}

function nameOf(seat: number): string {
  return `${seat + 1}| `;
}

function text(words: string): Uint8Array {
  return new TextEncoder().encode(words);
}

/*
 * ## Who is speaking?
 *
 * A number stands at the beginning of each line, and again wherever somebody else has cut in. Nothing is held back until the line is
 * full: a prompt is not a line, and neither is the letter that you have just typed.
 */
const NEWLINE = 10;

/** Says what anybody says, with a name in front of each line. */
function takeTurns(output: (bytes: Uint8Array) => void): (seat: number, bytes: Uint8Array) => void {
  let speaker = -1;
  let inLine = false;
  return (seat, bytes) => {
    const parts: Uint8Array[] = [];
    for (let from = 0; from < bytes.length; ) {
      const newline = bytes.indexOf(NEWLINE, from);
      const to = newline < 0 ? bytes.length : newline + 1;
      if (inLine && seat !== speaker) parts.push(text('\r\n'));
      if (!inLine || seat !== speaker) parts.push(text(nameOf(seat)));
      parts.push(bytes.subarray(from, to));
      speaker = seat;
      inLine = newline < 0;
      from = to;
    }
    output(Buffer.concat(parts));
  };
}

/*
 * ## Who is meant?
 *
 * Keys go from the keyboard's queue into that of the Guest. If there is no room, they stay where they are, and whoever fills the first queue will
 * find out by himself. A Guest that ends takes the keyboard along only until the next one has it.
 */
const OTHER_SEAT = 0x1d; // ^]

/** Passes keys on. @returns what to call when somebody leaves the table */
function passKeys(
  typed: InputQueue,
  inputs: readonly InputQueue[],
  moved: (seat: number) => void,
): (seat: number) => void {
  const gone = new Set<number>();
  let current = 0;
  let passing = false;
  let rest: Uint8Array = new Uint8Array(0);
  const next = () => {
    for (let tried = 0; tried < inputs.length; tried++) {
      current = (current + 1) % inputs.length;
      if (!gone.has(current)) break;
    }
    if (gone.size < inputs.length) moved(current);
  };
  /** Passes on what is in `rest`, up to a change of seats. False if there is no room for it. */
  const passSome = (): boolean => {
    const key = rest.indexOf(OTHER_SEAT);
    const meant = key < 0 ? rest : rest.subarray(0, key);
    const taken = gone.has(current) ? meant.length : inputs[current]!.push(meant);
    rest = rest.subarray(taken);
    if (taken < meant.length) return false;
    if (key >= 0) {
      rest = rest.subarray(1);
      next();
    }
    return true;
  };
  const pass = () => {
    if (passing) return; // to take from a queue may bring more into it, and us here
    passing = true;
    do {
      if (rest.length === 0) rest = typed.take(typed.length);
    } while (rest.length > 0 && passSome());
    passing = false;
  };
  typed.onArrival = pass;
  for (const input of inputs) input.onRoom = pass;
  return (seat) => {
    gone.add(seat);
    if (seat === current) next();
    pass();
  };
}
