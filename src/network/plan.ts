/*
 * # Three addresses
 *
 * In 1995 Danny Gasparovski wanted to read the web from a terminal account that offered him a shell and nothing
 * else, and wrote *slirp*: a program that spoke IP on one side and ordinary sockets on the other. The dial-up shell
 * accounts are gone. The trick is not; it is how nearly every emulator gives its guest a network without asking
 * root, and the addresses that he chose for it have become a custom. We keep the custom.
 *
 * :::figure{#address-plan caption="The network at the end of the cable: 10.0.2.0, netmask 255.255.255.0."}
 * ```text
 *    10.0.2.2     the gateway; it is also this computer, whose 127.0.0.1 it stands for
 *    10.0.2.3     the name server
 *    10.0.2.15    the Guest, if it asks (or any other it likes)
 * ```
 * :::
 */

export const GATEWAY: number = 0x0a000202;
export const NAME_SERVER: number = 0x0a000203;
export const GUEST: number = 0x0a00020f;
export const NETMASK: number = 0xffffff00;

const LOOPBACK = 0x7f000001;
const NOBODY = 0;
const EVERYBODY = 0xffffffff;

export function isOurs(address: number): boolean {
  return address === GATEWAY || address === NAME_SERVER;
}

/** Could a Guest have this address? */
export function mayBeGuest(address: number): boolean {
  const host = (address & ~NETMASK) >>> 0;
  return isNear(address) && host !== 0 && host !== 255 && !isOurs(address);
}

function isNear(address: number): boolean {
  return (address & NETMASK) >>> 0 === (GATEWAY & NETMASK) >>> 0;
}

/*
 * ## In and out
 *
 * The gateway's address becomes 127.0.0.1 on the way out, and the other way round on the way in. So a server that
 * you have running in the next window, and that listens to nobody but this computer, is at 10.0.2.2 for the Guest.
 * It is convenient; it is also a thing to know before you boot a kernel that you do not trust.
 *
 * And some addresses lead nowhere. A packet to 127.0.0.1 must not leave the Guest in the first place. What is for
 * everybody stays on the cable, which has two ends. And of the house numbers on the cable itself, only ours have
 * somebody in.
 */

/** The computer's own address for one that the Guest uses; undefined if nobody can be reached there. */
export function outward(address: number): number | undefined {
  if (address === GATEWAY) return LOOPBACK;
  const first = address >>> 24;
  if (address === NOBODY || address === EVERYBODY || first === 0 || first === 127 || first >= 224)
    return undefined;
  return isNear(address) ? undefined : address;
}

/** The Guest's address for one of the computer's. */
export function inward(address: number): number {
  return address >>> 24 === 127 ? GATEWAY : address;
}
