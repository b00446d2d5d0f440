/*
 * # Taking turns
 *
 * To stand in line costs nothing: a `Set` has its members in the order in which they came, and whoever is in it
 * already keeps the place. So everybody who *might* have something to say is put there, and those who turn out to
 * have nothing leave without a word. Whoever spoke goes to the back, in case there is more.
 */

import type { Frame } from './cable.ts';
import { type Connection, isFinished, keyOf, NEVER } from './tcp-connection.ts';
import type { TcpConnections } from './tcp-connections.ts';
import { nextFrame, tryAgain } from './tcp-output.ts';
import { reset } from './tcp-resets.ts';

/** There may be something for this one to say. */
export function standInLine(connections: TcpConnections, connection: Connection): void {
  if (connection.state === 'closed') return;
  connections.line.add(connection);
  connections.around.wake();
}

/** What the first in the line who has something to say says. */
export function nextTurn(connections: TcpConnections): Frame | undefined {
  const { line, around } = connections;
  const now = around.clock.now();
  for (const connection of line) {
    line.delete(connection);
    const { far, guest } = connection.ends;
    const frame = nextFrame(connection, around.routeFrom(far, guest), now);
    if (isFinished(connection)) forgetConnection(connections, connection);
    else if (frame) line.add(connection);
    if (frame) return frame;
  }
  return undefined;
}

/*
 * ## Debts
 *
 * Whoever has received something owes an acknowledgement, and we owe it for as long as we decently can. Said at once,
 * it is the dearest word in this room. The Guest is interrupted in the middle of its `write`, its driver asks the card
 * what is the matter, and all that to hear that a kilobyte has arrived. Then the next kilobyte. An `nc` with 16
 * megabytes to send was interrupted 16,000 times, and every byte of them cost fourteen instructions.
 *
 * So we wait until the Guest lets go of the processor, which is what `sleep(0)` means: because its turn is over, after
 * some four milliseconds, or because it has nothing left to do, and what would a Guest in the middle of an upload be
 * waiting for if not for this. Either way one acknowledgement does for all that has come. Now the `nc` is interrupted
 * a thousand times, a byte costs 4.3 instructions, and the 16 megabytes arrive in a third of the time.
 *
 * :::aside
 * RFC 1122 allows half a second, but wants a word for every second segment all the same, since a sender who hears too
 * little sends too cautiously at first. It was thinking of senders who count words. Linux counts the bytes.
 * :::
 */

/** The Guest is to have an acknowledgement when its turn at the processor is over. */
export function owe(connections: TcpConnections, connection: Connection): void {
  const { owing, around } = connections;
  if (owing.size === 0) around.clock.sleep(0).then(() => payDebts(connections));
  owing.add(connection);
}

function payDebts(connections: TcpConnections): void {
  for (const connection of connections.owing) {
    connection.ackDue ||= connection.ackOwed;
    standInLine(connections, connection);
  }
  connections.owing.clear();
}

/*
 * ## Alarms
 *
 * A connection that waits for an answer has an alarm set, and ten times a second we look whose it is time for. If
 * there is still [patience left](src/network/tcp-output.ts#tryAgain) it stands in line and says the same thing again.
 * If not, both sides are told that it is over: the Guest with a RST, the socket by being torn down.
 */

/** Rings the alarms that are due. */
export function ringAlarms(connections: TcpConnections, now: number): void {
  for (const connection of [...connections.byEnds.values()]) {
    if (connection.due > now) continue;
    if (tryAgain(connection, now)) standInLine(connections, connection);
    else {
      reset(connections, connection);
      abandon(connections, connection);
    }
  }
}

/*
 * ## Forgotten, not gone
 *
 * A connection that the Guest is done with may have bytes on their way out still. Its stream goes on by itself until
 * they have left, and as long as it does it counts: or else a Guest could open, write and close all day long, to
 * someone who never reads, and each time leave us with 32 kilobytes more.
 *
 * A Guest that has ended, and then says RST, says only that it will hear no more. What it said itself it has been told
 * was received, and by whom it does not know: some of it is here, and some in this computer's kernel, which waits until
 * the other side finds the time to read. So that goes on, too.
 *
 * The other way to part is not to wait for anybody. That is for a Guest that has said RST in the middle, for an alarm
 * that rang once too often, and for the cable that is pulled.
 */

/** The Guest has heard the last of it. The stream may go on. */
export function forgetConnection(connections: TcpConnections, connection: Connection): void {
  connection.state = 'closed';
  connection.due = NEVER;
  connections.line.delete(connection);
  connections.byEnds.delete(keyOf(connection.ends));
  if (!connection.streamClosed) connections.lingering.add(connection);
}

/** The Guest, which has ended, will hear no more. */
export function leave(connections: TcpConnections, connection: Connection): void {
  forgetConnection(connections, connection);
  connection.stream?.leave();
}

/** Ends it on both sides, at once. */
export function abandon(connections: TcpConnections, connection: Connection): void {
  forgetConnection(connections, connection);
  connection.streamClosed = true;
  connections.lingering.delete(connection);
  connection.stream?.abort();
}
