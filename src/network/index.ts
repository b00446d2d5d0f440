/*
 * # A small internet
 */

export * from './plan.ts';
export * from './cable.ts';
export * from './gateway.ts';
export * from './bytes.ts';
export * from './ethernet.ts';
export * from './arp.ts';
export * from './ipv4.ts';
export * from './icmp.ts';
export * from './udp.ts';
export * from './udp-flows.ts';
export * from './dhcp.ts';
export * from './dns.ts';
export * from './tcp-segment.ts';
export * from './tcp-connections.ts';
export * from './tcp-connection.ts';
export * from './byte-queue.ts';
export * from './tcp-output.ts';
export * from './tcp-input.ts';
