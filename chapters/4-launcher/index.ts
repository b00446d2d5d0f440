/*
 * # Launcher
 *
 * Two chapters ago you were a kernel. You woke up in ring 1 at physical address 0x100000, found a letter on the
 * doormat, felt your way along a PCI bus and talked to a console through a keyhole. You never asked who had put the
 * letter there.
 *
 * You did. Or you are about to. This chapter is the other side of every wall that pup has touched: the program that
 * reads the kernel from a file, writes the letter, and then stands behind the scenery for as long as the Guest
 * lives, being a host bridge, being a disk, being a keyboard, and above all being quick about it, since a Guest
 * that reads a register is a Guest that stands still until we have made up the answer.
 *
 * In lguest this was a single C file for a reason worth knowing. Almost nothing of a hypervisor has to be in the
 * kernel. Everything on these pages runs with no privilege at all: it cannot see a page table, cannot enter a
 * Guest, cannot touch the processor. It has one file to talk to, `/dev/lguest`, and a window through which it sees
 * the Guest's memory. If it were evil it could ruin its own Guest and nobody else's.
 *
 * :::figure{#launcher-cast caption="Who talks to whom. Everything above the line is this chapter."}
 * ```text
 *    command line      kernel file      keyboard, screen, disks
 *         |                 |                  |
 *         v                 v                  v
 *   +---------------------------------------------------+
 *   | launch:  load   ->  run loop  ->  autopsy         |
 *   |                        |                          |
 *   |          ports and     |    PCI bus: bridge,      |
 *   |          memory moves  +--> console, disk, dice   |
 *   +---------------------------------------------------+
 *   -------- /dev/lguest ---------- the Guest's memory ---
 *          Host  (chapter 5)
 * ```
 * :::
 *
 * The way leads in through the front door. First what the Launcher knows of the world, and what you can type at it.
 * Then `launch`, which fits on a page, and the four files that fill an empty memory with a kernel.
 */

export * from './outside.ts';
export * from './command-line.ts';
export * from './network-options.ts';
export * from './launch.ts';
export * from './elf.ts';
export * from './bzimage.ts';
export * from './kernel.ts';
export * from './zero-page.ts';

/*
 * From there on the Guest is alive, and you are its universe. `runGuest` waits for it to get into trouble; the
 * files behind it decide what each kind of trouble means.
 */

export * from './run-loop.ts';
export * from './guest-registers.ts';
export * from './ports.ts';

/*
 * Half of that trouble is curiosity. A kernel that has just woken up looks for a bus, and for whatever may sit on
 * it.
 */

export * from './pci-bus.ts';
export * from './pci-config.ts';
export * from './mmio.ts';

/*
 * The other half is business. Behind each slot of the bus is a virtio device: a screenful of registers in front,
 * queues in the Guest's own memory behind, and one short file for whatever makes a disk different from a keyboard.
 */

export * from './virtio-registers.ts';
export * from './virtio-queue-registers.ts';
export * from './virtio-device.ts';
export * from './virtqueue.ts';
export * from './input-queue.ts';
export * from './console.ts';
export * from './entropy.ts';
export * from './block.ts';
export * from './block-request.ts';

/*
 * The last one speaks to whoever is at the other end of its cable, and is the only one here that may be spoken to
 * by strangers.
 */

export * from './link.ts';
export * from './net.ts';
export * from './net-offload.ts';

/*
 * And since every Guest dies, the chapter ends in the morgue.
 */

export * from './symbols.ts';
export * from './autopsy.ts';
