/*
 * # The gateway
 *
 * Here everything comes together. A frame from the Guest is peeled, layer by layer, and ends up with whoever knows
 * what to do with it. What nobody knows what to do with is dropped. That is not negligence: *any packet may get
 * lost* is the one promise that the Internet has always kept, and every sender reckons with it.
 *
 * It is also why nothing that a Guest sends makes anybody in this room throw. There is no such thing as a wrong packet,
 * only one that is not delivered.
 *
 * The gateway itself remembers little: what it knows of the Guest, which is what the Guest said of itself last, the
 * frames that are waiting for it, pieces of packets, and two books that others keep, one of connections and one of
 * flows. The rest of this page is what is done with them.
 */

import { answerArp } from './arp.ts';
import { undotted } from './bytes.ts';
import type { Cable, Clock, Frame, Sockets, Stream, StreamEvents } from './cable.ts';
import { addressee, answerDhcp, DHCP_CLIENT_PORT, DHCP_SERVER_PORT } from './dhcp.ts';
import { DNS_PORT, NameServer } from './dns.ts';
import { ETHERTYPE_ARP, ETHERTYPE_IPV4, parseEthernet } from './ethernet.ts';
import { Fragments } from './fragments.ts';
import { echoReply, isEchoRequest, PROHIBITED, HOST_UNREACHABLE, unreachable } from './icmp.ts';
import { ICMP, type Ipv4, packetsFor, parseIpv4, type Route, TCP, UDP } from './ipv4.ts';
import { GATEWAY, GUEST, isOurs, inward, mayBeGuest, NAME_SERVER, NETMASK } from './plan.ts';
import { type Surroundings, TcpConnections } from './tcp-connections.ts';
import { parseTcp } from './tcp-segment.ts';
import { datagramFrames, parseUdp } from './udp.ts';
import { type Deliver, UdpFlows } from './udp-flows.ts';

/** A small internet for one Guest: DHCP, a name server, a gateway. */
export class Gateway implements Cable {
  readonly busy = false;
  onArrival: () => void = () => {};
  /** Called when the cable is pulled. */
  onClose: () => void = () => {};
  readonly outside: { sockets: Sockets; clock: Clock };
  readonly kept: Frame[] = [];
  readonly connections: TcpConnections;
  readonly flows: UdpFlows;
  readonly fragments = new Fragments();
  mac: Uint8Array;
  guest: number = GUEST;
  readonly names: NameServer;
  ticking = false;
  /** A flood of datagrams has every second turn, and no more. */
  isTurnOfStreams = false;
  closed = false;

  /** @param mac of the Guest's card, which may change */
  constructor(sockets: Sockets, clock: Clock, mac: Uint8Array) {
    this.outside = { sockets, clock };
    this.mac = mac.slice();
    this.connections = new TcpConnections(surroundingsOf(this));
    this.flows = new UdpFlows(sockets, delivererOf(this));
    this.names = new NameServer((name) => addressesOf(sockets, name));
  }

  send(frame: Frame): void {
    takeFrame(this, frame);
  }

  receive(): Frame | undefined {
    this.isTurnOfStreams = !this.isTurnOfStreams;
    if (this.isTurnOfStreams) return this.connections.nextFrame() ?? this.kept.shift();
    return this.kept.shift() ?? this.connections.nextFrame();
  }

  close(): void {
    pullCable(this);
  }

  /** Connections and flows that are being looked after. */
  get size(): number {
    return this.connections.size + this.flows.size;
  }

  /** Somebody has come in by a forwarded port. @returns what to tell us of the stream; undefined: turn it away */
  callGuest(guestPort: number, stream: Stream): StreamEvents | undefined {
    return callFromOutside(this, guestPort, stream);
  }
}

/*
 * ## Both ways through the wall
 *
 * Neither book knows its gateway. Each is handed what it needs to reach the Guest and no more, so that you can read
 * about connections without a thought for Ethernet. What comes in from the outside must be turned into frames, and
 * how a frame looks depends on the card, which may be another one by then. So nobody is given an address to keep;
 * they are given a way to ask.
 */

function surroundingsOf(gateway: Gateway): Surroundings {
  return {
    ...gateway.outside,
    routeFrom: (source, guest) => routeFrom(gateway, source, guest),
    say: (frame) => keep(gateway, frame),
    complain: (guest, beginning) => complain(gateway, guest, beginning, HOST_UNREACHABLE),
    wake: () => gateway.onArrival(),
  };
}

function delivererOf(gateway: Gateway): Deliver {
  return (guest, source, data) =>
    sendDatagram(gateway, source.address, source.port, guest.address, guest.port, data);
}

function callFromOutside(gateway: Gateway, guestPort: number, stream: Stream): StreamEvents | undefined {
  const events = gateway.connections.callGuest(gateway.guest, guestPort, stream);
  tick(gateway);
  return events;
}

/*
 * ## Peeling
 *
 * A checksum that the card was told to compute is not there to be checked. A frame that was told to be cut is taken
 * whole: we are the ones who would have to put it together again. And a packet that was cut by the Guest's kernel lies
 * [on a table](src/network/fragments.ts) until its last piece has come.
 *
 * A Guest that has given itself an address is known by that one from now on. Whoever speaks with an address that
 * could not be the Guest's gets no further, with one exception. A Guest that asks for an address has none yet and
 * calls itself 0.0.0.0, so UDP comes before the question who is speaking, and has to put it for itself.
 */

function takeFrame(gateway: Gateway, frame: Frame): void {
  const ethernet = parseEthernet(frame.bytes);
  if (!ethernet || gateway.closed) return;
  gateway.mac = ethernet.source;
  if (ethernet.type === ETHERTYPE_ARP) takeArp(gateway, ethernet.payload);
  if (ethernet.type !== ETHERTYPE_IPV4) return;
  const piece = parseIpv4(ethernet.payload);
  const packet = piece && gateway.fragments.join(piece, gateway.outside.clock.now());
  if (!packet) return;
  const unfinished = frame.checksum !== undefined && packet === piece;
  if (packet.protocol === UDP) takeUdp(gateway, packet, unfinished);
  if (!isFromGuest(gateway, packet.source)) return;
  if (packet.protocol === TCP) takeTcp(gateway, packet, unfinished);
  else if (packet.protocol === ICMP) takeIcmp(gateway, packet);
  tick(gateway);
}

function isFromGuest(gateway: Gateway, source: number): boolean {
  if (!mayBeGuest(source)) return false;
  gateway.guest = source;
  return true;
}

/*
 * ## Who has, and is there anybody
 *
 * Two protocols are answered on the spot. ARP asks who has an address, and we have two of them. A ping asks whether
 * there is anybody, and for those two there is. For anyone further away we cannot say: streams and datagrams are all we
 * have, and a ping is neither. An echo made up here would be a lie about somebody else's machine, so the Guest is told
 * that it is *prohibited*, which is the truth. And TCP has [pages of its own](src/network/tcp-connections.ts).
 */

function takeArp(gateway: Gateway, packet: Uint8Array): void {
  const outcome = answerArp(packet, isOurs);
  if (!outcome) return;
  isFromGuest(gateway, outcome.sender);
  if (outcome.reply) keep(gateway, { bytes: outcome.reply });
}

function takeIcmp(gateway: Gateway, packet: Ipv4): void {
  if (!isEchoRequest(packet)) return;
  if (!isOurs(packet.destination)) {
    complain(gateway, packet.source, packet.beginning, PROHIBITED);
    return;
  }
  const route = routeFrom(gateway, packet.destination, packet.source);
  for (const bytes of packetsFor(route, ICMP, echoReply(packet))) keep(gateway, { bytes });
}

function takeTcp(gateway: Gateway, packet: Ipv4, unfinished: boolean): void {
  const segment = parseTcp(packet, unfinished);
  if (segment) gateway.connections.take(packet, segment);
}

/*
 * ## Two ports of ours
 *
 * Two ports of ours have a service behind them, and a datagram for anywhere else goes out as it is. The first port
 * is 67, for those who have no address yet: they shout at everybody, and are shouted back at, since an answer to
 * 0.0.0.0 would not arrive. Only then is it asked who is speaking. The second is the name server's 53.
 */

const BROADCAST = 0xffffffff;

function takeUdp(gateway: Gateway, packet: Ipv4, unfinished: boolean): void {
  const datagram = parseUdp(packet, unfinished);
  if (!datagram) return;
  const { sourcePort, destinationPort, data } = datagram;
  const { source, destination } = packet;
  if (destinationPort === DHCP_SERVER_PORT && (destination === BROADCAST || isOurs(destination))) {
    takeDhcp(gateway, data);
    return;
  }
  if (!mayBeGuest(source)) return;
  if (destination === NAME_SERVER && destinationPort === DNS_PORT) {
    gateway.names.take(data, (answer) =>
      sendDatagram(gateway, NAME_SERVER, DNS_PORT, source, sourcePort, answer),
    );
    return;
  }
  const guest = { address: source, port: sourcePort };
  const far = { address: destination, port: destinationPort };
  gateway.flows.send(guest, far, data, gateway.outside.clock.now());
}

/** What this computer says of a name, as the Guest has to call it. */
async function addressesOf(sockets: Sockets, name: string): Promise<number[]> {
  const found = await sockets.lookup(name);
  return found
    .map(undotted)
    .filter((address) => address !== undefined)
    .map(inward);
}

function takeDhcp(gateway: Gateway, message: Uint8Array): void {
  const lease = { guest: GUEST, gateway: GATEWAY, nameServer: NAME_SERVER, netmask: NETMASK };
  const reply = answerDhcp(message, lease);
  if (reply) sendDatagram(gateway, GATEWAY, DHCP_SERVER_PORT, addressee(reply), DHCP_CLIENT_PORT, reply);
}

/*
 * ## Small change
 *
 * TCP makes its segments up when they are asked for. Everything else, an ARP reply, a ping, a datagram, comes when
 * it comes and must be kept until the Guest has room: 256 frames, and then no more are kept. Whoever sent the 257th
 * reckons with that.
 */

const MOST_KEPT = 256;

function keep(gateway: Gateway, frame: Frame): void {
  if (gateway.closed || gateway.kept.length >= MOST_KEPT) return;
  gateway.kept.push(frame);
  gateway.onArrival();
}

function sendDatagram(
  gateway: Gateway,
  source: number,
  port: number,
  guest: number,
  guestPort: number,
  data: Uint8Array,
): void {
  const route = routeFrom(gateway, source, guest);
  for (const bytes of datagramFrames(route, port, guestPort, data)) keep(gateway, { bytes });
}

function complain(gateway: Gateway, guest: number, beginning: Uint8Array, code: number): void {
  keep(gateway, { bytes: unreachable(routeFrom(gateway, GATEWAY, guest), code, beginning) });
}

function routeFrom(gateway: Gateway, source: number, destination: number): Route {
  return { mac: gateway.mac, source, destination };
}

/*
 * ## The clock, and the end
 *
 * A segment that was lost makes no sound, and neither does a flow that nobody uses any more. Somebody has to look. A
 * clock ticks ten times a second as long as there is a connection or a flow to be looked after, and otherwise not at
 * all. When the cable is pulled the clock may be between two ticks, and must find out for itself that there is
 * nothing left to look after.
 */

const TICK = 1e8; // nanoseconds

function tick(gateway: Gateway): void {
  if (gateway.ticking || gateway.closed || gateway.size === 0) return;
  gateway.ticking = true;
  gateway.outside.clock.sleep(TICK).then(() => {
    gateway.ticking = false;
    if (gateway.closed) return;
    gateway.connections.tick(gateway.outside.clock.now());
    gateway.flows.tick(gateway.outside.clock.now());
    tick(gateway);
  });
}

function pullCable(gateway: Gateway): void {
  gateway.closed = true;
  gateway.connections.close();
  gateway.flows.close();
  gateway.names.close();
  gateway.kept.length = 0;
  gateway.onClose();
}
