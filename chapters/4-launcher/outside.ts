/*
 * # The world outside
 *
 * A Launcher that opened files and wrote to screens by itself would run in exactly one place. Ours has two to run in
 * already: a terminal, where there are files, and a test, where there are none; and a page of a book would do as well.
 * So it opens nothing. It is handed an `Outside`, and whatever it cannot find in there does not exist.
 *
 * The rule costs one interface and pays three times. A test can be the whole world to a Guest and know exactly what it
 * was told. Whoever wants a Guest in a page only has to say what is outside of a page. And you can read this chapter
 * without once meeting Node.
 */

import type { InputQueue } from './input-queue.ts';
import type { Link } from './link.ts';

/*
 * ## Whose fault is it?
 *
 * Before a Guest runs, only one party can have made a mistake, and it is the person at the keyboard: a kernel that
 * is not there, a disk that cannot be written, a memory of zero megabytes. Nobody ever mended such a thing with a
 * stack trace. A `LauncherError` is therefore one line, made to be read by whoever typed the command, and its
 * thrower swears that it names the culprit.
 */

/** Something the person at the keyboard can mend. The message is one line and names the culprit. */
export class LauncherError extends Error {
  override readonly name: string = 'LauncherError';
}

/** How messages spell an address. */
export function hex32(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}

/*
 * ## What we ask for
 *
 * A disk is a long row of bytes with a good memory. It says how long it is, reads, writes, and `sync` is its
 * promise that the power may now fail. Note what may throw: the medium itself may be broken, and that is *not* our
 * problem to solve. The Guest has drivers for that; it gets an I/O error, as it would from a disk that clicks.
 */

/**
 * A disk image, open. Positions and lengths are in bytes. Where a method throws a
 * LauncherError, the Guest sees an I/O error.
 */
export interface Disk {
  readonly size: number;
  readonly readOnly: boolean;
  /** Fills `into` from `position` on; returns how many bytes there were, 0 at the end. */
  read(position: number, into: Uint8Array): number;
  /** Returns how many of `bytes` were written. */
  write(position: number, bytes: Uint8Array): number;
  /** Returns once all that was written would survive a power cut. */
  sync(): void;
  close(): void;
}

/*
 * Everything else comes in one piece. Two of its members look alike and are not: `output` belongs to the Guest and
 * goes wherever the Guest's screen is, `warn` belongs to us.
 *
 * And one deserves a warning. `outputDrained` is here because a Guest can print faster than anybody can read. pup's
 * `yes`, if it had one, would talk without end, and a terminal at the far end of a slow line would pile it all up in
 * *our* memory. So as long as there is a promise here, the Guest is not run. The slow reader slows down the whole
 * machine inside, and the machine does not notice. All that it could see, if it looked at the time, is a jump.
 */

/**
 * Looks on while the devices of a Guest work. Told once for each device, of the Guest whose memory is at `base` in the
 * machine's RAM; what comes back is put around each request from then on, and returns what `serve` returns.
 */
export type Onlooker = (
  base: number,
  device: string,
) => (queue: string, bytes: number, serve: () => number) => number;

/*
 * A network is asked for in one of [three ways](#which-network). Whoever gives it may have none: a page
 * of a book has no cable to plug in.
 */

/** What the Guest's network card is to be plugged into. */
export type NetworkOption =
  | { kind: 'user'; forwards: Forward[]; asked: boolean }
  | { kind: 'switch'; name: string }
  | { kind: 'tunnet'; tap: string };

/** Connections to `port` at `address` outside go to `guestPort` of the Guest. */
export interface Forward {
  address: string;
  port: number;
  guestPort: number;
}

/** All that the Launcher knows of the world beyond the Guest, besides its clock and its dice. */
export interface Outside {
  /** @throws LauncherError naming the file and what is wrong with it */
  readFile(name: string): Uint8Array;
  /**
   * What was packed into `bytes` by gzip; absent where nobody can tell.
   *
   * @param most how many bytes there may be
   * @throws LauncherError naming the file and what is wrong with it
   */
  readonly gunzip?: (name: string, bytes: Uint8Array, most: number) => Uint8Array;
  /** @throws LauncherError naming the image and what is wrong with it */
  openDisk(name: string): Disk;
  /**
   * Plugs in a cable; absent where there is no network to be had.
   *
   * @param address six bytes: the MAC of the card at our end
   * @throws LauncherError naming what could not be connected and why
   */
  openLink?(network: NetworkOption, address: Uint8Array): Promise<Link>;
  /** What is typed at the Guest. */
  readonly input: InputQueue;
  /** What the Guest says. The bytes belong to the callee from now on. */
  output(bytes: Uint8Array): void;
  /** While the reader of `output` lags behind: a promise of better times. */
  outputDrained(): Promise<void> | undefined;
  /** One line for whoever started the Guest, without the newline. */
  warn(line: string): void;
  /** Who wants to see what the devices are asked, if anybody does. */
  readonly onlooker?: Onlooker | undefined;
}
