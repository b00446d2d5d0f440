/*
 * # Drivers
 *
 * So far you have been alone in the dark with your own memory. There is a bus in here as well. Feel along the
 * wall: it has thirty-two slots, most of them empty, and what sits in the others says that it is a console, or a
 * disk, or a pair of dice.
 *
 * None of it exists. There is no chip and no wire; each time you touch a register of one of these devices the
 * world stops, a Launcher on the far side reads what you tried to do, does something plausible, and starts the
 * world again behind your instruction. You cannot tell, and neither could Linux.
 *
 * It would be a poor trick to imitate some real network card with all its bugs. Early virtual machines did so, as
 * guests had drivers for nothing else, and paid with a dozen exits for each packet. So in 2007 Rusty Russell, who
 * needed disks and networks for lguest and saw Xen and KVM each inventing their own, sat down and designed devices that
 * were *meant* to be imaginary. He called them virtio. There are rings of buffers in memory; you fill some, knock once,
 * and the other side works them off. lguest has been gone since 2017. Virtio is what nearly every guest of KVM speaks
 * today, and the little devices of this chapter speak its version 1.0.
 *
 * The chapter goes from the wall to the things: ports, the bus, a first cry through a keyhole; then the handshake
 * that all virtio devices insist on, the queues, and at last three drivers that are hardly longer than what they
 * do.
 */

export * from './registers.ts';
export * from './pci.ts';
export * from './early-console.ts';
export * from './devices.ts';
export * from './virtio.ts';
export * from './virtqueue.ts';
export * from './console.ts';
export * from './block.ts';
export * from './entropy.ts';
