/*
 * # Who has 10.0.2.2?
 *
 * The Guest wants to send a packet to 10.0.2.2, and Ethernet has never heard of 10.0.2.2. So it shouts. *Who has
 * 10.0.2.2? Tell 10.0.2.15.* Whoever has it whispers back. It is the most trusting protocol still in use: nobody
 * checks, and everybody believes the last one who spoke.
 *
 * We answer for two addresses, the gateway's and the name server's. Not for the Guest's own: before a Guest takes
 * an address it asks whether anybody else has it, and a gateway that says *me* to everything leaves it homeless.
 */

import { viewOf } from './bytes.ts';
import { ETHERNET_HEADER, ETHERTYPE_ARP, ETHERTYPE_IPV4, GATEWAY_MAC, newFrame } from './ethernet.ts';

const LENGTH = 28;
const ETHERNET = 1;
const REQUEST = 1;
const REPLY = 2;

/** The sender's idea of its own address, and an answer if one is due. */
export interface ArpOutcome {
  sender: number;
  reply?: Uint8Array;
}

/** @param ours does an address belong to us? */
export function answerArp(packet: Uint8Array, ours: (address: number) => boolean): ArpOutcome | undefined {
  if (packet.length < LENGTH) return undefined;
  const view = viewOf(packet);
  const kinds = [view.getUint16(0), view.getUint16(2), view.getUint8(4), view.getUint8(5)];
  if (kinds.join() !== [ETHERNET, ETHERTYPE_IPV4, 6, 4].join()) return undefined;
  const sender = view.getUint32(14);
  const target = view.getUint32(24);
  if (view.getUint16(6) !== REQUEST || !ours(target)) return { sender };
  return { sender, reply: arpReply(packet, target) };
}

/*
 * A reply is the question with its two halves swapped and the hole filled in.
 */

function arpReply(request: Uint8Array, target: number): Uint8Array {
  const asker = request.subarray(8, 14);
  const frame = newFrame(asker, ETHERTYPE_ARP, LENGTH);
  frame.set(request.subarray(0, 6), ETHERNET_HEADER);
  const view = viewOf(frame);
  view.setUint16(ETHERNET_HEADER + 6, REPLY);
  frame.set(GATEWAY_MAC, ETHERNET_HEADER + 8);
  view.setUint32(ETHERNET_HEADER + 14, target);
  frame.set(request.subarray(8, 18), ETHERNET_HEADER + 18);
  return frame;
}
