/*
 * # Datagrams out, datagrams in
 *
 * A Guest sends a datagram from its port 40000. We send one from a port of ours, and note that what comes to *that*
 * port is for the Guest's 40000. That is a *flow*, and since UDP has no good-bye, nobody ever says when it is over. We
 * say so when the Guest has sent nothing by it for a minute, whatever comes in: else those outside could keep it open.
 */

import { dotted, undotted } from './bytes.ts';
import type { Datagrams, Sockets } from './cable.ts';
import { inward, outward } from './plan.ts';
import { LONGEST_DATAGRAM } from './udp.ts';

const MOST_FLOWS = 256;
const IDLE = 60e9; // nanoseconds
/** Places that one flow has written to, and hears from. */
const MOST_PARTNERS = 64;

interface Flow {
  guest: { address: number; port: number };
  socket: Datagrams;
  /** `address:port` of those who have been written to. */
  partners: Set<string>;
  lastUsed: number;
}

/*
 * ## A flow for each port of the Guest
 *
 * One socket does for all the places that a port of the Guest writes to, as it would if the Guest were a program.
 * But it hears only from those it has written to. Otherwise anybody who finds the port can talk to the Guest, and
 * the whole point of sitting behind this wall is that nobody can.
 *
 * A Guest that scans its way through 65,535 ports gets 256 flows, and the one unused for longest makes room for the
 * next.
 */

/** Takes what came in, in the Guest's addresses: for whom, from whom, what. */
export type Deliver = (
  guest: { address: number; port: number },
  source: { address: number; port: number },
  data: Uint8Array,
) => void;

/*
 * The flows stand in a row, the one that was used last at the end.
 */

/** Carries datagrams across the wall. */
export class UdpFlows {
  readonly #sockets: Sockets;
  readonly #deliver: Deliver;
  readonly #flows = new Map<string, Flow>();

  constructor(sockets: Sockets, deliver: Deliver) {
    this.#sockets = sockets;
    this.#deliver = deliver;
  }

  get size(): number {
    return this.#flows.size;
  }

  /** @returns false if nobody can be reached at that address */
  send(from: Flow['guest'], to: Flow['guest'], data: Uint8Array, now: number): boolean {
    const outside = outward(to.address);
    if (outside === undefined || to.port === 0) return false;
    const flow = this.#flowOf(from);
    flow.lastUsed = now;
    const partner = `${dotted(outside)}:${to.port}`;
    flow.partners.delete(partner); // and in again, as the latest
    flow.partners.add(partner);
    if (flow.partners.size > MOST_PARTNERS) flow.partners.delete(firstOf(flow.partners));
    flow.socket.send(data, dotted(outside), to.port);
    return true;
  }

  /** Ends the flows by which the Guest has sent nothing for a minute before `now`, in nanoseconds. */
  tick(now: number): void {
    for (const [key, flow] of this.#flows) if (now - flow.lastUsed > IDLE) this.#end(key, flow);
  }

  close(): void {
    for (const [key, flow] of this.#flows) this.#end(key, flow);
  }

  #flowOf(guest: Flow['guest']): Flow {
    const key = `${guest.address}:${guest.port}`;
    let flow = this.#flows.get(key);
    if (flow)
      this.#flows.delete(key); // and in again, as the latest
    else {
      if (this.#flows.size === MOST_FLOWS) this.#end(firstOf(this.#flows.keys()));
      flow = this.#open(guest);
    }
    this.#flows.set(key, flow);
    return flow;
  }

  #open(guest: Flow['guest']): Flow {
    const partners = new Set<string>();
    const socket = this.#sockets.datagrams((data, address, port) => {
      const source = undotted(address);
      if (source === undefined || !partners.has(`${address}:${port}`)) return;
      if (data.length <= LONGEST_DATAGRAM) this.#deliver(guest, { address: inward(source), port }, data);
    });
    return { guest, socket, partners, lastUsed: 0 };
  }

  #end(key: string, flow = this.#flows.get(key)): void {
    flow?.socket.close();
    this.#flows.delete(key);
  }
}

/*
 * A `Map` and a `Set` of JavaScript remember the order in which things came in. Whatever is used is taken out and
 * put in again, so the first is always the one that nobody has wanted for longest.
 */

function firstOf<T>(things: Iterable<T>): T {
  for (const thing of things) return thing;
  throw new Error('there is no first of none');
}
