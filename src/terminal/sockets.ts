/*
 * # This computer's sockets
 *
 * [A small internet](#gateway) has to end somewhere. It ends here, in three modules of Node: `net`, `dgram` and `dns`.
 * The last two are sent for when a Guest sends the first datagram, or asks for the first name; most have no network at
 * all, and would start some hundredths of a second later for it.
 */

import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Forward, LauncherError } from '../../chapters/4-launcher/outside.ts';
import { ByteQueue } from '../network/byte-queue.ts';
import type { Closing, Datagrams, Sockets, Stream, StreamEvents } from '../network/cable.ts';

/** The network that this computer is in, for whoever may use it as this user may. */
export const SOCKETS: Sockets = { connect: connectStream, datagrams: openDatagrams, lookup: lookUp };

/*
 * ## Streams
 *
 * Three things are not as Node would have them. A socket must be allowed to be half open, as a Guest may have said
 * all that it has to say and still want to hear the rest. It must not wait and collect small pieces, for the
 * Guest's kernel has already decided about that. And giving up must be heard at the other end as a RST, and not as
 * a polite end of a file that is half there.
 */

function connectStream(address: string, port: number, events: StreamEvents): Stream {
  const socket = connect({ host: address, port, allowHalfOpen: true, noDelay: true });
  return streamOf(socket, events);
}

/** A stream out of a socket, and its events from now on. */
export function streamOf(socket: Socket, events: StreamEvents): Stream {
  let reason: Closing = 'done';
  socket.on('connect', () => events.opened());
  socket.on('data', (bytes) => events.received(plain(bytes)));
  socket.on('end', () => events.ended());
  socket.on('error', (error) => {
    reason = reasonOf(error);
  });
  socket.on('close', () => events.closed(reason));
  return {
    ...writerTo(socket),
    leave() {
      socket.resume(); // who closes a socket without having read it all takes back what he has said
      if (socket.writableFinished) socket.destroy();
      else socket.once('finish', () => socket.destroy());
    },
    abort() {
      socket.removeAllListeners();
      socket.on('error', () => {}); // it is over already
      if (socket.connecting)
        socket.destroy(); // there is nobody yet to be told
      else socket.resetAndDestroy();
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
  };
}

/*
 * For whoever writes a byte, Node keeps a thousand more to remember it by, and we would keep the frame that it came in,
 * sixty-four thousand. As long as the other side does not read, a Guest can write thirty-two thousand times one byte.
 * So there is one piece on its way at a time, and what comes meanwhile is put together.
 */

function writerTo(socket: Socket): Pick<Stream, 'write' | 'end'> {
  const waiting = new ByteQueue();
  let isBusy = false;
  let isEnding = false;
  const send = (bytes: Uint8Array, left: (count: number) => void) => {
    const { length } = bytes;
    isBusy = true;
    socket.write(bytes, () => {
      isBusy = false;
      if (waiting.length > 0 && !socket.destroyed) send(takeAll(waiting), left);
      else if (isEnding) socket.end();
      left(length);
    });
  };
  return {
    write(bytes, left) {
      const own = withoutItsFrame(bytes);
      if (isBusy) waiting.push(own);
      else send(own, left);
    },
    end() {
      if (isBusy) isEnding = true;
      else socket.end();
    },
  };
}

/** The bytes, in a buffer that is not much longer than they are. */
function withoutItsFrame(bytes: Uint8Array): Uint8Array {
  return bytes.length * 2 < bytes.buffer.byteLength ? bytes.slice() : bytes;
}

function takeAll(queue: ByteQueue): Uint8Array {
  const bytes = new Uint8Array(queue.length);
  queue.copy(0, bytes);
  queue.drop(bytes.length);
  return bytes;
}

/** What the Guest's kernel can make use of, of all that may go wrong. */
function reasonOf(error: NodeJS.ErrnoException): Closing {
  if (error.code === 'ECONNREFUSED') return 'refused';
  return ['EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EACCES', 'EPERM'].includes(error.code ?? '')
    ? 'unreachable'
    : 'reset';
}

/*
 * ## Datagrams
 *
 * Node sends a datagram some time after it was told to, and keeps it until then, with some notes about it. A Guest can
 * tell it faster. So what is more than a megabyte behind is lost on the way, as UDP is.
 */

const MOST_BEHIND = 1 << 20;
/** Bytes of notes for each. */
const NOTES = 1 << 10;

function openDatagrams(received: (bytes: Uint8Array, address: string, port: number) => void): Datagrams {
  const { createSocket } = process.getBuiltinModule('node:dgram');
  const socket = createSocket('udp4');
  let behind = 0;
  let closed = false;
  socket.on('message', (bytes, from) => received(plain(bytes), from.address, from.port));
  socket.on('error', () => {}); // a datagram that could not be delivered
  return {
    send(bytes, address, port) {
      const weight = bytes.length + NOTES;
      if (closed || behind + weight > MOST_BEHIND) return;
      behind += weight;
      socket.send(withoutItsFrame(bytes), port, address, () => {
        behind -= weight;
      });
    },
    close() {
      closed = true;
      socket.close();
    },
  };
}

/*
 * What Node hands out is a `Buffer`, which is a `Uint8Array` in every respect but one: its `slice` makes no copy.
 * It is the oldest of Node's traps. Nothing with such a trap in it goes into the next room.
 */

/** The same bytes, as everybody else has them. */
export function plain(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/*
 * ## Names
 *
 * `lookup` asks this computer as `ping` would: its hosts file, then whatever it is set up to ask. That a name does
 * not exist is an answer, and that nobody could be asked is none.
 *
 * The asking is done by the C library, which waits for ten seconds if it hears nothing, and nobody can make it stop: a
 * program that ends meanwhile ends when it is done. So it is asked to be less patient, unless you have told it how
 * patient to be. A Guest asks again by itself.
 */
const IMPATIENCE = 'timeout:1 attempts:2';

async function lookUp(name: string): Promise<string[]> {
  try {
    process.env.RES_OPTIONS ??= IMPATIENCE;
    const { lookup } = process.getBuiltinModule('node:dns/promises');
    const found = await lookup(name, { family: 4, all: true });
    return found.map(({ address }) => address);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTFOUND') return [];
    throw error;
  }
}

/*
 * ## Doors
 *
 * A forwarded port is a server. Whoever comes in gets a connection of the Guest's, or if there are too many, the
 * door.
 */

/** Opens a port. @throws LauncherError if it cannot be opened */
export async function openDoor(
  { address, port }: Forward,
  enter: (stream: Stream) => StreamEvents | undefined,
): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => {
    const held: { events?: StreamEvents } = {};
    const stream = streamOf(socket, {
      opened() {},
      received: (bytes) => held.events?.received(bytes),
      ended: () => held.events?.ended(),
      closed: (reason) => held.events?.closed(reason),
    });
    held.events = enter(stream);
    if (!held.events) stream.abort();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'somebody else has it' : error.message;
      reject(new LauncherError(`cannot open port ${port} of ${address}: ${why}`));
    });
    server.listen(port, address, resolve);
  });
  server.on('error', () => {}); // one visitor less
  return server;
}
