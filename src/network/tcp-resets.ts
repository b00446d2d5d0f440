/*
 * # Go away
 *
 * RST is the shortest thing that one TCP can say to another, and it has two forms. For a connection that was one, it
 * carries the number that the other side waits for. If any number would do, anybody could end anybody's conversation
 * with a single packet.
 */

import type { Connection, Ends } from './tcp-connection.ts';
import type { TcpConnections } from './tcp-connections.ts';
import { ACK, advance, FIN, RST, type Segment, SYN, tcpFrame } from './tcp-segment.ts';

/** Tells the Guest that a connection is over. */
export function reset(connections: TcpConnections, connection: Connection): void {
  const { ends } = connection;
  const opened = connection.state !== 'syn-sent';
  sayReset(connections, ends, connection.next, opened ? connection.expected : undefined);
}

/*
 * ## From nowhere
 *
 * For a segment from nowhere, it is made so that its sender will recognise it as an answer. If the segment
 * acknowledged something, that is the number to use; if not, there is none, and what we acknowledge has to do: the
 * segment itself, in which SYN and FIN count as a byte each. And a RST is never answered with a RST, or two computers
 * could keep each other company for a long time.
 */

/** Tells the Guest that what it said belongs to no connection. */
export function refuse(connections: TcpConnections, ends: Ends, segment: Segment): void {
  if (segment.flags & RST) return;
  if (segment.flags & ACK) {
    sayReset(connections, ends, segment.acknowledgement);
    return;
  }
  const length = segment.data.length + (segment.flags & SYN ? 1 : 0) + (segment.flags & FIN ? 1 : 0);
  sayReset(connections, ends, 0, advance(segment.sequence, length));
}

/*
 * Neither takes a turn in the line. One has no connection that could stand there, and the other won't have in a
 * moment. It is said once. If it gets lost, whatever the Guest says next comes from nowhere, and is told so.
 */

function sayReset(connections: TcpConnections, ends: Ends, sequence: number, acknowledgement?: number): void {
  const segment = {
    sourcePort: ends.farPort,
    destinationPort: ends.guestPort,
    sequence,
    acknowledgement: acknowledgement ?? 0,
    flags: acknowledgement === undefined ? RST : RST | ACK,
    window: 0,
  };
  connections.around.say(tcpFrame(connections.around.routeFrom(ends.far, ends.guest), segment));
}
