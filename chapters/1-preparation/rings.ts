/*
 * # Rings
 *
 * Ask a processor who is speaking and it answers with a number from 0 to 3.
 *
 * That number, the *current privilege level*, is the whole class system of the i386. Ring 0 may do everything: load
 * page tables, stop the machine, talk to ports. Ring 3 may add and subtract. The idea is older than the chip: the
 * people of Multics drew rings around a keep in the nineteen-sixties, first as a fiction kept up by software, and from
 * 1973 on in hardware, eight of them. The 80286 of 1982 took over four.
 *
 * :::figure{#four-rings caption="Four rings were built. For fifteen years nearly everybody used two."}
 * ```text
 *        +-------------------------------------+
 *        | 3   processes                       |
 *        |   +-----------------------------+   |
 *        |   | 2   nobody                  |   |
 *        |   |   +---------------------+   |   |
 *        |   |   | 1   a Guest's kernel|   |   |
 *        |   |   |   +-------------+   |   |   |
 *        |   |   |   | 0   us      |   |   |   |
 *        |   |   |   +-------------+   |   |   |
 *        |   |   +---------------------+   |   |
 *        |   +-----------------------------+   |
 *        +-------------------------------------+
 * ```
 * :::
 *
 * Unix wanted two levels, kernel and user, and so did everybody who ported it; rings 1 and 2 stood empty like the
 * fourth floor of a cheap hotel. Then somebody wants to run a kernel that must not be a kernel. Ring 0 is taken, by us.
 * Ring 3 will not do, because the Guest's own processes live there and its kernel must be able to keep *them* out. But
 * one floor up there is a room with a view of both.
 */

/** The ring of a Guest's kernel; its processes live in 3. */
export const GUEST_KERNEL_RING = 1;

/*
 * ## A selector is a name with a rank
 *
 * The processor does not look up who you are at each instruction. It looks when you load a *segment register*, by a
 * sixteen-bit number called a selector, and remembers.
 *
 *      15                        3  2  1  0
 *     +---------------------------+--+-----+
 *     | index into the table      |TI|ring |
 *     +---------------------------+--+-----+
 *
 * The index picks one of the descriptors in a table that the kernel set up, the *global descriptor table*, GDT. TI
 * picks another table, which no Guest of ours has. The two lowest bits, in the manual the RPL, say on whose behalf. Of
 * the selector in cs, the register for code, they *are* the current ring. So 0x61, which you will meet on every other
 * page, reads: entry 12, ring 1. A Guest kernel is running.
 */

/** The ring (0 to 3) that a selector asks for: its lowest two bits. */
export function ringOf(selector: number): number {
  return selector & 3;
}

/*
 * ## Sixty-four bits that grew
 *
 * A descriptor says where a segment begins, how long it is, what it is for and from which ring it may be used. It says
 * so in eight bytes, in an order that makes sense if you know that the 286 came first and had only six of them:
 *
 *      31        24 23         20 19     16 15 14 13 12 11     8 7          0
 *     +------------+--+--+--+----+---------+--+-----+--+--------+------------+
 *     | base 31-24 | G| D|  |    | limit   | P|ring | S|  type  | base 23-16 |   high
 *     +------------+--+--+--+----+---------+--+-----+--+--------+------------+
 *     |          base 15-0                 |          limit 15-0             |   low
 *     +------------------------------------+---------------------------------+
 *
 * The three pieces of the base are what archaeologists call strata. What a hypervisor watches are four things in the
 * upper word: P, without which it is void; the ring, also called DPL; S, which tells memory from machinery; and the
 * type. (G counts the length in pages, D says that code is of 32 bits. Of the two blank places one is yours, and the
 * other was kept for people with 64.)
 */

/** Bits of the upper word of a descriptor (Intel's manual, the SDM, vol. 3, 3.4.5). */
export const DESCRIPTOR_ACCESSED = 1 << 8;
export const DESCRIPTOR_READABLE = 1 << 9; // of a code segment; writable, of a data segment
export const DESCRIPTOR_CONFORMING = 1 << 10; // of a code segment; grows down, of a data segment
export const DESCRIPTOR_CODE = 1 << 11;
export const DESCRIPTOR_SEGMENT = 1 << 12; // clear: a gate, a task state or a local table
export const DESCRIPTOR_RING_SHIFT = 13;
export const DESCRIPTOR_RING = 3 << DESCRIPTOR_RING_SHIFT;
export const DESCRIPTOR_PRESENT = 1 << 15;

/*
 * ## Flat
 *
 * A segment could be a fence: here is your megabyte, fall off the end and you trap. Almost nobody builds that fence any
 * more. Kernels set every base to 0 and every limit to four gigabytes and let page tables do the keeping apart, which
 * leaves to segments the one thing that paging cannot do: saying which ring you are in.
 *
 * That leaves you and me with a question to carry into the cave. If the Guest's kernel has flat segments in ring 1, and
 * flat means *everything*, then what keeps it away from us? Not these eight bytes. Turn the page.
 */

/** Both words of a segment that starts at 0 and ends at 4 GiB, for ring 0 and already marked as accessed. */
export const FLAT_LOW = 0x0000_ffff;
export const FLAT_CODE_HIGH = 0x00cf_9b00;
export const FLAT_DATA_HIGH = 0x00cf_9300;
