/*
 * # The switchboard
 *
 * Two hundred and fifty-six conversations at once, and the one thing that they share: turns. Whoever has something to
 * say stands in a line, and each time the Guest has a buffer, the first in the line says one segment and goes to the
 * back. A download of a gigabyte and a key pressed in a shell get their turns alike.
 */

import type { Closing, Clock, Frame, Sockets, Stream, StreamEvents } from './cable.ts';
import { dotted } from './bytes.ts';
import type { Ipv4, Route } from './ipv4.ts';
import { GATEWAY, outward } from './plan.ts';
import { Connection, type Ends, isFinished, learn, MOST_WAITING, NEVER } from './tcp-connection.ts';
import { takeSegment } from './tcp-input.ts';
import { nextFrame, setAlarm, tryAgain } from './tcp-output.ts';
import { ACK, advance, FIN, RST, type Segment, SYN, tcpFrame } from './tcp-segment.ts';

const MOST_CONNECTIONS = 256;
/** What a peer of the computer's gets to pick up, in nanoseconds. */
const PATIENCE = 30e9;
const FIRST_PORT = 49152;
const LAST_PORT = 65535;

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
 * ## Calls
 *
 * A Guest's SYN is not answered. Who are we to say that there is anybody? First the computer has to get through to
 * whoever is meant, and what the Guest is told is what became of that: an answer, a RST, *unreachable*.
 */

/** All TCP connections of a Guest. */
export class TcpConnections {
  readonly #around: Surroundings;
  readonly #byEnds = new Map<string, Connection>();
  /** Those of which the Guest has heard the last, and the computer has not. */
  readonly #lingering = new Set<Connection>();
  /** Those that may have something to say, the next one first. */
  readonly #line = new Set<Connection>();
  #port = FIRST_PORT;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  get size(): number {
    return this.#byEnds.size + this.#lingering.size;
  }

  /** Takes a segment that the Guest has sent. */
  take(packet: Ipv4, segment: Segment): void {
    const ends = endsOf(packet, segment);
    const connection = this.#byEnds.get(keyOf(ends));
    if (!connection) {
      if ((segment.flags & (SYN | ACK | RST | FIN)) === SYN) this.#call(ends, packet, segment);
      else this.#refuse(ends, segment);
      return;
    }
    const verdict = takeSegment(connection, segment, this.#around.clock.now());
    if (verdict === 'reset') this.#drop(connection);
    else if (verdict === 'nonsense') this.#refuse(ends, segment);
    else this.#queue(connection);
  }

  #call(ends: Ends, packet: Ipv4, syn: Segment): void {
    const address = outward(ends.far);
    if (
      address === undefined ||
      ends.farPort === 0 ||
      ends.guestPort === 0 ||
      this.size >= MOST_CONNECTIONS
    ) {
      this.#refuse(ends, syn);
      return;
    }
    const connection = this.#add(ends, 'connecting');
    learn(connection, syn);
    connection.due = this.#around.clock.now() + PATIENCE;
    const events = this.#eventsOf(connection, packet.beginning);
    connection.stream = this.#around.sockets.connect(dotted(address), ends.farPort, events);
  }

  // A call from outside comes with a stream that is open already. It seems to come from the gateway, from a
  // port that is not in use between the two.

  /** A stream that somebody has opened to a port of the Guest's. @returns undefined if it has to be turned away */
  callGuest(guest: number, guestPort: number, stream: Stream): StreamEvents | undefined {
    if (this.size >= MOST_CONNECTIONS) return undefined;
    const connection = this.#add(
      { guest, guestPort, far: GATEWAY, farPort: this.#freePort(guest, guestPort) },
      'syn-sent',
    );
    connection.stream = stream;
    connection.synDue = true;
    connection.paused = true;
    stream.pause();
    setAlarm(connection, this.#around.clock.now());
    this.#queue(connection);
    return this.#eventsOf(connection);
  }

  #freePort(guest: number, guestPort: number): number {
    do {
      this.#port = this.#port === LAST_PORT ? FIRST_PORT : this.#port + 1;
    } while (this.#byEnds.has(keyOf({ guest, guestPort, far: GATEWAY, farPort: this.#port })));
    return this.#port;
  }

  #add(ends: Ends, state: 'connecting' | 'syn-sent'): Connection {
    const number = new Uint8Array(4);
    this.#around.clock.entropy(number);
    const connection = new Connection(ends, state, new DataView(number.buffer).getUint32(0));
    connection.onWork = () => this.#queue(connection);
    this.#byEnds.set(keyOf(ends), connection);
    return connection;
  }

  // `received` keeps what comes, and asks for no more when it is enough. It is the whole of the backpressure in
  // this direction: an unread socket fills the kernel's buffer, the kernel closes its window, and far away
  // somebody waits for a Guest with fifty million instructions a second.

  #eventsOf(connection: Connection, opening?: Uint8Array): StreamEvents {
    return {
      opened: () => {
        if (connection.state !== 'connecting') return;
        connection.state = 'syn-received';
        connection.synDue = true;
        setAlarm(connection, this.#around.clock.now());
        this.#queue(connection);
      },
      received: (bytes) => {
        if (connection.state === 'closed') return;
        connection.buffer.push(bytes);
        if (connection.buffer.length >= MOST_WAITING && !connection.paused) {
          connection.paused = true;
          connection.stream?.pause();
        }
        this.#queue(connection);
      },
      ended: () => {
        connection.streamEnded = true;
        this.#queue(connection);
      },
      closed: (reason) => this.#closed(connection, reason, opening),
    };
  }

  // A socket that breaks is the Guest's connection broken. One that closes because both directions have ended
  // is as it should be, and the Guest may still have to hear the rest of it.

  #closed(connection: Connection, reason: Closing, opening: Uint8Array | undefined): void {
    connection.streamClosed = true;
    this.#lingering.delete(connection);
    if (connection.state === 'closed') return;
    if (reason === 'done') {
      connection.streamEnded = true;
      this.#queue(connection);
      return;
    }
    if (reason === 'unreachable' && connection.state === 'connecting' && opening)
      this.#around.complain(connection.ends.guest, opening);
    else this.#reset(connection);
    this.#remove(connection);
  }

  #queue(connection: Connection): void {
    if (connection.state === 'closed') return;
    this.#line.add(connection);
    this.#around.wake();
  }

  /** The next frame for the Guest. */
  nextFrame(): Frame | undefined {
    const now = this.#around.clock.now();
    for (const connection of this.#line) {
      this.#line.delete(connection);
      const { far, guest } = connection.ends;
      const frame = nextFrame(connection, this.#around.routeFrom(far, guest), now);
      if (isFinished(connection)) this.#remove(connection);
      else if (frame) this.#line.add(connection);
      if (frame) return frame;
    }
    return undefined;
  }

  /** Rings the alarms that are due. */
  tick(now: number): void {
    for (const connection of [...this.#byEnds.values()]) {
      if (connection.due > now) continue;
      if (tryAgain(connection, now)) this.#queue(connection);
      else {
        this.#reset(connection);
        this.#drop(connection);
      }
    }
  }

  close(): void {
    for (const connection of [...this.#byEnds.values(), ...this.#lingering]) this.#drop(connection);
  }

  // A connection that the Guest is done with may have bytes on their way out still. Its stream goes on by
  // itself until they have left, and as long as it does it counts: or else a Guest could open, write and close
  // all day long, to someone who never reads, and each time leave us with a quarter of a megabyte.

  #remove(connection: Connection): void {
    connection.state = 'closed';
    connection.due = NEVER;
    this.#line.delete(connection);
    this.#byEnds.delete(keyOf(connection.ends));
    if (!connection.streamClosed) this.#lingering.add(connection);
  }

  #drop(connection: Connection): void {
    this.#remove(connection);
    connection.streamClosed = true;
    this.#lingering.delete(connection);
    connection.stream?.abort();
  }

  // RST has two forms. For a connection that was one, it carries the number that the other side waits for. For
  // a segment from nowhere, it is made so that its sender will recognise it as an answer; and a RST is never
  // answered with a RST, or two computers could keep each other company for a long time.

  #reset(connection: Connection): void {
    const { ends } = connection;
    const opened = connection.state !== 'syn-sent';
    this.#sayReset(ends, connection.next, opened ? connection.expected : undefined);
  }

  #refuse(ends: Ends, segment: Segment): void {
    if (segment.flags & RST) return;
    if (segment.flags & ACK) {
      this.#sayReset(ends, segment.acknowledgement);
      return;
    }
    const length = segment.data.length + (segment.flags & SYN ? 1 : 0) + (segment.flags & FIN ? 1 : 0);
    this.#sayReset(ends, 0, advance(segment.sequence, length));
  }

  #sayReset(ends: Ends, sequence: number, acknowledgement?: number): void {
    const segment = {
      sourcePort: ends.farPort,
      destinationPort: ends.guestPort,
      sequence,
      acknowledgement: acknowledgement ?? 0,
      flags: acknowledgement === undefined ? RST : RST | ACK,
      window: 0,
    };
    this.#around.say(tcpFrame(this.#around.routeFrom(ends.far, ends.guest), segment));
  }
}

function endsOf(packet: Ipv4, segment: Segment): Ends {
  return {
    guest: packet.source,
    guestPort: segment.sourcePort,
    far: packet.destination,
    farPort: segment.destinationPort,
  };
}

function keyOf({ guest, guestPort, far, farPort }: Ends): string {
  return `${guest}:${guestPort} ${far}:${farPort}`;
}
