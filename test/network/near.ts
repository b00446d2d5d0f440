import type { Sockets, Stream, StreamEvents } from '../../src/network/cable.ts';
import { Gateway } from '../../src/network/gateway.ts';
import { handClock, PEER_MAC } from './peer.ts';

/** What the services below have seen. */
export interface Seen {
  /** Bytes that port 9 has swallowed. */
  discarded: number;
  /** Connections to each `address:port`. */
  connections: string[];
  datagrams: { bytes: Uint8Array; address: string; port: number }[];
}

/** The size of the pieces in which port 19 sends. */
const PIECE = 1 << 16;
/** What it sends: 0 to 250, over and over. */
const PATTERN = 251;
const pattern = Uint8Array.from({ length: PATTERN + PIECE }, (_, i) => i % PATTERN);

/**
 * A network with three old services in it, on whatever address: echo on port 7, discard on 9, and on 19 a source that
 * sends `amount` bytes and ends. Nobody else is at home. It sleeps no time and rolls no dice.
 */
export function nearNetwork(amount = 0): { sockets: Sockets; seen: Seen } {
  const seen: Seen = { discarded: 0, connections: [], datagrams: [] };
  const services: Record<number, (events: StreamEvents) => Stream> = {
    7: echo,
    9: (events) => discard(events, seen),
    19: (events) => generate(events, amount),
  };
  const sockets: Sockets = {
    connect(address, port, events) {
      seen.connections.push(`${address}:${port}`);
      const service = services[port];
      if (!service) {
        setImmediate(() => events.closed(address.startsWith('192.0.2.') ? 'unreachable' : 'refused'));
        return { write() {}, end() {}, leave() {}, abort() {}, pause() {}, resume() {} };
      }
      const stream = service(events);
      setImmediate(() => {
        events.opened();
        stream.resume();
      });
      return stream;
    },
    datagrams(received) {
      return {
        send(bytes, address, port) {
          seen.datagrams.push({ bytes, address, port });
          if (port === 7) setImmediate(() => received(bytes, address, port));
        },
        close() {},
      };
    },
    async lookup(name) {
      if (name === 'nowhere.example') return [];
      if (name === 'broken.example') throw new Error('nobody could be asked');
      return ['203.0.113.5', '127.0.0.1'];
    },
  };
  return { sockets, seen };
}

/** A Guest's way to such a network, and a clock that is turned by hand. */
export function network() {
  const clock = handClock();
  const { sockets, seen } = nearNetwork();
  return { clock, seen, gateway: new Gateway(sockets, clock, PEER_MAC) };
}

function echo(events: StreamEvents): Stream {
  return {
    write(bytes, left) {
      setImmediate(() => {
        left(bytes.length);
        events.received(bytes);
      });
    },
    end() {
      setImmediate(() => {
        events.ended();
        events.closed('done');
      });
    },
    leave() {},
    abort() {},
    pause() {},
    resume() {},
  };
}

function discard(events: StreamEvents, seen: Seen): Stream {
  return {
    write(bytes, left) {
      seen.discarded += bytes.length;
      setImmediate(left, bytes.length);
    },
    end() {
      setImmediate(() => {
        events.ended();
        events.closed('done');
      });
    },
    leave() {},
    abort() {},
    pause() {},
    resume() {},
  };
}

function generate(events: StreamEvents, amount: number): Stream {
  let sent = 0;
  let flowing = false;
  let over = false;
  let ended = false;
  const go = () => {
    if (!flowing || over) return;
    const from = sent % PATTERN;
    const piece = pattern.slice(from, from + Math.min(PIECE, amount - sent));
    sent += piece.length;
    if (piece.length > 0) events.received(piece);
    if (sent < amount) {
      setImmediate(go);
      return;
    }
    over = true;
    events.ended();
    if (ended) events.closed('done');
  };
  return {
    write({ length }, left) {
      setImmediate(left, length);
    },
    end() {
      ended = true;
      if (over) setImmediate(() => events.closed('done'));
    },
    leave() {
      over = true;
    },
    abort() {
      over = true;
    },
    pause() {
      flowing = false;
    },
    resume() {
      if (flowing) return;
      flowing = true;
      setImmediate(go);
    },
  };
}
