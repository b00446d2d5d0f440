/*
 * # Pages
 *
 * There is no address 0xc0123004. There never was. It is a thing that a program says, and the processor is too polite
 * to laugh: it looks the address up in a book, and goes where the book says.
 *
 * The book has pages of 4,096 bytes, because somebody had to choose. Memory is cut into *frames* of that size, programs
 * see *pages* of that size, and the book says which page is in which frame. Change the book and the same address is
 * somewhere else. Change it between two processes and they never meet. This is the fence that everybody uses.
 */

export const PAGE_SIZE = 4096;
export const PAGE_SHIFT = 12;

/** Start of the page that `address` is in. */
export function pageOf(address: number): number {
  return (address & -PAGE_SIZE) >>> 0;
}

/*
 * ## Two books, really
 *
 * Four gigabytes are 1,048,576 pages, and a list of them, at four bytes each, would take four megabytes for every
 * process, nearly all of it blank. So the list is cut into 1,024 *page tables* of 1,024 entries, and a list of those,
 * the *page directory*, says where they are. A table that would be blank is not there.
 *
 * :::figure{#walk caption="How 0xc0123004 becomes a place. CR3 is a register of the processor; only ring 0 may load it."}
 * ```text
 *       31        22 21        12 11          0
 *      +------------+------------+-------------+
 *      |    0x300   |   0x123    |    0x004    |       0xc0123004
 *      +-----|------+-----|------+------|------+
 *            |            |             |
 *            |            |             +---------------------+
 *            |            +-------------+                     |
 *            v                          v                     v
 *        directory                   table                  frame
 *       +---------+                +---------+           +---------+
 *   0   |         |             0  |         |        0  |         |
 *       |   ...   |                |   ...   |        4  |  here   |
 * 0x300 |    o----|--------> 0x123 |    o----|------->   |   ...   |
 *       |   ...   |                |   ...   |           |         |
 *       +---------+                +---------+           +---------+
 *            ^
 *           CR3
 * ```
 * :::
 *
 * Both are pages themselves, so both are somewhere in memory, so a kernel can map them and write in them while the
 * processor reads. That a page table is an ordinary page is the best and the worst idea in this chapter.
 */

/** Bytes of address space under one entry of a page directory: 4 MiB. */
export const TABLE_REACH = 1 << 22;
/** Entries in a directory, and in a table. */
export const TABLE_ENTRIES = 1024;

/** Where an address's entry is in the directory, in bytes from its start. */
export function directoryOffset(address: number): number {
  return (address >>> 22) << 2;
}

/** Where an address's entry is in its page table, in bytes from its start. */
export function tableOffset(address: number): number {
  return ((address >>> PAGE_SHIFT) & (TABLE_ENTRIES - 1)) << 2;
}

/*
 * ## Twenty bits of fact, twelve of opinion
 *
 * A frame begins where the last twelve bits are zero, so an entry has no use for those twelve, and the processor moved
 * in:
 *
 *      31                                  12 11    9  8  7  6  5  4  3  2  1  0
 *     +--------------------------------------+-------+--+--+--+--+--+--+--+--+--+
 *     | frame                                | yours | G|PS| D| A|CD|WT| U| W| P|
 *     +--------------------------------------+-------+--+--+--+--+--+--+--+--+--+
 *
 * P says that the rest is true. W lets you write, U lets ring 3 in at all, and both must be set on both levels. The
 * processor itself sets A when somebody goes through an entry and D when somebody writes through it, and never clears
 * them; a kernel that is short of memory clears them, waits, and sees who was there. Write down somewhere that these
 * two bits are *written by hardware into the kernel's own tables*. Whoever wants to fake the hardware will have to do
 * that as well. (PS makes one page of four megabytes out of a whole table, G keeps a translation for longer, CD and WT
 * are for memory that is none.)
 *
 * U has only two values. Of four rings, paging knows two: ring 3, and the rest. To a page table, ring 1 is as good as
 * ring 0, and that is the trap door in our cave. Whatever we map for ourselves without the U bit, a Guest's kernel can
 * reach. The answer of Host and Switcher is nearly rude: three pages of ours, the Switcher's, are in a Guest's address
 * space, and all the rest is not there.
 */

/** The low twelve bits of an entry (Intel SDM vol. 3, 4.3). */
export const PRESENT = 1 << 0;
export const WRITABLE = 1 << 1;
export const USER = 1 << 2;
export const WRITE_THROUGH = 1 << 3;
export const CACHE_DISABLED = 1 << 4;
export const ACCESSED = 1 << 5;
export const DIRTY = 1 << 6;
export const LARGE = 1 << 7;
export const GLOBAL = 1 << 8;

/** The number of the frame that an entry points to. */
export function frameOf(entry: number): number {
  return entry >>> PAGE_SHIFT;
}

/*
 * :::aside
 * The 386 had no CD, no WT, no G and no PS, and its kernel could write to a read-only page without noticing. The 486 of
 * 1989 added a bit in CR0, WP, that makes rings 0 to 2 obey W as well. Without it, no hypervisor of our kind is safe.
 * :::
 *
 * ## Looking things up is slow
 *
 * Two more loads for each load would be a poor bargain, so the processor keeps the last translations in a cache, the
 * TLB, and *does not watch the tables*. Write in your own table and for a while nothing happens. You must tell the
 * processor, by loading CR3 again or by naming the page to INVLPG. Every kernel does, since forgetting is a bug that
 * shows up on Thursdays.
 *
 * A Guest's kernel may do neither. It must tell *us* instead. Now think what that means: here is a kernel that writes
 * page tables which no processor ever reads, and which reports each change to somebody. All we need to do is to keep a
 * second set.
 *
 * From here on, then, an address can be one of three things. A *virtual* address is what a program says (Intel's manual
 * says *linear*; with flat segments the two are one). A *guest-physical* one is what the Guest's own tables make of it,
 * and what the Guest takes for the truth. And a *physical* one is where the processor goes in the end, by tables that
 * the Guest has never seen.
 *
 * When the processor finds nothing, it leaves the address that was wanted in a register, CR2, raises trap 14, and
 * pushes three bits about it.
 */

/** Bits of the error code of a page fault (Intel SDM vol. 3, 4.7): it was there but forbidden; a write; from ring 3. */
export const FAULT_PRESENT = 1 << 0;
export const FAULT_WRITE = 1 << 1;
export const FAULT_USER = 1 << 2;
