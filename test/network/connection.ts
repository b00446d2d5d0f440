import { Gateway } from '../../src/network/gateway.ts';
import { ACK, SYN } from '../../src/network/tcp-segment.ts';
import { handSockets } from './hand-sockets.ts';
import { handClock, Peer, PEER_MAC } from './peer.ts';

export const FAR = 0xcb007105; // 203.0.113.5
export const bytes = (length: number, of = 7) => new Uint8Array(length).fill(of);
export const text = (what: string) => new TextEncoder().encode(what);

/** A network with nobody in it yet, and a clock that is turned by hand. */
export function network() {
  const clock = handClock();
  const { sockets, streams, ports } = handSockets();
  const gateway = new Gateway(sockets, clock, PEER_MAC);
  return { clock, streams, ports, gateway };
}

/** A network with one connection of the Guest's in it, established. */
export async function connection(mss = 1460, scale = 7, port = 40000) {
  const around = network();
  const peer = new Peer(around.gateway, FAR, 80, port);
  peer.say(SYN, undefined, { mss, scale });
  const stream = around.streams[0]!;
  stream.events.opened();
  peer.listen();
  peer.say(ACK);
  return { ...around, peer, stream };
}
