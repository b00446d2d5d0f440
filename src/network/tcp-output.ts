/*
 * # What to say next
 *
 * Most programs that send packets have a queue of them. This one has none. When the Guest has put up a buffer, its card
 * asks the cable, the cable asks those who stand in line, and the first that has something to say looks at its ledger
 * and makes up a segment on the spot. Acknowledgements cost little that way: however many segments have come in since
 * the last time, one answer does for all. And a Guest that takes nothing makes us write nothing.
 */

import type { Frame } from './cable.ts';
import type { Route } from './ipv4.ts';
import { type Connection, HALF_OPEN, NEVER } from './tcp-connection.ts';
import { ACK, advance, ahead, FIN, OUR_MSS, PSH, type Segment, SYN, tcpFrame } from './tcp-segment.ts';

/** The next frame that a connection has for the Guest, if it has one. */
export function nextFrame(connection: Connection, route: Route, now: number): Frame | undefined {
  switch (connection.state) {
    case 'syn-sent':
    case 'syn-received':
      return connection.synDue ? synFrame(connection, route) : undefined;
    case 'established':
      return nextData(connection, route, now) ?? nextWord(connection, route);
    default:
      return undefined;
  }
}

/*
 * ## Hello
 *
 * A SYN takes up one number, as if it were a byte, so that it can be acknowledged. Windows may be shifted only if both
 * say so: ours we shift by nothing, and say even that, for else the Guest could not shift its own.
 */

function synFrame(connection: Connection, route: Route): Frame {
  const answering = connection.state === 'syn-received';
  connection.synDue = false;
  connection.next = advance(connection.acknowledged, 1);
  connection.furthest = connection.next;
  return tcpFrame(route, {
    ...header(connection, answering ? SYN | ACK : SYN),
    sequence: connection.acknowledged,
    mss: OUR_MSS,
    scale: !answering || connection.scale !== undefined ? 0 : undefined,
  });
}

/*
 * ## Data
 *
 * As much as there is, as much as the Guest has room for, as much as fits into an IP packet, whichever is least. If
 * that is only a crumb, and other segments are on their way, we wait: their acknowledgement will bring more room.
 * Nobody waited in 1982, and connections were seen that moved whole files one byte at a time. It was called the
 * silly window syndrome.
 *
 * The end of the stream is one more byte behind the last, and goes with it.
 */

const LONGEST_DATA = 65535 - 40;

function nextData(connection: Connection, route: Route, now: number): Frame | undefined {
  const { buffer, inFlight, mss } = connection;
  const waiting = Math.max(0, buffer.length - inFlight);
  const room = connection.window - inFlight;
  let length = Math.max(0, Math.min(waiting, room, LONGEST_DATA - (LONGEST_DATA % mss)));
  if (length < waiting && inFlight > 0 && length < Math.max(mss, connection.window / 2)) length = 0;
  const ending = connection.streamEnded && !connection.endAcknowledged && inFlight <= buffer.length;
  const fin = ending && length === waiting;
  if (length === 0 && !fin) {
    if (waiting > 0 && connection.due === NEVER) setAlarm(connection, now);
    return undefined;
  }
  const flags = ACK | (length === waiting ? PSH : 0) | (fin ? FIN : 0);
  const frame = tcpFrame(route, header(connection, flags), length, mss, (into) =>
    buffer.copy(inFlight, into),
  );
  connection.next = advance(connection.next, length + (fin ? 1 : 0));
  if (ahead(connection.next, connection.furthest) > 0) connection.furthest = connection.next;
  if (connection.due === NEVER) setAlarm(connection, now);
  return frame;
}

/*
 * ## No data
 *
 * An acknowledgement is a segment of nothing. A probe is one too, but with the number of a byte that was
 * acknowledged long ago. Whoever gets such a thing has to answer *that is old, I am at 5000 and have room for
 * 64,240*, and the last part is what we wanted to know.
 */

function nextWord(connection: Connection, route: Route): Frame | undefined {
  if (!connection.ackDue && !connection.probeDue) return undefined;
  const segment = header(connection, ACK);
  if (connection.probeDue) segment.sequence = advance(connection.acknowledged, -1);
  connection.probeDue = false;
  return tcpFrame(route, segment);
}

/** The header of a segment sent now, which tells the Guest all that we have to tell about its own stream. */
function header(connection: Connection, flags: number): Omit<Segment, 'data'> {
  const { ends, room } = connection;
  connection.ackDue = false;
  connection.ackOwed = false;
  connection.announced = advance(connection.expected, room);
  return {
    sourcePort: ends.farPort,
    destinationPort: ends.guestPort,
    sequence: connection.next,
    acknowledgement: flags & ACK ? connection.expected : 0,
    flags,
    window: room,
  };
}

/*
 * ## Silence
 *
 * If nothing is heard for a second, something was lost, so we begin again at the last byte that was acknowledged.
 * And after two seconds, and four. In October 1986 everybody repeated himself at once, the line from Berkeley to
 * its neighbour on the hill went from thirty-two thousand bits a second to forty, and to wait twice as long each
 * time is a part of what was learned from it.
 *
 * Data that the Guest has never asked for sets no alarm: it cannot have been lost. Nor does it count as a repetition
 * before the Guest has asked for it: whoever reads its screen may have gone to lunch, and it stands still. A SYN is
 * another matter, for somebody stands at the door. After a minute he is sent away, whether or not the Guest has come to
 * look who it is.
 */

const SECOND = 1e9;
const LONGEST_WAIT = 30 * SECOND;
const MOST_TRIES = 8;
const MOST_SYN_TRIES = 5;

export function setAlarm(connection: Connection, now: number): void {
  connection.due = now + Math.min(SECOND * 2 ** connection.tries, LONGEST_WAIT);
}

/** The alarm has rung. @returns false if there is no hope left */
export function tryAgain(connection: Connection, now: number): boolean {
  if (connection.state === 'connecting') return false;
  if (connection.state !== 'established') {
    connection.synDue = true;
    connection.tries++;
    setAlarm(connection, now);
    return connection.tries <= MOST_SYN_TRIES;
  }
  if (connection.inFlight > 0) {
    connection.tries++;
    connection.next = connection.acknowledged;
  } else if (connection.buffer.length === 0) {
    connection.probeDue = true;
    connection.due = now + HALF_OPEN;
    return true;
  } else if (connection.window === 0 && !connection.probeDue) {
    connection.probeDue = true;
    connection.tries++;
  }
  setAlarm(connection, now);
  return connection.tries <= MOST_TRIES;
}
