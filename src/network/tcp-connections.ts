/*
 * # The switchboard
 *
 * Two hundred and fifty-six conversations at once, and the one thing that they share: turns. Whoever has something to
 * say stands in a line, and each time the Guest has a buffer, the first in the line says one segment and goes to the
 * back. A download of a gigabyte and a key pressed in a shell get their turns alike.
 *
 * A switchboard is a room with wires leading out of it, and these are all that lead out of this one. It has never
 * heard of Ethernet, and asks somebody else for the time.
 */

import type { Clock, Frame, Sockets, Stream, StreamEvents } from './cable.ts';
import type { Ipv4, Route } from './ipv4.ts';
import { callIn, callOut, FIRST_PORT } from './tcp-calls.ts';
import { type Connection, type Ends, keyOf } from './tcp-connection.ts';
import { takeSegment } from './tcp-input.ts';
import { refuse } from './tcp-resets.ts';
import { ACK, FIN, RST, type Segment, SYN } from './tcp-segment.ts';
import { abandon, leave, nextTurn, owe, ringAlarms, standInLine } from './tcp-turns.ts';

/** What the switchboard needs of the network around it. */
export interface Surroundings {
  sockets: Sockets;
  clock: Clock;
  /** The way to the Guest from an address that it takes for somebody else's. */
  routeFrom(source: number, guest: number): Route;
  /** A frame that waits for no turn. It may get lost. */
  say(frame: Frame): void;
  /** The packet that opened the connection could not be delivered. */
  complain(guest: number, beginning: Uint8Array): void;
  /** There is something to be asked for. */
  wake(): void;
}

/*
 * ## Four lists
 *
 * A connection is found by its four ends: two addresses, two ports. That is the first list. The second is the line.
 * The third is for those that the Guest has forgotten and the computer has not, and is kept because of what a Guest
 * could [do to us without it](src/network/tcp-turns.ts#forgetConnection). And in the fourth are debts.
 */

/** All TCP connections of a Guest. */
export class TcpConnections {
  readonly around: Surroundings;
  readonly byEnds = new Map<string, Connection>();
  /** Those that may have something to say, the next one first. */
  readonly line = new Set<Connection>();
  /** Those of which the Guest has heard the last, and the computer has not. */
  readonly lingering = new Set<Connection>();
  /** Those that owe the Guest an acknowledgement. */
  readonly owing = new Set<Connection>();
  port: number = FIRST_PORT;

  constructor(around: Surroundings) {
    this.around = around;
  }

  get size(): number {
    return this.byEnds.size + this.lingering.size;
  }

  /** Takes a segment that the Guest has sent. */
  take(packet: Ipv4, segment: Segment): void {
    putThrough(this, packet, segment);
  }

  /** A stream that somebody has opened to a port of the Guest's. @returns undefined if it has to be turned away */
  callGuest(guest: number, guestPort: number, stream: Stream): StreamEvents | undefined {
    return callIn(this, guest, guestPort, stream);
  }

  /** The next frame for the Guest. */
  nextFrame(): Frame | undefined {
    return nextTurn(this);
  }

  tick(now: number): void {
    ringAlarms(this, now);
  }

  close(): void {
    for (const connection of [...this.byEnds.values(), ...this.lingering]) abandon(this, connection);
  }
}

/*
 * ## Putting through
 *
 * A segment for a conversation that we know is handed to it, and its verdict tells what is left to do. One that
 * belongs to none is either the first word of a new one, a SYN and nothing else, or a mistake. Ours, perhaps: the
 * Guest may be talking to somebody whom we have given up already. It deserves to be told.
 */

function putThrough(connections: TcpConnections, packet: Ipv4, segment: Segment): void {
  const ends = endsOf(packet, segment);
  const connection = connections.byEnds.get(keyOf(ends));
  if (!connection) {
    if ((segment.flags & (SYN | ACK | RST | FIN)) === SYN) callOut(connections, ends, packet, segment);
    else refuse(connections, ends, segment);
    return;
  }
  const verdict = takeSegment(connection, segment, connections.around.clock.now());
  if (verdict === 'reset' && connection.guestEnded) leave(connections, connection);
  else if (verdict === 'reset') abandon(connections, connection);
  else if (verdict === 'nonsense') refuse(connections, ends, segment);
  else standInLine(connections, connection);
  if (connection.ackOwed) owe(connections, connection);
}

function endsOf(packet: Ipv4, segment: Segment): Ends {
  return {
    guest: packet.source,
    guestPort: segment.sourcePort,
    far: packet.destination,
    farPort: segment.destinationPort,
  };
}
