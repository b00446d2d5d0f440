/*
 * # The life of a packet
 *
 * Somebody types `ping -c 1 10.0.2.2`, and the third walk goes out to the edge of the world and comes back. From the
 * Guest's ring to the moment when it asks the card why *it* rang it takes 3,250 instructions of the Guest's.
 *
 * ::figure[A ping and its answer. Twelve bytes of virtio's and 98 of Ethernet are 110. In a deterministic World the Host, the Launcher and the whole internet take no time, so many lines have the same number in front.]{#trail-packet}
 *
 * The driver is Linux's; pup has none for networks, but its disk does the same at each step where the Guest has the
 * word.
 *
 * :::trail{#steps-of-a-packet name="a packet"}
 * 1. [A chain](chapters/3-drivers/virtqueue.ts#offer): the driver writes where the packet lies into a descriptor, the
 *    descriptor's number into the available ring, and then the ring's counter. All of it is memory. Nobody notices.
 * 2. [A register](chapters/3-drivers/registers.ts#memory-that-answers-back): so the driver writes the number of the
 *    queue to an address where there is no memory, and faults. It is the second line of the figure.
 * 3. [Whose fault](chapters/5-host/traps.ts#whose-fault) is it this time? A device's. The Host passes on seven bytes of
 *    code and the address.
 * 4. [For the Launcher](chapters/4-launcher/run-loop.ts#doing-it-for-them), which has been sitting in a `read` since it
 *    last let the Guest run.
 * 5. [66 89 02](chapters/4-launcher/mmio.ts#acting-it-out) is `mov [edx], ax`. It acts that out.
 * 6. [The screenful of registers](chapters/4-launcher/virtio-registers.ts#going-in): those of the network card begin at
 *    0x4100080, and 0x38 bytes further on is where drivers ring.
 * 7. [Somebody rings](chapters/4-launcher/virtio-device.ts#somebody-rings), and it is written down, no more than that.
 * 8. [One turn each](chapters/4-launcher/virtio-device.ts#one-turn-each): before the Guest goes on, devices that
 *    somebody has rung for look into their queues.
 * 9. [The chain is followed](chapters/4-launcher/virtqueue.ts#following-the-chain) and each link is weighed.
 * 10. [Departures](chapters/4-launcher/net.ts#departures): the bytes leave the Guest's memory and become a frame. They
 *     are copied here, for the first time.
 * 11. [The gateway](src/network/gateway.ts#takeFrame) is the other end of the cable, and reads the frame from the
 *     outside in.
 * 12. [Ethernet](src/network/ethernet.ts#parseEthernet) comes off first, then IP.
 * 13. [An echo](src/network/icmp.ts#echoReply) is asked for and made.
 * 14. [It is kept](src/network/gateway.ts#keep), since nobody is asking for frames at the moment.
 * 15. [Arrivals](chapters/4-launcher/net.ts#arrivals): the Guest has meanwhile put itself to sleep, as you have seen.
 *     It had left empty buffers with the card long before, all 73,724 bytes of them for one frame, in case it should be
 *     a long one. This one has 98.
 * 16. [The chain is given back](chapters/4-launcher/virtqueue.ts#giving-back), and the driver wants to know.
 * 17. [Line 2](chapters/5-host/dev-lguest.ts#raiseInterrupt) is a `write` to /dev/lguest, sets a bit, and wakes whoever
 *     sleeps.
 * 18. [May we come in?](chapters/5-host/interrupts.ts#may-we-come-in) A Guest that has said HALT is never asked.
 * 19. [The handler](chapters/2-guest/interrupts.ts#interrupt) of that line runs in the Guest. Its first deed is in the
 *     last two lines of the figure: 180 instructions in, it reads a register of the card's, to see whether it was
 *     meant. That is a trap again, and an errand, and a page fault that nobody will ever call one.
 * :::
 *
 * *64 bytes from 10.0.2.2: seq=0.* You can follow it now from the finger to the wire and back.
 */
export {};
