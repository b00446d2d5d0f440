/*
 * # The life of a hypercall
 *
 * The second walk is short, and ends in sleep. A program has sent something and waits for an answer; nobody else wants
 * the processor. So the kernel changes to the process that runs when there is none, and that one does what it is there
 * for.
 *
 * ::figure[A change of processes and a good night: four hypercalls, three trips.]{#trail-hypercall}
 *
 * Four hypercalls in 244 instructions, and only three trips, as one of them came along with another.
 *
 * :::trail{#steps-of-a-hypercall name="a hypercall"}
 * 1. [Asking](chapters/2-guest/hypercalls.ts#hypercall) is a number, four arguments and `int 0x1f`, and costs a trip,
 *    whatever it is for.
 * 2. [So some of them wait](chapters/2-guest/hypercalls.ts#deferredHypercall). LHCALL_LOAD_TLS is written into a slot
 *    of the ring, and nothing happens. Linux does that for as long as it is in the middle of changing processes, and
 *    pup for as long as it is in a batch.
 * 3. [At the end of the batch](chapters/2-guest/hypercalls.ts#endBatch) somebody has to knock: LHCALL_FLUSH_ASYNC,
 *    which means nothing but *look*.
 * 4. [Gate 31](chapters/6-switcher/text.ts#two-hundred-and-fifty-six-doors) is the one that a Guest goes through on
 *    purpose to see us.
 * 5. [Somebody knocks](chapters/5-host/hypercalls.ts#in-the-order-in-which-they-were-meant), and what has waited is
 *    served first.
 * 6. [The ring](chapters/5-host/hypercalls.ts#the-ring) is emptied: one slot. In the trace it is the line that says
 *    *from the ring*, and it has no bar of its own, only a moment on that of FLUSH_ASYNC.
 * 7. [`loadTls`](chapters/5-host/segments.ts#loadTls) changes three descriptors. They are looked at first.
 * 8. [The menu](chapters/5-host/hypercalls.ts#the-menu) is asked for the call that came in person. FLUSH_ASYNC is one
 *    of the two that do nothing.
 * 9. [`setStack`](chapters/5-host/stack.ts#setStack) comes 71 instructions later on a trip of its own: the new process
 *    has another kernel stack, 0xc13c9ff8, and it has two pages that must never be missing.
 * 10. [The small ones](chapters/5-host/hypercalls.ts#halt) are served on the spot. LHCALL_HALT sets a field to true.
 * 11. [The loop](chapters/5-host/run.ts#run) comes round, sees it, and gives up with EAGAIN.
 * 12. [Sleeping together](chapters/4-launcher/run-loop.ts#sleeping-together): the Launcher waits for a key, a frame, or
 *     the Guest's alarm.
 * :::
 *
 * And there it would lie still, if it had not been for the answer. That is the third walk.
 */
export {};
