/*
 * # What was that?
 *
 * A segment has come from the Guest. It may be news, an echo of what we have had, something we cannot have yet, or
 * malice. The specification of 1981 takes twelve pages to say what to do in each case, and they are good pages; here
 * is what is left of them if there is only one cable and nothing on it changes places.
 */

import { type Connection, FEW_WAITING, HALF_OPEN, learn, NEVER, ROOM } from './tcp-connection.ts';
import { setAlarm } from './tcp-output.ts';
import { ACK, advance, ahead, FIN, RST, type Segment, SYN } from './tcp-segment.ts';

/** 'reset': the Guest has given up. 'nonsense': it should be told that there is no such connection. */
export type Verdict = 'fine' | 'reset' | 'nonsense';

/** Takes a segment of the Guest's into account. */
export function takeSegment(connection: Connection, segment: Segment, now: number): Verdict {
  switch (connection.state) {
    case 'connecting':
      return segment.flags & RST ? 'reset' : 'fine'; // the Guest repeats its SYN, and has to wait
    case 'syn-sent':
      return takeAnswer(connection, segment);
    case 'syn-received':
      return takeThirdStep(connection, segment, now);
    case 'established':
      return takeMore(connection, segment, now);
    default:
      return 'nonsense';
  }
}

/*
 * ## The handshake
 *
 * Three steps. SYN: *my bytes begin at 100.* SYN and ACK: *I heard 100, and mine begin at 300.* ACK: *I heard 300.*
 * The third is there so that neither takes an old SYN, late by a minute, for somebody at the door.
 */

function takeAnswer(connection: Connection, segment: Segment): Verdict {
  const heard = (segment.flags & ACK) !== 0 && segment.acknowledgement === connection.next;
  if (segment.flags & RST) return heard ? 'reset' : 'fine';
  if (!heard) return segment.flags & ACK ? 'nonsense' : 'fine';
  if ((segment.flags & SYN) === 0) return 'fine';
  learn(connection, segment);
  connection.ackDue = true;
  establish(connection);
  return 'fine';
}

function takeThirdStep(connection: Connection, segment: Segment, now: number): Verdict {
  if (segment.flags & RST) return segment.sequence === connection.expected ? 'reset' : 'fine';
  if (segment.flags & SYN) {
    connection.synDue = true;
    return 'fine';
  }
  if ((segment.flags & ACK) === 0) return 'fine';
  if (segment.acknowledgement !== connection.next) return 'nonsense';
  establish(connection);
  return takeMore(connection, segment, now);
}

function establish(connection: Connection): void {
  connection.state = 'established';
  connection.acknowledged = connection.next;
  connection.synDue = false;
  connection.tries = 0;
  connection.due = NEVER;
  connection.paused = false;
  connection.stream?.resume();
}

/*
 * ## In the middle of it
 *
 * First, whether it belongs here at all. Then what it acknowledges. Then its data, of which we take what is new and
 * what we have room for. What begins beyond the byte that we expect has a gap in front of it; some TCPs keep such
 * things. We say again what we expect, and the Guest sends it again. On a cable that loses nothing, that is never.
 */

function takeMore(connection: Connection, segment: Segment, now: number): Verdict {
  const early = ahead(segment.sequence, connection.expected);
  if (segment.flags & RST) return early >= 0 && early <= ROOM ? 'reset' : 'fine';
  if (segment.flags & SYN || early > 0) {
    connection.ackDue = true;
    return 'fine';
  }
  if (segment.flags & ACK) takeAcknowledgement(connection, segment, now);
  takeData(connection, segment, -early);
  listen(connection, now);
  return 'fine';
}

/*
 * A Guest that has ended may still want to hear the rest. Or its program is gone, and its kernel has waited for a
 * minute and forgotten everything, and the other side never ends. From here the two look alike. So if nothing has
 * happened for a minute we ask it something old. Who listens says where he is; who has forgotten says RST, and we may
 * forget, too.
 */

function listen(connection: Connection, now: number): void {
  if (connection.guestEnded && !connection.streamEnded && connection.due === NEVER)
    connection.due = now + HALF_OPEN;
}

/*
 * ## Acknowledged
 *
 * What the Guest has, we can forget, and if that makes enough room the socket is read again. What it claims to have
 * and was never sent, we correct.
 *
 * An acknowledgement that says nothing new, has no data, and comes three times over, is a Guest with a gap: it got
 * something behind the byte that it is asking for. No need to wait for the alarm: Van Jacobson's TCP of 1988 did not.
 */

const GAP = 3;

function takeAcknowledgement(connection: Connection, segment: Segment, now: number): void {
  const { acknowledgement, data } = segment;
  const news = ahead(acknowledgement, connection.acknowledged);
  if (ahead(acknowledgement, connection.furthest) > 0) {
    connection.ackDue = true;
    return;
  }
  if (news < 0) return; // older than what we know; its window is, too
  const window = segment.window << (connection.scale ?? 0);
  if (news > 0) forget(connection, acknowledgement, news, now);
  else if (data.length === 0 && window === connection.window && connection.inFlight > 0) {
    connection.duplicates++;
    if (connection.duplicates === GAP) connection.next = connection.acknowledged;
  }
  if (window > 0 && connection.window === 0 && connection.inFlight <= 0) connection.due = NEVER; // no more probes
  if (connection.inFlight === 0 || window === 0) connection.tries = 0; // an answer, and a sign of life
  connection.window = window;
}

function forget(connection: Connection, acknowledgement: number, news: number, now: number): void {
  const { buffer } = connection;
  const bytes = Math.min(news, buffer.length);
  buffer.drop(bytes);
  if (news > bytes) connection.endAcknowledged = true;
  connection.acknowledged = acknowledgement;
  if (connection.inFlight < 0) connection.next = acknowledgement;
  connection.duplicates = 0;
  connection.tries = 0;
  connection.due = NEVER;
  if (connection.inFlight > 0) setAlarm(connection, now);
  if (connection.paused && buffer.length <= FEW_WAITING) {
    connection.paused = false;
    connection.stream?.resume();
  }
}

/*
 * ## Data
 *
 * The window that we announce shrinks as the Guest fills it, and grows again as our socket gets rid of what is in
 * it. Between the two lies all the flow control there is: a slow server far away stops reading, its kernel closes its
 * window, ours stops taking, the window that we announce goes to zero, and a process in the Guest blocks in `write`.
 *
 * To tell the Guest about every byte of room would be silly in its own way. A quarter of the whole is worth a word.
 * And what has come in order, as it should, is worth none at once: an acknowledgement of it is
 * [owed](src/network/tcp-turns.ts#owe).
 */

const WORTH_A_WORD = ROOM / 4;

function takeData(connection: Connection, segment: Segment, known: number): void {
  const { data } = segment;
  if (data.length === 0 && (segment.flags & FIN) === 0) {
    if (known > 0) connection.ackDue = true; // old news: a probe, or an answer of ours was lost
    return;
  }
  const usual = known === 0 && data.length <= connection.room && !connection.guestEnded;
  if (usual && (segment.flags & FIN) === 0) connection.ackOwed = true;
  else connection.ackDue = true;
  if (connection.guestEnded) return;
  const fresh = data.subarray(Math.min(known, data.length));
  const taken = fresh.subarray(0, connection.room);
  if (taken.length > 0) deliver(connection, taken);
  const complete = taken.length === fresh.length && known <= data.length;
  if (segment.flags & FIN && complete) {
    connection.guestEnded = true;
    connection.expected = advance(connection.expected, 1);
    connection.stream?.end();
  }
}

function deliver(connection: Connection, bytes: Uint8Array): void {
  connection.expected = advance(connection.expected, bytes.length);
  connection.undelivered += bytes.length;
  connection.left ??= (count) => {
    connection.undelivered -= count;
    const edge = advance(connection.expected, connection.room);
    if (ahead(edge, connection.announced) < WORTH_A_WORD) return;
    connection.ackDue = true;
    connection.onWork();
  };
  connection.stream?.write(bytes, connection.left);
}
