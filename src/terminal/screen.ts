/*
 * # A screen with a curtain
 *
 * Two things can be between the Guest and what you see. One is a slow reader: standard output may be a pipe into a
 * program that thinks about every line. Node would take whatever it is given and pile it up. It does say when it
 * would rather not, and `drained` passes that on to the Launcher, who then does not run the Guest.
 *
 * The other is a curtain. `npm start` has two shows to put on in one terminal, the weaving of the book and the boot
 * of a Guest, and they would talk across each other. So the Guest starts behind the curtain, at once, and by the
 * time it rises pup is usually standing there at its prompt. Unless something has gone wrong behind it: then somebody
 * comes out in front and says so, and that ends the other show.
 */

import type { Writable } from 'node:stream';

/** Where the Guest's output goes. */
export interface Screen {
  output(bytes: Uint8Array): void;
  /** A promise while nothing more should be said, for the reader is behind or the curtain is down. */
  drained(): Promise<void> | undefined;
  /** Lets everything out that was said, behind the curtain too, so that something else can be said after it. */
  flush(): void;
  /** Lets everything out that was said behind the curtain. */
  raiseCurtain(): void;
}

/*
 * What is said behind a closed curtain has to be kept; a Guest that has said 64 KiB may wait with the rest.
 */

const MOST_BEHIND_CURTAIN = 1 << 16;

/** @param curtain what is to be done when the curtain rises; without it there is none */
export function createScreen(stream: Writable, curtain?: () => void): Screen {
  let held: Uint8Array[] | undefined = curtain ? [] : undefined;
  let heldBytes = 0;
  let raise = () => {};
  const raised = new Promise<void>((resolve) => {
    raise = resolve;
  });
  let draining: Promise<void> | undefined;
  const breath = createBreath((bytes) => {
    if (stream.write(bytes) || draining) return;
    draining = new Promise((resolve) => {
      stream.once('drain', () => {
        draining = undefined;
        resolve();
      });
    });
  });
  const raiseCurtain = () => {
    if (!held) return;
    curtain?.();
    for (const bytes of held) breath.in(bytes);
    held = undefined;
    breath.out();
    raise();
  };
  return {
    output(bytes) {
      if (!held) {
        breath.in(bytes);
        return;
      }
      held.push(bytes);
      heldBytes += bytes.length;
    },
    flush() {
      raiseCurtain();
      breath.out();
    },
    drained: () => (held && heldBytes > MOST_BEHIND_CURTAIN ? raised : draining),
    raiseCurtain,
  };
}

/*
 * ## In one breath
 *
 * As long as it has no driver for its console, a Linux says every letter by itself: six thousand trips to your
 * operating system, and as many times your terminal is woken up, for what fits on two screens. So we breathe in while
 * the Guest's turn lasts, and out when it is over. Nobody sees the difference of four milliseconds; a boot is a
 * thirtieth shorter.
 *
 * And if the program ends before that, by a signal, then it is out at the last moment: nobody's last word is held back.
 */

/** What fits into one breath, in bytes. Whatever is longer has been gathered already. */
const LONGEST_BREATH = 4096;

interface Breath {
  in(bytes: Uint8Array): void;
  out(): void;
}

/** Gathers what is said in one turn of the event loop, and hands it on together. */
function createBreath(handOn: (bytes: Uint8Array) => void): Breath {
  const held = new Uint8Array(LONGEST_BREATH);
  let length = 0;
  const out = () => {
    process.off('exit', out);
    if (length > 0) handOn(held.slice(0, length));
    length = 0;
  };
  return {
    in(bytes) {
      if (bytes.length === 0) return; // a Guest may say nothing as often as it likes
      if (length + bytes.length > LONGEST_BREATH) out();
      if (bytes.length > LONGEST_BREATH) {
        handOn(bytes);
        return;
      }
      if (length === 0) {
        setImmediate(out);
        process.once('exit', out);
      }
      held.set(bytes, length);
      length += bytes.length;
    },
    out,
  };
}
