/*
 * # The gateway
 *
 * Here everything comes together. A frame from the Guest is peeled, layer by layer, and ends up with whoever knows
 * what to do with it. What nobody knows what to do with is dropped. That is not negligence: *any packet may get
 * lost* is the one promise that the Internet has always kept, and every sender reckons with it.
 *
 * It is also why nothing in this room throws. A Guest can send whatever it likes, and there is no such thing as a
 * wrong packet, only one that is not delivered.
 */

import { answerArp } from './arp.ts';
import { undotted } from './bytes.ts';
import type { Cable, Clock, Frame, Sockets, Stream, StreamEvents } from './cable.ts';
import { answerDhcp, DHCP_CLIENT_PORT, DHCP_SERVER_PORT } from './dhcp.ts';
import { answerQuestion, DNS_PORT, parseQuestion } from './dns.ts';
import { ETHERTYPE_ARP, ETHERTYPE_IPV4, parseEthernet } from './ethernet.ts';
import { echoReply, isEchoRequest, PROHIBITED, HOST_UNREACHABLE, unreachable } from './icmp.ts';
import { ICMP, type Ipv4, packetsFor, parseIpv4, type Route, TCP, UDP } from './ipv4.ts';
import { GATEWAY, GUEST, isOurs, inward, mayBeGuest, NAME_SERVER, NETMASK } from './plan.ts';
import { TcpConnections } from './tcp-connections.ts';
import { parseTcp } from './tcp-segment.ts';
import { datagramFrames, parseUdp } from './udp.ts';
import { UdpFlows } from './udp-flows.ts';

/*
 * ## Small change
 *
 * TCP makes its segments up when they are asked for. Everything else, an ARP reply, a ping, a datagram, comes when
 * it comes and must be kept until the Guest has room: 256 frames, and then no more are kept.
 *
 * A clock ticks ten times a second as long as there is a connection or a flow to be looked after, and otherwise not
 * at all.
 */

const MOST_KEPT = 256;
const TICK = 1e8; // nanoseconds
/** Names that are being looked up at the same time. */
const MOST_QUESTIONS = 32;
const BROADCAST = 0xffffffff;

/** A small internet for one Guest: DHCP, a name server, a gateway. */
export class Gateway implements Cable {
  readonly busy = false;
  onArrival: () => void = () => {};
  /** Called when the cable is pulled. */
  onClose: () => void = () => {};
  readonly #sockets: Sockets;
  readonly #clock: Clock;
  readonly #kept: Frame[] = [];
  readonly #connections: TcpConnections;
  readonly #flows: UdpFlows;
  /** The Guest, as it last introduced itself. */
  #mac: Uint8Array;
  #guest: number = GUEST;
  #questions = 0;
  #ticking = false;
  #closed = false;

  /** @param mac of the Guest's card, which may change */
  constructor(sockets: Sockets, clock: Clock, mac: Uint8Array) {
    this.#sockets = sockets;
    this.#clock = clock;
    this.#mac = mac.slice();
    this.#connections = new TcpConnections({
      sockets,
      clock,
      routeFrom: (source, guest) => this.#routeFrom(source, guest),
      say: (frame) => this.#keep(frame),
      complain: (guest, beginning) => this.#complain(guest, beginning, HOST_UNREACHABLE),
      wake: () => this.onArrival(),
    });
    this.#flows = new UdpFlows(sockets, (guest, source, data) =>
      this.#datagram(source.address, source.port, guest.address, guest.port, data),
    );
  }

  receive(): Frame | undefined {
    return this.#kept.shift() ?? this.#connections.nextFrame();
  }

  close(): void {
    this.#closed = true;
    this.#connections.close();
    this.#flows.close();
    this.#kept.length = 0;
    this.onClose();
  }

  /** Connections and flows that are being looked after. */
  get size(): number {
    return this.#connections.size + this.#flows.size;
  }

  /** Somebody has come in by a forwarded port. @returns what to tell us of the stream; undefined: turn it away */
  callGuest(guestPort: number, stream: Stream): StreamEvents | undefined {
    const events = this.#connections.callGuest(this.#guest, guestPort, stream);
    this.#tick();
    return events;
  }

  // A checksum that the card was told to compute is not there to be checked. A frame that was told to be cut is
  // taken whole: we are the ones who would have to put it together again.

  send(frame: Frame): void {
    const ethernet = parseEthernet(frame.bytes);
    if (!ethernet || this.#closed) return;
    this.#mac = ethernet.source;
    if (ethernet.type === ETHERTYPE_ARP) this.#takeArp(ethernet.payload);
    if (ethernet.type !== ETHERTYPE_IPV4) return;
    const packet = parseIpv4(ethernet.payload);
    if (!packet) return;
    const unfinished = frame.checksum !== undefined;
    if (packet.protocol === UDP) this.#takeUdp(packet, unfinished);
    if (!this.#isFromGuest(packet.source)) return;
    if (packet.protocol === TCP) this.#takeTcp(packet, unfinished);
    else if (packet.protocol === ICMP) this.#takeIcmp(packet);
    this.#tick();
  }

  /** A Guest that has given itself an address is known by that one from now on. */
  #isFromGuest(source: number): boolean {
    if (!mayBeGuest(source)) return false;
    this.#guest = source;
    return true;
  }

  #takeArp(packet: Uint8Array): void {
    const outcome = answerArp(packet, isOurs);
    if (!outcome) return;
    this.#isFromGuest(outcome.sender);
    if (outcome.reply) this.#keep({ bytes: outcome.reply });
  }

  #takeTcp(packet: Ipv4, unfinished: boolean): void {
    const segment = parseTcp(packet, unfinished);
    if (segment) this.#connections.take(packet, segment);
  }

  #takeIcmp(packet: Ipv4): void {
    if (!isEchoRequest(packet)) return;
    if (!isOurs(packet.destination)) {
      this.#complain(packet.source, packet.beginning, PROHIBITED);
      return;
    }
    const route = this.#routeFrom(packet.destination, packet.source);
    for (const bytes of packetsFor(route, ICMP, echoReply(packet))) this.#keep({ bytes });
  }

  // Two ports of ours have a service behind them. A Guest that asks for an address has none yet, so DHCP comes
  // before the question who is speaking.

  #takeUdp(packet: Ipv4, unfinished: boolean): void {
    const datagram = parseUdp(packet, unfinished);
    if (!datagram) return;
    const { sourcePort, destinationPort, data } = datagram;
    const { source, destination } = packet;
    if (destinationPort === DHCP_SERVER_PORT && (destination === BROADCAST || isOurs(destination))) {
      this.#takeDhcp(data);
      return;
    }
    if (!mayBeGuest(source)) return;
    if (destination === NAME_SERVER && destinationPort === DNS_PORT) {
      this.#takeQuestion(data, source, sourcePort);
      return;
    }
    const guest = { address: source, port: sourcePort };
    const far = { address: destination, port: destinationPort };
    this.#flows.send(guest, far, data, this.#clock.now());
  }

  #takeDhcp(message: Uint8Array): void {
    const lease = { guest: GUEST, gateway: GATEWAY, nameServer: NAME_SERVER, netmask: NETMASK };
    const reply = answerDhcp(message, lease);
    if (reply) this.#datagram(GATEWAY, DHCP_SERVER_PORT, BROADCAST, DHCP_CLIENT_PORT, reply);
  }

  // A name can take seconds to be found, and the answer comes when it comes. More than 32 at once are not
  // asked; the Guest will ask again.

  #takeQuestion(message: Uint8Array, guest: number, port: number): void {
    const question = parseQuestion(message);
    if (!question || this.#questions === MOST_QUESTIONS) return;
    this.#questions++;
    const lookup = async (name: string) => {
      const found = await this.#sockets.lookup(name);
      return found
        .map(undotted)
        .filter((address) => address !== undefined)
        .map(inward);
    };
    answerQuestion(question, lookup).then((reply) => {
      this.#questions--;
      this.#datagram(NAME_SERVER, DNS_PORT, guest, port, reply);
    });
  }

  #routeFrom(source: number, destination: number): Route {
    return { mac: this.#mac, source, destination };
  }

  #datagram(source: number, port: number, guest: number, guestPort: number, data: Uint8Array): void {
    const route = this.#routeFrom(source, guest);
    for (const bytes of datagramFrames(route, port, guestPort, data)) this.#keep({ bytes });
  }

  #complain(guest: number, beginning: Uint8Array, code: number): void {
    this.#keep({ bytes: unreachable(this.#routeFrom(GATEWAY, guest), code, beginning) });
  }

  #keep(frame: Frame): void {
    if (this.#closed || this.#kept.length >= MOST_KEPT) return;
    this.#kept.push(frame);
    this.onArrival();
  }

  #tick(): void {
    if (this.#ticking || this.#closed || this.size === 0) return;
    this.#ticking = true;
    this.#clock.sleep(TICK).then(() => {
      this.#ticking = false;
      if (this.#closed) return;
      this.#connections.tick(this.#clock.now());
      this.#flows.tick(this.#clock.now());
      this.#tick();
    });
  }
}
