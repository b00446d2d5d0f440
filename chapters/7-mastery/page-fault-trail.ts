/*
 * # The life of a page fault
 *
 * You have read this book room by room, which is how it is built. It is not how it runs. Here are three walks through
 * it in the order in which things happen; on the pages they pass you will find them marked in the margin.
 *
 * The first takes two trips. Somewhere in a program, in ring 3, an instruction writes to 0x903ee4c, which is in its
 * heap. There has never been anything in that page, and so there is no page: Linux had given it the address and, as
 * usual, was hoping that nobody would come and ask.
 *
 * ::figure[A page that is really not there, and then a hole in the shadow. Written by `--trace`; the first column counts the instructions that the processor has retired since it was switched on. Each step below is somewhere in the first four lines.]{#trail-page-fault}
 *
 * The last two lines are the ordinary case: the shadow had a hole, the Host filled it without telling anybody, and the
 * Guest went on. Most faults are of that kind. The first line is of the other:
 *
 * :::trail{#steps-of-a-page-fault name="a page fault"}
 * 1. [The processor gives up](chapters/1-preparation/traps.ts#what-is-put-down-and-where) in the middle of an
 *    instruction. It puts down where it was and an error code, 6: a *write*, from *ring 3*, and bit 0 is clear, so
 *    there was *nothing there*. The address goes into CR2.
 * 2. [Gate 14](chapters/6-switcher/text.ts#two-hundred-and-fifty-six-doors) leads to one of the Switcher's stubs, and
 *    all a stub knows is its number.
 * 3. [On the way out](chapters/6-switcher/text.ts#the-way-out) the registers are pushed, and the processor halts. Time
 *    stands still in the machine from here to step 10.
 * 4. [`switchTo`](chapters/6-switcher/switcher.ts#the-journey) sees the halt and reads the number off the frame.
 * 5. [The Host's table](chapters/5-host/traps.ts#the-table) says what 14 is.
 * 6. [Whose fault](chapters/5-host/traps.ts#whose-fault) is it? CR2 has the address. It is read at once, since the next
 *    one to fault will overwrite it.
 * 7. [`demandPage`](chapters/5-host/page-tables.ts#demandPage) walks the Guest's own tables by hand, to see what a real
 *    processor would have said. It would have faulted as well. This one is not ours.
 * 8. [Sent back](chapters/5-host/traps.ts#sent-back): the address is put where the Guest looks for its CR2.
 * 9. [A frame is built](chapters/5-host/interrupts.ts#building-a-frame) on the kernel's stack, word by word, as if
 *    there had never been anybody in between. That ends the first line of the figure.
 * 10. [In again](chapters/6-switcher/text.ts#the-way-in). The Guest wakes up in its own handler, in ring 1.
 * 11. [The handler](chapters/2-guest/page-faults.ts#pageFault) is pup's, on our page; in the trace it is Linux's, which
 *     takes 1,771 instructions for the same idea. It finds that the address is allowed, takes a frame of memory,
 *     0x1406000, zeroes it, and writes an entry into its table: 0x1406067. The last three digits say *there, writable,
 *     for everybody*, and that it has been read and written already, which is a lie in advance.
 * 12. [Which it reports](chapters/2-guest/hypercalls.ts#hypercall), since nobody would notice otherwise:
 *     LHCALL_SET_PTE, with the tables at 0x331f000 and the page at 0x903e000. That is a second trip.
 * 13. [`setPageTableEntry`](chapters/5-host/page-changes.ts#setPageTableEntry) could forget the shadow's entry and
 *     leave the rest to the next fault. But because of that lie in advance it can fill it in at once. So there is no
 *     third trip, which would have looked like the fifth line of the figure.
 * 14. [The way back](chapters/2-guest/trap-return.ts#everything-in-reverse), and an `iret`, pops the frame that the
 *     Host built in step 9. The write to 0x903ee4c is tried again, and the processor does not even hesitate.
 * :::
 *
 * The figure is from Linux 4.12.10, for that is a kernel which none of us wrote, and from a World in which time is
 * instructions. `test/trace/draw-trails.ts` drew it. Do it again with the same kernel and the same initial file system,
 * and the numbers are the same to the last digit, unless somebody has changed the Switcher, whose instructions count
 * like all others, or what a kernel is told. With another kernel they are others. The steps are not.
 */
export {};
