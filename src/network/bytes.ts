/*
 * # Most significant first
 *
 * Two kinds of computers met on the Internet. Those that write the number 1 as `00 01`, and those, among them every
 * i386, that write it as `01 00`. Danny Cohen, who in 1980 asked them for peace, called the parties Big-Endians and
 * Little-Endians, after the war in Lilliput about where to open an egg. The Internet took the big end. JavaScript's
 * `DataView` does too, if you say nothing.
 */

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/*
 * ## Sixteen bits of certainty
 *
 * IP, ICMP, UDP and TCP share one checksum. Add all words of 16 bits, fold what overflows back in at the bottom,
 * invert. A receiver adds up everything *including* the checksum, and if nothing was lost gets ffff.
 *
 * :::figure{#checksum-example caption="The IP header of a ping to the gateway, added up. 042a goes where the dots are."}
 * ```text
 *   4500 0054 1e6f 4000 4001 .... 0a00 020f 0a00 0202
 *
 *   4500 + 0054 + 1e6f + 4000 + 4001 + 0a00 + 020f + 0a00 + 0202 = fbd5
 *                                                    ffff - fbd5 = 042a
 * ```
 * :::
 *
 * Numbers in JavaScript are exact up to 2 to the 53rd, so we add first and fold last.
 */

/** The sum of all 16-bit words, not folded. An odd byte at the end is the upper half of a word. */
export function sumWords(bytes: Uint8Array, from = 0, to = bytes.length): number {
  let sum = 0;
  let at = from;
  for (; at + 1 < to; at += 2) sum += (bytes[at]! << 8) | bytes[at + 1]!;
  return at < to ? sum + (bytes[at]! << 8) : sum;
}

/** A sum in 16 bits. */
export function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000);
  return folded;
}

/** What belongs into the field of a checksum, given the sum of everything else. */
export function checksumOf(sum: number): number {
  return 0xffff - fold(sum);
}

/*
 * TCP and UDP add a *pseudo-header* to theirs, which is never sent: who sends, who receives, which protocol and how
 * much. A packet that was delivered to the wrong house is thereby as wrong as one with a wrong bit.
 */

/** Sum of the pseudo-header of TCP and UDP (RFC 793, section 3.1). */
export function sumPseudoHeader(
  source: number,
  destination: number,
  protocol: number,
  length: number,
): number {
  const addresses = (source >>> 16) + (source & 0xffff) + (destination >>> 16) + (destination & 0xffff);
  return addresses + protocol + length;
}

/*
 * ## Addresses
 *
 * An IPv4 address is a number of 32 bits. `10.0.2.2` is how people say 0x0a000202.
 */

/** @param address most significant byte first, 0 to 2^32 - 1 */
export function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

/** @returns undefined for anything but four decimal numbers */
export function undotted(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256))
    return undefined;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}
