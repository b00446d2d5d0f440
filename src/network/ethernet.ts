/*
 * # Ethernet
 *
 * Fourteen bytes: whom it is for, who it is from, what is inside. In 1973, when Bob Metcalfe drew it on a memo, the
 * cable was shared by everyone in the building and each frame was heard by all of them. The addresses were there so
 * that you knew what to ignore.
 *
 * :::figure{#ethernet-frame caption="The beginning of every frame that a Guest sends to its gateway."}
 * ```text
 *   02 00 00 00 00 02   06 1e 5a 93 c4 07   08 00   45 00 00 54 ...
 *   to the gateway      from the Guest      IPv4    the packet
 * ```
 * :::
 */

import { viewOf } from './bytes.ts';

export const ETHERNET_HEADER = 14;
export const ETHERTYPE_IPV4 = 0x0800;
export const ETHERTYPE_ARP = 0x0806;

const BROADCAST = Uint8Array.of(255, 255, 255, 255, 255, 255);

/*
 * Our own address is the same in all houses. No two gateways ever meet, as each Guest has a cable of its own.
 */

/** The gateway's MAC. Bit 1 of the first byte: given out by nobody. */
export const GATEWAY_MAC: Uint8Array = Uint8Array.of(2, 0, 0, 0, 0, 2);

export interface Ethernet {
  source: Uint8Array;
  type: number;
  payload: Uint8Array;
}

/** @returns undefined for what is too short, or not for us */
export function parseEthernet(frame: Uint8Array): Ethernet | undefined {
  if (frame.length < ETHERNET_HEADER) return undefined;
  const destination = frame.subarray(0, 6);
  if (!sameMac(destination, GATEWAY_MAC) && !sameMac(destination, BROADCAST)) return undefined;
  const source = frame.slice(6, 12);
  if (source[0]! & 1) return undefined; // nobody is a crowd
  return { source, type: viewOf(frame).getUint16(12), payload: frame.subarray(ETHERNET_HEADER) };
}

export function sameMac(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, index) => byte === b[index]);
}

/** A frame from the gateway, with room for `length` bytes behind its header. */
export function newFrame(destination: Uint8Array, type: number, length: number): Uint8Array {
  const frame = new Uint8Array(ETHERNET_HEADER + length);
  frame.set(destination, 0);
  frame.set(GATEWAY_MAC, 6);
  viewOf(frame).setUint16(12, type);
  return frame;
}
