/*
 * # One conversation
 *
 * The Guest talks TCP to us and believes that it talks to a machine in Norway. We talk to Norway, through an
 * ordinary socket, and Norway believes that it talks to us. A `Connection` sits in the middle with a hand on each
 * stream and has one duty: what goes in on one side comes out on the other, all of it, in order, once, and no
 * faster than the slower of the two can take it.
 *
 * :::figure{#tcp-states caption="From the Guest's SYN downwards; a connection that is forwarded to the Guest begins in syn-sent."}
 * ```text
 *   SYN from the Guest            somebody at a door
 *          |                             |
 *      connecting  -- refused --> RST    |
 *          | the socket is open          |
 *     syn-received                   syn-sent
 *          | ACK                         | SYN, ACK
 *          +----------> established <----+
 *                            |   each side ends by itself
 *                         closed
 * ```
 * :::
 */

import { ByteQueue } from './byte-queue.ts';
import type { Stream } from './cable.ts';
import { ahead, DEFAULT_MSS, OUR_MSS, type Segment } from './tcp-segment.ts';

export type State = 'connecting' | 'syn-sent' | 'syn-received' | 'established' | 'closed';

/** Who talks to whom, in the Guest's view. */
export interface Ends {
  guest: number;
  guestPort: number;
  far: number;
  farPort: number;
}

/** What a connection is found by. */
export function keyOf({ guest, guestPort, far, farPort }: Ends): string {
  return `${guest}:${guestPort} ${far}:${farPort}`;
}

/*
 * ## How much
 *
 * For each connection we hold some 256 kilobytes that the Guest has not yet taken (then the socket is read no more, but
 * what came out of it last is kept whole), and at most 32 that its peer has not.
 *
 * The second number was the same as the first, until somebody measured. As long as a Guest has room to send, it sends
 * each segment as soon as it is full: 1,448 bytes, a knock at our door, 1,448 bytes, a knock. Only when it must wait
 * for room does what its programs write pile up in its kernel, and the pile then comes in pieces of 16 kilobytes, with
 * one knock each. So the room is about what a Guest can fill in one turn at the processor. Less to hold, and faster.
 */

/**
 * Bytes that we take from the Guest before its peer has taken them from us; they fit into a window that is not shifted.
 */
export const ROOM: number = 1 << 15;
/** With so much unacknowledged by the Guest, the socket is not read; with so little, it is read again. */
export const MOST_WAITING: number = 1 << 18;
export const FEW_WAITING: number = 1 << 17;

/** No alarm. */
export const NEVER: number = Number.POSITIVE_INFINITY;
/** Nanoseconds after which a Guest that has ended, and hears nothing, is asked whether it still listens. */
export const HALF_OPEN = 60e9;

/*
 * ## What there is to remember
 *
 * Two columns of the same ledger. For the bytes that come from the Guest: the number of the next one, and how many of
 * them our socket still has to get rid of. For those that go to it: which it has acknowledged, which we have sent,
 * and the furthest that we ever got, since after a loss we begin again from behind.
 */

/** A TCP connection between the Guest and a stream of this computer's. */
export class Connection {
  readonly ends: Ends;
  state: State;
  stream: Stream | undefined;
  /** The stream is closed, whatever the Guest thinks. */
  streamClosed = false;

  /** From the Guest: the number of the next byte. */
  expected = 0;
  /** Bytes written to the stream that have not left it. */
  undelivered = 0;
  /** Told by the stream how many have. */
  left: ((count: number) => void) | undefined = undefined;
  /** The number of the first byte that we have not yet said we have room for. */
  announced = 0;
  guestEnded = false;

  /** To the Guest: what it has not acknowledged, sent or not. */
  readonly buffer = new ByteQueue();
  /** The number of the first byte in `buffer`. */
  acknowledged: number;
  /** The number of the next byte to be sent, and of the first that never was. */
  next: number;
  furthest: number;
  streamEnded = false;
  endAcknowledged = false;
  paused = false;

  /** Bytes that the Guest takes: in all, and in one segment. */
  window = 0;
  mss: number = DEFAULT_MSS;
  /** The shift of the windows that come; undefined if the Guest has never heard of such a thing. */
  scale: number | undefined;

  /** To be said as soon as the Guest can hear it. */
  synDue = false;
  ackDue = false;
  probeDue = false;
  /** To be said when the Guest's turn at the processor is over, if nothing has been said by then. */
  ackOwed = false;

  /** When something must be done about silence, by the clock (in nanoseconds), and how often that has been. */
  due: number = NEVER;
  tries = 0;
  /** The same acknowledgement, how many times in a row. */
  duplicates = 0;
  /** Called when there is something to be said that the Guest has not asked for. */
  onWork: () => void = () => {};

  constructor(ends: Ends, state: State, firstNumber: number) {
    this.ends = ends;
    this.state = state;
    this.acknowledged = firstNumber;
    this.next = firstNumber;
    this.furthest = firstNumber;
  }

  /** Bytes sent and not acknowledged, the end of the stream counting as one. */
  get inFlight(): number {
    return ahead(this.next, this.acknowledged);
  }

  /** Bytes that the Guest may still send. */
  get room(): number {
    return ROOM - this.undelivered;
  }
}

/*
 * Some of it stands in the first segment that the Guest sends: where its numbers begin, and what it can take.
 */

/** Learns from the Guest's SYN what it takes and where it begins. */
export function learn(connection: Connection, syn: Segment): void {
  connection.expected = (syn.sequence + 1) >>> 0;
  connection.announced = connection.expected;
  connection.window = syn.window; // in a SYN, it is not shifted
  connection.mss = Math.min(syn.mss ?? DEFAULT_MSS, OUR_MSS);
  connection.scale = syn.scale;
}

/*
 * ## The stream's end
 *
 * When both have ended, and both know, there is nothing left but to forget. TCP makes whoever hung up first wait
 * for four minutes, in case a copy of an old packet is still wandering about in Norway. On a cable of our own, no
 * packet wanders.
 */

/** Has everything been said, and heard? */
export function isFinished(connection: Connection): boolean {
  return connection.guestEnded && connection.endAcknowledged && !connection.ackDue;
}
