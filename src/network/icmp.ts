/*
 * # ICMP
 *
 * The protocol in which the Internet talks about itself, mostly to complain. Two of its messages concern us.
 *
 * `ping`, written in an evening of December 1983 by Mike Muuss, who had a broken network to find, sends an *echo
 * request* and wants it back. We echo for our own two addresses. For anybody else's we would have to send a ping of
 * our own, and an ordinary program may not: Linux has sockets for it, but Node has no way to ask for one. So we do
 * the honest thing, and say *administratively prohibited* instead of nothing.
 */

import { checksumOf, sumWords, viewOf } from './bytes.ts';
import { ICMP, type Ipv4, newPacket, PAYLOAD, type Route } from './ipv4.ts';

const ECHO_REPLY = 0;
const UNREACHABLE = 3;
const ECHO_REQUEST = 8;
const HEADER = 8;

/** Why not: codes of *destination unreachable* (RFC 792; 13 is from RFC 1812, section 5.2.7.1). */
export const HOST_UNREACHABLE = 1;
export const PROHIBITED = 13;

export function isEchoRequest({ payload }: Ipv4): boolean {
  return payload.length >= HEADER && payload[0] === ECHO_REQUEST && payload[1] === 0;
}

/*
 * An echo is the request with an 8 made into a 0. Whatever is in it goes back: Linux's `ping` puts the time there and
 * needs no memory of what it has sent.
 */

/** The same back. The request may be up to 64 KiB, and so may the answer be. */
export function echoReply({ payload }: Ipv4): Uint8Array {
  const reply = payload.slice();
  reply[0] = ECHO_REPLY;
  finish(reply);
  return reply;
}

/*
 * A complaint quotes what it complains about: the header of the packet, and eight bytes more, in which both TCP and
 * UDP have their ports. That is enough for a kernel to find the process that is to blame.
 */

/** The frame that says to the Guest why a packet of its could not be delivered. */
export function unreachable(route: Route, code: number, quote: Uint8Array): Uint8Array {
  const frame = newPacket(route, ICMP, HEADER + quote.length);
  const message = frame.subarray(PAYLOAD);
  message[0] = UNREACHABLE;
  message[1] = code;
  message.set(quote, HEADER);
  finish(message);
  return frame;
}

function finish(message: Uint8Array): void {
  const view = viewOf(message);
  view.setUint16(2, 0);
  view.setUint16(2, checksumOf(sumWords(message)));
}
