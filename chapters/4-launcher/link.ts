/*
 * # The other end of the cable
 *
 * A network device has two sides. One faces the Guest, and is queues and registers like those of a disk. From the
 * other comes a cable, and what it is plugged into is none of the device's business. A small internet made of
 * TypeScript, a switch with other Guests on it, a tap of the computer that all of this runs on, and in the tests a
 * few lines that count: they all look alike from here. They take frames and they give frames.
 */

/*
 * ## A frame, and what is left to do
 *
 * An Ethernet frame is at most 1,514 bytes, addresses first. That was decided in 1980, for a cable as thick as your
 * thumb, and no network has got rid of it since. So a kernel that has 64 kilobytes to send makes forty-five packets
 * of them, with forty-five headers and forty-five checksums, to have them taken apart and added up again by the
 * next kernel. If the cable between the two is a `memcpy`, that is a strange way to spend an afternoon.
 *
 * So a frame may travel unfinished, with a note about what is missing. *The checksum from byte 34 to the end belongs
 * at byte 50, and I have not computed it.* Or: *this is really many frames, to be cut after every 1,460 bytes*.
 * Whoever first needs the truth does the work, and if both ends are memory, nobody ever does.
 */

/** An Ethernet frame from the destination address on, without its check sequence, and perhaps unfinished. */
export interface Frame {
  readonly bytes: Uint8Array;
  /** The Internet checksum of everything from `start` on is still to be computed, and belongs at `start + offset`. */
  readonly checksum?: { readonly start: number; readonly offset: number } | undefined;
  /** To be cut into TCP segments of `size` bytes of data; of headers there are, says the sender, `headers` bytes. */
  readonly segments?: { readonly type: number; readonly size: number; readonly headers: number } | undefined;
}

/*
 * What kinds of cutting there are, in virtio's numbers. The last is a bit beside the others: the sender listens to
 * congestion marks, and the one that it has set itself must stay on the first piece only.
 */

export const SEGMENTS_TCP4 = 1;
export const SEGMENTS_TCP6 = 4;
export const SEGMENTS_ECN = 0x80;

/** The longest frame there is: an Ethernet header and an IP packet of 65,535 bytes, with four bytes for a VLAN. */
export const LONGEST_FRAME = 14 + 4 + 65535;

/*
 * ## Push and pull
 *
 * The two directions are not alike. A Guest sends when it likes, so the Link is *given* a frame. But frames for the
 * Guest are *asked for*, when the Guest has put up a buffer to hold one. A Guest that puts up none is never asked
 * for, and whatever is behind the cable has to cope with that in its own way: by not reading from its socket, by
 * throwing frames away as every real switch does. Nothing piles up in between, because there is no in between.
 *
 * `busy` is the same courtesy the other way. As long as it is true, what the Guest wants to send stays in the Guest.
 */

/** For measurements: how a network card may differ from what we would choose. */
export interface CardOptions {
  /** Features not to be offered. */
  without?: number;
  /** Entries of its receive queue. */
  receiveQueue?: number;
}

/** What a network device is plugged into. */
export interface Link {
  /** A plainer card than usual is wanted at this end of the cable. */
  readonly card?: CardOptions;
  /** Takes a frame from the Guest. The bytes belong to the Link from now on. */
  send(frame: Frame): void;
  /** Frames had better wait in the Guest for a while. */
  readonly busy: boolean;
  /** The next frame for the Guest, if there is one. */
  receive(): Frame | undefined;
  /** Called when `receive` may have something again, and when `busy` has become false. The Launcher sets it. */
  onArrival: () => void;
  close(): void;
}
