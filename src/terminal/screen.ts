import type { Writable } from 'node:stream';

/** Where the Guest's output goes. */
export interface Screen {
  output(bytes: Uint8Array): void;
  /** A promise while nothing more should be said, for the reader is behind or the curtain is down. */
  drained(): Promise<void> | undefined;
  /** Lets everything out that was said behind the curtain. */
  raiseCurtain(): void;
}

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
