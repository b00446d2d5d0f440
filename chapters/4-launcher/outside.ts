import type { InputQueue } from './input-queue.ts';

/** Something the person at the keyboard can mend. The message is one line and names the culprit. */
export class LauncherError extends Error {
  override readonly name: string = 'LauncherError';
}

/** How messages spell an address. */
export function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}

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

/** All that the Launcher knows of the world beyond the Guest, besides its clock and its dice. */
export interface Outside {
  /** @throws LauncherError naming the file and what is wrong with it */
  readFile(name: string): Uint8Array;
  /** @throws LauncherError naming the image and what is wrong with it */
  openDisk(name: string): Disk;
  /** What is typed at the Guest. */
  readonly input: InputQueue;
  /** What the Guest says. The bytes belong to the callee from now on. */
  output(bytes: Uint8Array): void;
  /** While the reader of `output` lags behind: a promise of better times. */
  outputDrained(): Promise<void> | undefined;
  /** One line for whoever started the Guest, without the newline. */
  warn(line: string): void;
}
