/*
 * # May I have an address?
 *
 * A Guest wakes up on a network and knows nothing, not even who it is. It shouts, from nobody to everybody: *is
 * there a DHCP server?* The server offers an address. The Guest shouts again, since it may have had other offers:
 * *I take the one from 10.0.2.2*. The server confirms. Four packets, and a machine has a name, a way out and
 * somebody to ask.
 *
 * :::figure{#dhcp-message caption="A DHCP message. It is BOOTP's, of 1985, with a tail of options; most of it is empty."}
 * ```text
 *     0  op  hw  6  hops     4  transaction       8  seconds  flags
 *    12  my address         16  your address     20  next server   24  relay
 *    28  hardware address, 16 bytes
 *    44  server's name, 64 bytes       108  boot file, 128 bytes
 *   236  63 82 53 63
 *   240  35 01 05    36 04 0a000202   ...    33 04 00015180   ff
 *        53: ACK     54: server              51: lease, 1 day  end
 * ```
 * :::
 */

import { viewOf } from './bytes.ts';

export const DHCP_SERVER_PORT = 67;
export const DHCP_CLIENT_PORT = 68;

const FIXED = 240;
const SHORTEST = 300; // BOOTP's length; some clients throw away what has less
const MAGIC = 0x63825363;
const BOOT_REQUEST = 1;
const BOOT_REPLY = 2;

const DISCOVER = 1;
const OFFER = 2;
const REQUEST = 3;
const ACK = 5;
const NAK = 6;
const INFORM = 8;

const OPTION_PAD = 0;
const OPTION_NETMASK = 1;
const OPTION_ROUTER = 3;
const OPTION_NAME_SERVER = 6;
const OPTION_REQUESTED = 50;
const OPTION_LEASE = 51;
const OPTION_TYPE = 53;
const OPTION_SERVER = 54;
const OPTION_END = 255;
const DAY = 24 * 60 * 60;

/** What there is to be given away. */
export interface Lease {
  guest: number;
  gateway: number;
  nameServer: number;
  netmask: number;
}

/*
 * ## One customer
 *
 * Other DHCP servers have a database. There is one Guest at the end of this cable and one address to give, so we
 * give it to whoever asks. A Guest that asks for another one, say the one it had in its last life on another
 * network, gets a NAK: forget it, begin again.
 *
 * A request that names another server is an answer to somebody else's offer. There is nobody else; but it is rude
 * to read other people's mail.
 */

/** Answers a message of a DHCP client. @returns the reply, or undefined if there is nothing to be said */
export function answerDhcp(message: Uint8Array, lease: Lease): Uint8Array | undefined {
  if (message.length < FIXED || message[0] !== BOOT_REQUEST || viewOf(message).getUint32(236) !== MAGIC)
    return undefined;
  const options = readOptions(message);
  switch (options.get(OPTION_TYPE)?.[0]) {
    case DISCOVER:
      return reply(message, OFFER, lease);
    case REQUEST: {
      const server = addressIn(options, OPTION_SERVER);
      if (server !== undefined && server !== lease.gateway) return undefined;
      const wanted = addressIn(options, OPTION_REQUESTED) ?? viewOf(message).getUint32(12);
      return reply(message, wanted === lease.guest ? ACK : NAK, lease);
    }
    case INFORM:
      return reply(message, ACK, lease, 0);
    default:
      return undefined;
  }
}

function readOptions(message: Uint8Array): Map<number, Uint8Array> {
  const options = new Map<number, Uint8Array>();
  for (let at = FIXED; at + 1 < message.length && message[at] !== OPTION_END; ) {
    if (message[at] === OPTION_PAD) {
      at++;
      continue;
    }
    const end = at + 2 + message[at + 1]!;
    if (end > message.length) break;
    options.set(message[at]!, message.subarray(at + 2, end));
    at = end;
  }
  return options;
}

function addressIn(options: ReadonlyMap<number, Uint8Array>, option: number): number | undefined {
  const value = options.get(option);
  return value?.length === 4 ? viewOf(value).getUint32(0) : undefined;
}

/*
 * Most who ask have no address yet, and shout; they are answered to everybody. Whoever renews a lease listens at the
 * address that he has, and may hear nothing else.
 */

const EVERYBODY = 0xffffffff;

/** Where a reply is to be sent. */
export function addressee(reply: Uint8Array): number {
  const isRefusal = reply[FIXED + 2] === NAK; // the type is the first option
  const inUse = viewOf(reply).getUint32(12);
  return isRefusal || inUse === 0 ? EVERYBODY : inUse;
}

/*
 * ## The reply
 *
 * INFORM comes from Guests that have been given an address by hand and want to know the rest. They get everything
 * but an address, and no lease.
 */

function reply(
  message: Uint8Array,
  type: number,
  lease: Lease,
  given = type === NAK ? 0 : lease.guest,
): Uint8Array {
  const options = [[OPTION_TYPE, 1, type], option32(OPTION_SERVER, lease.gateway)];
  if (type !== NAK) {
    options.push(
      option32(OPTION_NETMASK, lease.netmask),
      option32(OPTION_ROUTER, lease.gateway),
      option32(OPTION_NAME_SERVER, lease.nameServer),
    );
  }
  if (given !== 0) options.push(option32(OPTION_LEASE, DAY));
  const tail = [...options.flat(), OPTION_END];
  const answer = new Uint8Array(Math.max(SHORTEST, FIXED + tail.length));
  answer.set(message.subarray(0, 44));
  answer[0] = BOOT_REPLY;
  answer[3] = 0;
  const view = viewOf(answer);
  view.setUint32(16, given);
  view.setUint32(20, given === 0 ? 0 : lease.gateway);
  view.setUint32(236, MAGIC);
  answer.set(tail, FIXED);
  return answer;
}

function option32(option: number, value: number): number[] {
  return [option, 4, value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}
