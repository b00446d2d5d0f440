import type { Datagrams, Sockets, Stream, StreamEvents } from '../../src/network/cable.ts';

/** A stream that does nothing by itself, and notes what is asked of it. */
export class HandStream implements Stream {
  readonly events: StreamEvents;
  readonly place: string;
  readonly written: Uint8Array[] = [];
  readonly leaving: (() => void)[] = [];
  ended = false;
  left = false;
  aborted = false;
  paused = false;

  constructor(place: string, events: StreamEvents) {
    this.place = place;
    this.events = events;
  }

  get text(): string {
    return this.written.map((bytes) => new TextDecoder().decode(bytes)).join('');
  }

  get bytes(): number {
    return this.written.reduce((sum, { length }) => sum + length, 0);
  }

  write(bytes: Uint8Array, left: (count: number) => void): void {
    this.written.push(bytes);
    this.leaving.push(() => left(bytes.length));
  }

  /** Lets what was written so far leave. */
  drain(): void {
    for (const left of this.leaving.splice(0)) left();
  }

  end(): void {
    this.ended = true;
  }

  leave(): void {
    this.left = true;
  }

  abort(): void {
    this.aborted = true;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }
}

/** A port for datagrams, from which none leave, and to which those come that the test brings. */
export class HandPort implements Datagrams {
  readonly bring: (bytes: Uint8Array, address: string, port: number) => void;
  closed = false;

  constructor(received: HandPort['bring']) {
    this.bring = received;
  }

  send(): void {}

  close(): void {
    this.closed = true;
  }
}

/** A network in which nothing happens that the test does not do. */
export function handSockets(): { sockets: Sockets; streams: HandStream[]; ports: HandPort[] } {
  const streams: HandStream[] = [];
  const ports: HandPort[] = [];
  return {
    streams,
    ports,
    sockets: {
      connect(address, port, events) {
        const stream = new HandStream(`${address}:${port}`, events);
        streams.push(stream);
        return stream;
      },
      datagrams(received) {
        const port = new HandPort(received);
        ports.push(port);
        return port;
      },
      lookup: async () => [],
    },
  };
}
