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

  const write = (bytes: Uint8Array) => {
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
    drained: () => (held && heldBytes > MOST_BEHIND_CURTAIN ? raised : draining),
    raiseCurtain() {
      for (const bytes of held ?? []) write(bytes);
      held = undefined;
      raise();
    },
  };
}
