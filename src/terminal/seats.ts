/*
 * # Several at one table
 *
 *     npm run boot -- --guest 64 vmlinux console=hvc0 --guest 32 pup
 *
 * Two Guests share a processor without noticing. It is your terminal that they cannot share: one screen, one keyboard,
 * and each of them thinks that it is alone.
 *
 * So each has a seat. What it says is put on a line that begins with its number. What you type goes to one of them, at
 * first the first, and the key ^] moves it to the next; that key has meant *I am not talking to you* since telnet. It
 * is the only one that no Guest ever gets. With a single Guest there is no table and there are no numbers, and ^] is a
 * key like any other.
 */

import { InputQueue } from '../../chapters/4-launcher/input-queue.ts';
import { CONTROL_D, type Keys } from './keyboard.ts';

/** One Guest's part of the terminal. */
export interface Seat {
  /** In front of what concerns it. */
  readonly name: string;
  readonly input: InputQueue;
  output(bytes: Uint8Array): void;
  /** It has ended, and gets no more keys. */
  leave(): void;
}

/** Divides a terminal among `count` Guests. `output` is the screen; what is typed goes to `keys`. */
export function layTable(count: number, output: (bytes: Uint8Array) => void): { seats: Seat[]; keys: Keys } {
  const inputs = Array.from({ length: count }, () => new InputQueue());
  const [only] = inputs;
  if (count === 1) return { seats: [{ name: '', input: only!, output, leave() {} }], keys: only! };
  const say = takeTurns(output);
  const { keys, leave } = passKeys(inputs, (seat) => say(seat, text('[the keyboard is here]\r\n')));
  const seats = inputs.map((input, seat) => ({
    name: nameOf(seat),
    input,
    output: (bytes: Uint8Array) => say(seat, bytes),
    leave: () => leave(seat),
  }));
  return { seats, keys };
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
 * A number stands at the beginning of each line, and again wherever somebody else has cut in. Nothing is held back
 * until the line is full: a prompt is not a line, and neither is the letter that you have just typed.
 */
const NEWLINE = 10;

/** Says what anybody says, with a name in front of each line. */
function takeTurns(output: (bytes: Uint8Array) => void): (seat: number, bytes: Uint8Array) => void {
  const cut = text('\r\n');
  let speaker = -1;
  let inLine = false;
  return (seat, bytes) => {
    const name = text(nameOf(seat));
    const said = new Uint8Array(cut.length + bytes.length + name.length * (1 + newlinesIn(bytes)));
    let length = 0;
    const say = (part: Uint8Array) => {
      said.set(part, length);
      length += part.length;
    };
    for (let from = 0; from < bytes.length; ) {
      const newline = bytes.indexOf(NEWLINE, from);
      const to = newline < 0 ? bytes.length : newline + 1;
      if (inLine && seat !== speaker) say(cut);
      if (!inLine || seat !== speaker) say(name);
      say(bytes.subarray(from, to));
      speaker = seat;
      inLine = newline < 0;
      from = to;
    }
    output(said.subarray(0, length));
  };
}

function newlinesIn(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte === NEWLINE) count++;
  return count;
}

/*
 * ## Who is meant?
 *
 * Keys go straight into the queue of the Guest who has the keyboard. If there is no room in it, they stay with whoever
 * brought them, who is called when there is. Only ^] asks nobody for room: it is meant for the table. A Guest that ends
 * takes the keyboard along only until the next one has it. What was typed ahead was meant for it, and goes with it.
 */
const OTHER_SEAT = 0x1d; // ^]

/**
 * Passes keys on. @param moved told who has them from now on; `leave` is what to call when somebody leaves the table
 */
function passKeys(
  inputs: readonly InputQueue[],
  moved: (seat: number) => void,
): { keys: Keys; leave: (seat: number) => void } {
  const gone = new Set<number>();
  let current = 0;
  const next = () => {
    for (let tried = 0; tried < inputs.length; tried++) {
      current = (current + 1) % inputs.length;
      if (!gone.has(current)) break;
    }
    if (gone.size < inputs.length) moved(current);
  };
  const keys: Keys = {
    onRoom() {},
    push(bytes) {
      for (let from = 0; ; ) {
        const key = bytes.indexOf(OTHER_SEAT, from);
        const meant = bytes.subarray(from, key < 0 ? bytes.length : key);
        const taken = gone.has(current) ? meant.length : inputs[current]!.push(meant);
        from += taken;
        if (taken < meant.length || key < 0) return from;
        from++;
        next();
      }
    },
  };
  keys.endForOthers = () => {
    for (const [seat, input] of inputs.entries()) if (seat !== current) input.push(Uint8Array.of(CONTROL_D));
  };
  for (const [seat, input] of inputs.entries()) {
    input.onRoom = () => {
      if (seat === current) keys.onRoom();
    };
  }
  const leave = (seat: number) => {
    gone.add(seat);
    if (seat !== current) return;
    next();
    keys.onRoom(); // who comes next has some
  };
  return { keys, leave };
}
