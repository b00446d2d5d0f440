/*
 * # What comes out of the wall
 *
 * Two holes. Into the one the Guest's network card is plugged, by a cable. Behind the other is the computer that all
 * of this runs on, with its sockets. Everything in this room is between the two.
 */

/*
 * ## The Guest's side
 *
 * Chapter 4 describes [its end of the cable](#link). Here is ours, which has the same shape, line by line, and is
 * written down again because this room can be read, tested and run without a hypervisor anywhere near. TypeScript
 * compares shapes, not names. If the two ever drift apart, the place where they are plugged together does not
 * compile.
 */

/** An Ethernet frame from the destination address on, perhaps unfinished. */
export interface Frame {
  readonly bytes: Uint8Array;
  /** The Internet checksum of everything from `start` on is still to be computed, and belongs at `start + offset`. */
  readonly checksum?: { readonly start: number; readonly offset: number } | undefined;
  /** To be cut into TCP segments of `size` bytes of data; `headers` bytes are in front. */
  readonly segments?: { readonly type: number; readonly size: number; readonly headers: number } | undefined;
}

/** `segments.type` for TCP over IPv4, in virtio's numbers. */
export const SEGMENTS_TCP4 = 1;

/** Whatever a network card can be plugged into. */
export interface Cable {
  /** Takes a frame from the card. */
  send(frame: Frame): void;
  /** Frames had better wait. */
  readonly busy: boolean;
  /** The next frame for the card, if there is one. */
  receive(): Frame | undefined;
  /** Called when `receive` may have something again. */
  onArrival: () => void;
  close(): void;
}

/*
 * ## The computer's side
 *
 * A stream is a TCP connection as programs see one: bytes in, bytes out, either of which can end before the other.
 * There are two ways to be slow and both are in here. `write` says when its bytes have left, so whoever writes can
 * count what is still on the way. And `pause` asks not to be given more.
 */

/** A TCP connection of the computer's own. Addresses are dotted. */
export interface Stream {
  /**
   * Sends bytes, of which nothing is kept that is not needed; `left` is told how many are no longer in our memory, and
   * is the same for all bytes of a stream.
   */
  write(bytes: Uint8Array, left: (count: number) => void): void;
  /** No more will be written. */
  end(): void;
  /** Hears no more, and ends when all that was written has gone: to be called behind `end`. */
  leave(): void;
  /** Ends both directions at once, without good-bye. No event comes after this. */
  abort(): void;
  pause(): void;
  resume(): void;
}

/** What happens to a stream. After `closed` nothing does. */
export interface StreamEvents {
  opened(): void;
  received(bytes: Uint8Array): void;
  /** The other side will send no more. */
  ended(): void;
  /** It is over, for this reason; 'done' if both directions had ended. */
  closed(reason: Closing): void;
}

export type Closing = 'done' | 'refused' | 'unreachable' | 'reset';

/** A UDP socket of the computer's own, on a port of its choice. */
export interface Datagrams {
  send(bytes: Uint8Array, address: string, port: number): void;
  close(): void;
}

/** The network that this computer is in. */
export interface Sockets {
  connect(address: string, port: number, events: StreamEvents): Stream;
  datagrams(received: (bytes: Uint8Array, address: string, port: number) => void): Datagrams;
  /** IPv4 addresses of a name; none if there is no such name. Rejects if nobody could be asked. */
  lookup(name: string): Promise<string[]>;
}

/*
 * And since nobody here may look at a clock, here is one to be looked at. The chapters call theirs the `World`.
 */

/** Time and chance, from outside. */
export interface Clock {
  /** Nanoseconds; never goes back. */
  now(): number;
  sleep(nanoseconds: number): Promise<void>;
  entropy(into: Uint8Array): void;
}
