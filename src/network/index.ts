/*
 * # A small internet
 *
 * Chapter 4 left you with a cable in your hand. Its one end is in the Guest's network card. This appendix is about
 * what `--net` plugs the other end into: a house with a gateway, a name server and somebody who gives out addresses,
 * none of whom exist. There is only this program, and it has no privileges at all. It may not send a packet. It may
 * not even see one. All it has is what every program has: it can open a connection to somewhere and read what comes.
 *
 * That is enough to fake the Internet. The Guest's kernel does everything that a kernel does: it asks who has
 * 10.0.2.2, it makes segments with numbers and checksums, it measures, waits and repeats itself. At the end of the
 * cable somebody answers it in the same language, word by word, and on the other side does with a plain socket what
 * it asked for. It is a simultaneous interpreter between packets and streams.
 *
 * :::figure{#small-internet caption="A page comes from Norway. What the Guest takes for the far end of its connection is some TypeScript."}
 * ```text
 *   in the Guest                  here                              outside
 *   wget                                                            a server
 *    | bytes                                                          | bytes
 *   TCP  ..... segments .....  a TCP of our own                     TCP
 *    |                            |        bytes                      |
 *   IP, Ethernet               IP, Ethernet   \____ socket ____  this computer's kernel
 *    |                            |
 *   virtio ------ cable ----------+
 * ```
 * :::
 *
 * :::aside
 * One should not write a TCP if somebody has written one already, so we looked. There are TCP/IP stacks for
 * JavaScript, good ones, compiled from C or Go to WebAssembly. They make a program into *one* machine on a network.
 * What we need is to be *every* machine on it: to pick up whatever address the Guest calls. The nearest candidate
 * was asked for that in 2026, and its author answered *not today*.
 * :::
 *
 * What is missing is as much a decision as what is there. No IPv6: nobody here hands out an address of that kind, a
 * Guest that asks for somebody's is told that [there is none](src/network/dns.ts#the-answer), and its own kernel
 * says *unreachable* to those who try all the same. No pings beyond the gateway and the name server, no way in but by
 * the doors of `--forward`. What is there has limits: 256 connections, 256 flows of datagrams, a quarter of a megabyte
 * on its way to the Guest in each connection and 32 kilobytes on the way back, 256 frames waiting, eight packets in
 * pieces. A Guest can make the network useless to itself, and to nobody else.
 *
 * ## The way through
 *
 * First the map: three addresses, two holes in the wall, and the gateway, in which everything comes together.
 */

export * from './plan.ts';
export * from './cable.ts';
export * from './gateway.ts';

/*
 * Then from the outside in, as a frame is peeled. None of these is long. They have been on the wire for forty years
 * and have been simple for all of them.
 */

export * from './bytes.ts';
export * from './ethernet.ts';
export * from './arp.ts';
export * from './ipv4.ts';
export * from './fragments.ts';
export * from './icmp.ts';
export * from './udp.ts';
export * from './udp-flows.ts';
export * from './dhcp.ts';
export * from './dns.ts';

/*
 * The longest part is TCP, and it is not that long either. A real one has to live with an ocean between itself and
 * its peer, and most of it is about what may be going on in the ocean. Ours has a cable of no length. What is left
 * when you take the ocean away is numbers, windows, and the question who waits for whom.
 */

export * from './tcp-segment.ts';
export * from './tcp-connections.ts';
export * from './tcp-calls.ts';
export * from './tcp-turns.ts';
export * from './tcp-resets.ts';
export * from './tcp-connection.ts';
export * from './byte-queue.ts';
export * from './tcp-output.ts';
export * from './tcp-input.ts';

/*
 * And for Guests that would rather talk to each other, there is a box with no opinions.
 */

export * from './learning-switch.ts';
export * from './frame-stream.ts';
