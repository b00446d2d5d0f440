/*
 * # A switch
 *
 * With two cables and something between them you have a network with no internet to it. In lguest's first months
 * that was a file, mapped by all who took part, with a lock for each. Here it is the box that every office has under a
 * desk.
 *
 * It knows nothing. It looks at who sends, and remembers on which cable that was. It looks at whom it is for, and
 * if it has seen that one before, it has the cable. If not, it sends the frame to everybody else, somebody will
 * answer, and then it knows.
 */

import type { Frame } from './cable.ts';

/** One hole of the switch. */
export interface Socket {
  /** A frame comes in by it. */
  send(frame: Frame): void;
  unplug(): void;
}

/** Names that it remembers. A Guest can invent as many as it likes, and the oldest is forgotten. */
const MOST_KNOWN = 1024;

/** A learning Ethernet switch. */
export class LearningSwitch {
  readonly #outlets = new Set<(frame: Frame) => void>();
  readonly #known = new Map<string, (frame: Frame) => void>();

  /** @param deliver takes what goes out by this hole; it may throw frames away, and must not wait */
  plug(deliver: (frame: Frame) => void): Socket {
    this.#outlets.add(deliver);
    return {
      send: (frame) => this.#pass(frame, deliver),
      unplug: () => {
        this.#outlets.delete(deliver);
        for (const [name, outlet] of this.#known) if (outlet === deliver) this.#known.delete(name);
      },
    };
  }

  #pass(frame: Frame, from: (frame: Frame) => void): void {
    const { bytes } = frame;
    if (bytes.length < 14 || !this.#outlets.has(from)) return;
    this.#learn(bytes, from);
    const to = this.#known.get(nameAt(bytes, 0));
    if (to === from) return;
    if (to) to(frame);
    else for (const outlet of this.#outlets) if (outlet !== from) outlet({ ...frame, bytes: bytes.slice() });
  }

  /** A sender that is a crowd (bit 0 of its first byte) is nobody's name. */
  #learn(bytes: Uint8Array, from: (frame: Frame) => void): void {
    if (bytes[6]! & 1) return;
    const name = nameAt(bytes, 6);
    this.#known.delete(name); // and in again, as the latest
    this.#known.set(name, from);
    if (this.#known.size <= MOST_KNOWN) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      return;
    }
  }
}

function nameAt(bytes: Uint8Array, at: number): string {
  return bytes.subarray(at, at + 6).join(':');
}

/*
 * Each gets a copy of its own. Whoever finishes a frame's checksum writes into it, and of two who do that to the same
 * bytes the second would be wrong.
 */
