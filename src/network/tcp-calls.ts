/*
 * # Calls
 *
 * A Guest's SYN is not answered. Who are we to say that there is anybody? First the computer has to get through to
 * whoever is meant, and what the Guest is told is what became of that: an answer, a RST, *unreachable*.
 *
 * Some calls we need not try. Port 0 is nobody's, some addresses [lead nowhere](src/network/plan.ts#outward), and
 * the 257th conversation finds the switchboard full. (One that a program has walked away from keeps its place for up to
 * two minutes: so long does its kernel take to forget, and we to find out.)
 */

import { dotted } from './bytes.ts';
import type { Closing, Stream, StreamEvents } from './cable.ts';
import type { Ipv4 } from './ipv4.ts';
import { GATEWAY, outward } from './plan.ts';
import { Connection, type Ends, keyOf, learn, MOST_WAITING } from './tcp-connection.ts';
import type { TcpConnections } from './tcp-connections.ts';
import { setAlarm } from './tcp-output.ts';
import { refuse, reset } from './tcp-resets.ts';
import type { Segment } from './tcp-segment.ts';
import { forgetConnection, standInLine } from './tcp-turns.ts';

const MOST_CONNECTIONS = 256;
/** What a peer of the computer's gets to pick up, in nanoseconds. */
const PATIENCE = 30e9;

/** Tries to get through to whoever the Guest's SYN is for. */
export function callOut(connections: TcpConnections, ends: Ends, packet: Ipv4, syn: Segment): void {
  const { sockets, clock } = connections.around;
  const address = outward(ends.far);
  const full = connections.size >= MOST_CONNECTIONS;
  if (address === undefined || ends.farPort === 0 || ends.guestPort === 0 || full) {
    refuse(connections, ends, syn);
    return;
  }
  const connection = addConnection(connections, ends, 'connecting');
  learn(connection, syn);
  connection.due = clock.now() + PATIENCE;
  const events = eventsOf(connections, connection, packet.beginning);
  connection.stream = sockets.connect(dotted(address), ends.farPort, events);
}

/*
 * ## From outside
 *
 * A call from outside comes with a stream that is open already. It seems to come from the gateway, from a port that
 * is not in use between the two. Whoever is at the door may be talking already. Until the Guest has said that it is
 * in, the stream is paused and the words wait outside.
 */

export const FIRST_PORT = 49152;
const LAST_PORT = 65535;

/** Calls the Guest for somebody at a door. @returns undefined if the switchboard is full */
export function callIn(
  connections: TcpConnections,
  guest: number,
  guestPort: number,
  stream: Stream,
): StreamEvents | undefined {
  if (connections.size >= MOST_CONNECTIONS) return undefined;
  const farPort = freePort(connections, guest, guestPort);
  const connection = addConnection(connections, { guest, guestPort, far: GATEWAY, farPort }, 'syn-sent');
  connection.stream = stream;
  connection.synDue = true;
  connection.paused = true;
  stream.pause();
  setAlarm(connection, connections.around.clock.now());
  standInLine(connections, connection);
  return eventsOf(connections, connection);
}

function freePort(connections: TcpConnections, guest: number, guestPort: number): number {
  do {
    connections.port = connections.port === LAST_PORT ? FIRST_PORT : connections.port + 1;
  } while (connections.byEnds.has(keyOf({ guest, guestPort, far: GATEWAY, farPort: connections.port })));
  return connections.port;
}

/*
 * ## A number to begin with
 *
 * Both kinds are entered in the same list, and both get a number to count our bytes from. It is a random one. In
 * 1985 Robert Morris showed that if you can guess where somebody begins, you can talk to them in a third one's
 * name. On a cable with two ends there is no third one. It costs four bytes to keep the habit.
 */

function addConnection(
  connections: TcpConnections,
  ends: Ends,
  state: 'connecting' | 'syn-sent',
): Connection {
  const number = new Uint8Array(4);
  connections.around.clock.entropy(number);
  const connection = new Connection(ends, state, new DataView(number.buffer).getUint32(0));
  connection.onWork = () => standInLine(connections, connection);
  connections.byEnds.set(keyOf(ends), connection);
  return connection;
}

/*
 * ## What happens to the stream
 *
 * Four things can happen to a socket. It opens, and only now does the Guest get its SYN answered. Bytes come, and are
 * kept, and when it is enough no more are asked for. That is the whole of the backpressure in this direction: an
 * unread socket fills the kernel's buffer, the kernel closes its window, and far away somebody waits for a Guest
 * with fifty million instructions a second. The other two are ends.
 */

function eventsOf(connections: TcpConnections, connection: Connection, opening?: Uint8Array): StreamEvents {
  return {
    opened: () => answerGuest(connections, connection),
    received: (bytes) => takeBytes(connections, connection, bytes),
    ended: () => takeEnd(connections, connection),
    closed: (reason) => takeClosing(connections, connection, reason, opening),
  };
}

function answerGuest(connections: TcpConnections, connection: Connection): void {
  if (connection.state !== 'connecting') return;
  connection.state = 'syn-received';
  connection.synDue = true;
  setAlarm(connection, connections.around.clock.now());
  standInLine(connections, connection);
}

function takeBytes(connections: TcpConnections, connection: Connection, bytes: Uint8Array): void {
  if (connection.state === 'closed') return;
  connection.buffer.push(bytes);
  if (connection.buffer.length >= MOST_WAITING && !connection.paused) {
    connection.paused = true;
    connection.stream?.pause();
  }
  standInLine(connections, connection);
}

/*
 * ## How it ends
 *
 * A socket that breaks is the Guest's connection broken. One that closes because both directions have ended is as
 * it should be, and the Guest may still have to hear the rest of it. And one that never got through, since there was
 * no way to get there, is *unreachable*: the only end that is told in ICMP, with the beginning of the Guest's own
 * packet quoted, so that it knows which of its calls is meant.
 */

function takeEnd(connections: TcpConnections, connection: Connection): void {
  connection.streamEnded = true;
  standInLine(connections, connection);
}

function takeClosing(
  connections: TcpConnections,
  connection: Connection,
  reason: Closing,
  opening: Uint8Array | undefined,
): void {
  connection.streamClosed = true;
  connections.lingering.delete(connection);
  if (connection.state === 'closed') return;
  if (reason === 'done') {
    takeEnd(connections, connection);
    return;
  }
  if (reason === 'unreachable' && connection.state === 'connecting' && opening)
    connections.around.complain(connection.ends.guest, opening);
  else reset(connections, connection);
  forgetConnection(connections, connection);
}
