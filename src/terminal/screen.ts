/*
 * # A screen with a curtain
 *
 * Two things can be between the Guest and what you see. One is a slow reader: standard output may be a pipe into a
 * program that thinks about every line. Node would take whatever it is given and pile it up. It does say when it
 * would rather not, and `drained` passes that on to the Launcher, who then does not run the Guest.
 *
 * The other is a curtain. `npm start` has two shows to put on in one terminal, the weaving of the book and the boot
 * of a Guest, and they would talk across each other. So the Guest starts behind the curtain, at once, and by the
 * time it rises pup is usually standing there at its prompt.
 */

import type { Writable } from 'node:stream';

/** Where the Guest's output goes. */
export interface Screen {
  output(bytes: Uint8Array): void;
  /** A promise while nothing more should be said, for the reader is behind or the curtain is down. */
  drained(): Promise<void> | undefined;
  /** Lets out at once what was said in this turn, so that something else can be said behind it. */
  flush(): void;
  /** Lets everything out that was said behind the curtain. */
  raiseCurtain(): void;
}

/*
 * What is said behind a closed curtain has to be kept; a Guest that has said 64 KiB may wait with the rest.
 */

const MOST_BEHIND_CURTAIN = 1 << 16;

/** @param curtain true: keep the output back until `raiseCurtain` */
export function createScreen(stream: Writable, curtain = false): Screen {
  let held: Uint8Array[] | undefined = curtain ? [] : undefined;
  let heldBytes = 0;
  let raise = () => {};
  const raised = new Promise<void>((resolve) => {
    raise = resolve;
  });
  let draining: Promise<void> | undefined;
  const cork = createCork(stream);

  const write = (bytes: Uint8Array) => {
    cork();
    if (stream.write(bytes) || draining) return;
    draining = new Promise((resolve) => {
      stream.once('drain', () => {
        draining = undefined;
        resolve();
      });
    });
  };
  return {
    output(bytes) {
      if (!held) {
        write(bytes);
        return;
      }
      held.push(bytes);
      heldBytes += bytes.length;
    },
    flush: () => stream.uncork(),
    drained: () => (held && heldBytes > MOST_BEHIND_CURTAIN ? raised : draining),
    raiseCurtain() {
      for (const bytes of held ?? []) write(bytes);
      held = undefined;
      raise();
    },
  };
}

/*
 * ## In one breath
 *
 * As long as it has no driver for its console, a Linux says every letter by itself: six thousand trips to your
 * operating system, and as many times your terminal is woken up, for what fits on two screens. So the stream has a cork
 * in it, which is pulled when the Guest's turn is over. Nobody sees the difference of four milliseconds; a boot is a
 * thirtieth shorter.
 */
/** Gathers what is written in one turn of the event loop. The function it returns is to be called before each write. */
function createCork(stream: Writable): () => void {
  let corked = false;
  const pull = () => {
    corked = false;
    stream.uncork();
  };
  return () => {
    if (corked) return;
    corked = true;
    stream.cork();
    setImmediate(pull);
  };
}
