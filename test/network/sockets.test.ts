import { createSocket } from 'node:dgram';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Frame, Link } from '../../chapters/4-launcher/link.ts';
import { LauncherError } from '../../chapters/4-launcher/outside.ts';
import { viewOf } from '../../src/network/bytes.ts';
import { GATEWAY } from '../../src/network/plan.ts';
import { Gateway } from '../../src/network/gateway.ts';
import { ROOM } from '../../src/network/tcp-connection.ts';
import { ACK, FIN, PSH, RST, SYN } from '../../src/network/tcp-segment.ts';
import { openNetwork } from '../../src/terminal/network.ts';
import { createRealWorld } from '../../src/terminal/real-world.ts';
import { openDoor, SOCKETS } from '../../src/terminal/sockets.ts';
import { hear, Peer, PEER_MAC, udp } from './peer.ts';

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

async function listen(handle: (socket: Socket) => void): Promise<number> {
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {}); // at the end, everybody hangs up
    handle(socket);
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A port that nobody has. */
async function freePort(): Promise<number> {
  const port = await listen(() => {});
  await new Promise((resolve) => (open.pop() as Server).close(resolve));
  return port;
}

async function plugIn(...forwards: { address: string; port: number; guestPort: number }[]): Promise<Link> {
  const link = await openNetwork({ kind: 'user', forwards, asked: true }, PEER_MAC, createRealWorld());
  open.push(link);
  return link;
}

/** Looks again until something is so. */
async function until(so: () => boolean): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (so()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('it did not come to that');
}

/** A connection of the Guest's to a server of this computer's, established. */
async function connected(port: number): Promise<Peer> {
  const peer = new Peer(await plugIn(), GATEWAY, port);
  peer.say(SYN, undefined, { mss: 1460, scale: 7 });
  await until(() => peer.listen().some(({ flags }) => flags === (SYN | ACK)));
  peer.say(ACK);
  return peer;
}

/** Bytes in buffers that somebody holds. */
function held(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let time = 0; time < 4; time++) collect();
  return process.memoryUsage().arrayBuffers;
}

/** The same frame, in one that is as long as can be. */
function padded({ bytes }: Frame): Frame {
  const frame = new Uint8Array(0xffff);
  frame.set(bytes);
  return { bytes: frame };
}

describe('Datagrams that are told faster than they are sent', () => {
  it('cost no more than a megabyte, however small they are and however long their frames', async () => {
    const gateway = new Gateway(SOCKETS, createRealWorld(), PEER_MAC);
    open.push(gateway);
    const frame = udp(GATEWAY, 5000, 9, new Uint8Array(1));
    const before = held();
    for (let time = 0; time < 3000; time++) gateway.send(padded(frame));
    expect(held() - before).toBeLessThan(4 << 20); // of 187 MB
  });
});

describe('Datagrams of which each is sent before the next is told', () => {
  it('may be as many as they like; but what comes after the end is lost', async () => {
    const receiver = createSocket('udp4');
    open.push(receiver);
    await new Promise<void>((resolve) => receiver.bind(0, '127.0.0.1', resolve));
    let got = 0;
    receiver.on('message', () => {
      got++;
    });
    const { send, close } = SOCKETS.datagrams(() => {});
    const say = () => send(new Uint8Array(60_000), '127.0.0.1', receiver.address().port);
    for (let sent = 1; sent <= 40; sent++) {
      say();
      await until(() => got === sent);
    }
    close();
    expect(say).not.toThrow();
  });
});

describe('A peer that does not read', () => {
  it('costs a Guest the bytes that it has said, and not the frames that they came in', async () => {
    const port = await listen((socket) => socket.pause());
    const gateway = new Gateway(SOCKETS, createRealWorld(), PEER_MAC);
    open.push(gateway);
    const cable = { receive: () => gateway.receive(), send: (frame: Frame) => gateway.send(padded(frame)) };
    const peer = new Peer(cable as Link, GATEWAY, port);
    peer.say(SYN, undefined, { mss: 1460, scale: 7 });
    await until(() => peer.listen().some(({ flags }) => flags === (SYN | ACK)));
    peer.say(ACK);
    const [connection] = gateway.connections.byEnds.values();
    const say = async (length: number) => {
      peer.say(ACK, new Uint8Array(length));
      await new Promise(setImmediate);
      peer.listen();
    };
    while (connection!.undelivered < ROOM / 2) await say(1400); // until this computer's own kernel takes no more
    const before = held();
    for (let time = 0; time < 400; time++) await say(1);
    expect(connection!.undelivered).toBeGreaterThan(ROOM / 2);
    expect(held() - before).toBeLessThan(4 << 20); // of 26 MB
  });
});

describe('A real socket', () => {
  it('may be half closed, and still answers', async () => {
    const port = await listen((socket) => {
      let heard = '';
      socket.on('data', (bytes) => {
        heard += bytes;
      });
      socket.on('end', () => socket.end(`you said ${heard}`));
    });
    const peer = await connected(port);
    peer.say(ACK | PSH | FIN, new TextEncoder().encode('hello'));
    let said = '';
    await until(() => {
      for (const { data } of peer.listen()) said += new TextDecoder().decode(data);
      return said === 'you said hello' && peer.heard.at(-1)!.flags === (ACK | PSH | FIN);
    });
  });

  it('that nobody listens to is refused', async () => {
    const port = await listen(() => {});
    await new Promise((resolve) => (open.pop() as Server).close(resolve));
    const peer = new Peer(await plugIn(), GATEWAY, port);
    peer.say(SYN);
    await until(() => peer.listen().some(({ flags }) => flags === (RST | ACK)));
  });

  it('that is reset resets, in both directions', async () => {
    let server: Socket | undefined;
    const port = await listen((socket) => {
      server = socket;
    });
    const peer = await connected(port);
    await until(() => server !== undefined);
    server!.resetAndDestroy();
    await until(() => peer.listen().some(({ flags }) => flags & RST));

    server = undefined;
    const other = await connected(port);
    await until(() => server !== undefined);
    let code: string | undefined;
    server!.on('error', (error: NodeJS.ErrnoException) => {
      code = error.code;
    });
    other.say(RST);
    await until(() => code === 'ECONNRESET');
  });

  /** A connection to a server that does not read yet. */
  async function toSlowReader(): Promise<{ peer: Peer; server: Socket }> {
    let server: Socket | undefined;
    const port = await listen((socket) => {
      socket.pause();
      server = socket;
    });
    const peer = await connected(port);
    await until(() => server !== undefined);
    return { peer, server: server! };
  }

  it('has sent what the Guest had sent before it ended and forgot, to whoever reads late', async () => {
    const { peer, server } = await toSlowReader();
    for (let i = 0; i < 4; i++) peer.say(ACK, new Uint8Array(8000).fill(i));
    peer.say(ACK | FIN);
    peer.say(RST);
    await new Promise((resolve) => setTimeout(resolve, 100));
    let heard = 0;
    let end = '';
    server.on('data', ({ length }) => {
      heard += length;
    });
    server.on('end', () => {
      end = 'end';
    });
    server.on('error', (error: NodeJS.ErrnoException) => {
      end = error.code!;
    });
    server.resume();
    await until(() => end !== '');
    expect([heard, end]).toEqual([32_000, 'end']);
  });

  it('to a slow reader makes the Guest wait', async () => {
    const { peer, server } = await toSlowReader();
    const piece = new Uint8Array(1 << 13).fill(5);
    let window: number = ROOM;
    let sent = 0;
    for (let quiet = 0; quiet < 20; ) {
      if (window >= piece.length) {
        peer.say(ACK, piece);
        sent += piece.length;
        quiet = 0;
      } else quiet++;
      await new Promise((resolve) => setTimeout(resolve, 5));
      for (const said of peer.listen()) window = said.window;
    }
    expect(sent).toBeLessThan(1 << 26); // what kernels keep, and our own room
    let got = 0;
    server.on('data', (bytes) => {
      got += bytes.length;
    });
    server.resume();
    await until(() => got === sent);
    await until(() => {
      for (const said of peer.listen()) window = said.window;
      return window > ROOM / 2;
    });
  });
});

describe('A door', () => {
  it('leads to the Guest', async () => {
    const port = await listen(() => {});
    await new Promise((resolve) => (open.pop() as Server).close(resolve));
    const link = await plugIn({ address: '127.0.0.1', port, guestPort: 22 });
    const visitor = connect(port, '127.0.0.1');
    open.push({ close: () => visitor.destroy() });
    let heard = '';
    visitor.on('data', (bytes) => {
      heard += bytes;
    });
    let syn = link.receive();
    await until(() => {
      syn ??= link.receive();
      return syn !== undefined;
    });
    const view = viewOf(hear(syn!).payload);
    const peer = new Peer(link, GATEWAY, view.getUint16(0), 22);
    peer.expected = (view.getUint32(4) + 1) >>> 0;
    peer.say(SYN | ACK, undefined, { mss: 1460 });
    peer.say(ACK | PSH, new TextEncoder().encode('SSH-2.0-guest'));
    await until(() => heard === 'SSH-2.0-guest');
  });

  it('that somebody else has is one line', async () => {
    const port = await listen(() => {});
    const door = plugIn({ address: '127.0.0.1', port, guestPort: 22 });
    await expect(door).rejects.toThrow(
      new LauncherError(`cannot open port ${port} of 127.0.0.1: somebody else has it`),
    );
  });

  it('that leads nowhere is slammed', async () => {
    const port = await freePort();
    open.push(await openDoor({ address: '127.0.0.1', port, guestPort: 22 }, () => undefined));
    let code: string | undefined;
    connect(port, '127.0.0.1').on('error', (error: NodeJS.ErrnoException) => {
      code = error.code;
    });
    await until(() => code === 'ECONNRESET');
  });

  it('is closed again if there cannot be all that were asked for', async () => {
    const [first, second] = [await freePort(), await listen(() => {})];
    const address = '127.0.0.1';
    const doors = plugIn({ address, port: first, guestPort: 22 }, { address, port: second, guestPort: 23 });
    await expect(doors).rejects.toThrow(LauncherError);
    let code: string | undefined;
    const visitor = connect(first, address).on('error', (error: NodeJS.ErrnoException) => {
      code = error.code;
    });
    open.push({ close: () => visitor.destroy() });
    await until(() => code === 'ECONNREFUSED');
  });

  it('can be opened again at once by a Guest that starts again', async () => {
    const port = await listen(() => {});
    await new Promise((resolve) => (open.pop() as Server).close(resolve));
    for (let life = 0; life < 3; life++) {
      (await plugIn({ address: '127.0.0.1', port, guestPort: 22 })).close();
      open.pop();
    }
  });
});

describe('A name', () => {
  it('is looked up as this computer does', async () => {
    expect(await SOCKETS.lookup('localhost')).toContain('127.0.0.1');
  });
});
