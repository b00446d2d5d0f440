/*
 * # Mastery
 *
 * The cave ends here, in daylight. You look back, and the thing that said `$` at you in the first minute is still sitting at its
 * prompt. It has no idea. You have been it, you have been its disk, its kernel's conscience and the thirty instructions in its
 * doorway, and you know by now that what it takes for a computer is three page tables and a good memory for promises.
 *
 * In lguest this chapter had no code in it. It was a page on which the author listed what was wrong, what could be done, and where
 * you came in. There is no better plan, so this chapter has no code either. What belongs here is yours.
 */

/*
 * ## What you know now
 *
 * Suppose somebody asks you tomorrow what a hypervisor does. Six answers, one from each room:
 *
 * | It takes | and gives | You saw it in |
 * | --- | --- | --- |
 * | ring 0 | ring 1 | the segments of chapter 5: the Guest writes DPL 0, and finds DPL 1 |
 * | the page tables | the belief in them | `demandPage`: three tables for every address, and one lie a page |
 * | the interrupt flag | a word in memory | `irq_enabled`, which costs a store instead of a trap |
 * | the traps | most of them, back | the gates that lead to the Host, and those that do not |
 * | time | a clock that is nearly right | one alarm, and a timestamp refreshed when an interrupt goes in |
 * | hardware | somebody who answers | the Launcher, being a disk in three memory accesses |
 *
 * Every hypervisor you will ever meet does these six things. What differs is who does the work.
 */

/*
 * ## The ones with help
 *
 * While lguest was being written, the help was already in the shops. Intel's first processors with VT-x came out in November 2005 and AMD's
 * with SVM in May 2006, and KVM, which is built on them, went into Linux in 2.6.20, eight months *before* lguest. So the little
 * hypervisor was out of date on the day it was merged. It did not mind. It ran on the laptops people had, and it could be read.
 *
 * You can now read the other kind too, because you know what each part is there to replace:
 *
 * | What you built | What the processor grew |
 * | --- | --- |
 * | ring 1, and a kernel that agreed to live in it | a second set of four rings, so that the Guest's ring 0 is a ring 0 |
 * | the Switcher: pop eleven registers, `iret` | one instruction, `vmlaunch` or `vmrun`, that loads a page full of state |
 * | the register frame at the end of a page | the VMCS, or the VMCB |
 * | `int 0x1f` | `vmcall` |
 * | the trap number and what you made of it | an exit reason, and a field with the details already worked out |
 * | shadow page tables | a second walk, from guest-physical to physical, done by the MMU: nested paging, 2007 and 2008 |
 * | `irq_pending`, and asking to be called when it matters | an interrupt-window exit; later a virtual interrupt controller |
 * | reading seven bytes over the Guest's shoulder | still that, for MMIO, to this day |
 *
 * The first of that hardware had no nested paging, so KVM kept shadow tables for its first years, and they were this chapter 5 with more corner cases.
 * And here is the joke that history made: the first VT-x was *slower* than doing it in software, as VMware showed in a paper in 2006. A
 * world switch cost a couple of thousand cycles, and a kernel that had been asked nicely needed fewer of them.
 */

/*
 * ## What is wrong with ours
 *
 * An honest list, since you would find it anyway.
 *
 * - **One processor.** The Guest has one, and so have we. Two would need locks in the shadow tables, and a way to shout across.
 * - **No floating point.** Our silicon says so by `cpuid`, and pup never asks. A kernel out of the wild will.
 * - **No 4 MiB pages, no PAE.** lguest did without the first, and had the second as a build option, twice the table for twice the price.
 * - **Page faults cost two trips.** The Guest writes an entry and tells us. It faults anyway, because we do not believe it until we have
 *   looked. You know which line of `demandPage` to stare at.
 * - **The silicon interprets.** It decodes each instruction once, and then calls a function for it, again and again. A compiler would not.
 * - **It has no network.** lguest had one in its first release.
 */

/*
 * ## What you can have for nearly nothing
 *
 * Some things that are months of work on a real machine are an afternoon on this one, because the silicon is ours, and because
 * `World` is the only hole in it. Three of them, in the order in which you will want them:
 *
 * **Snapshots.** A Guest is its window of memory, its register frame, and what the `Guest` class of chapter 5 holds. No shadow table needs
 * saving: they can all be thrown away at any moment, and the Guest will not even notice, which is a remark about shadow tables worth a
 * minute of your time. Save the rest to a file. Start it twice.
 *
 * **Time travel.** The processor counts instructions, exactly. With the same inputs at the same counts, a run is the same run, byte for
 * byte; the tests of this book boot pup twice and insist on it. So keep a snapshot every ten million instructions and a list of what
 * came through the `World`, and "what did this word hold a moment ago" becomes a question with an answer. A debugger that steps
 * *backwards* is then a loop.
 *
 * **A Guest that tells on itself.** You have seen how to be told of the first write to a page. Follow the thought. Who wrote here last?
 * Which pages did this command touch? How many of the four megabytes of that program were ever read? Nobody has to instrument
 * anything. It all comes past your door.
 */

/*
 * ## What nobody has done
 *
 * Pup runs in ring 1 of a Host that is TypeScript. TypeScript, in the subset of chapter 2, runs on pup's kind of processor. You see where this is
 * going. lguest refused to load when its own kernel was not in ring 0, with the message that it was *afraid of being a guest*. Ours has
 * no reason to be afraid of anything.
 *
 * Or go the other way. Everything in chapter 5 reaches the processor through one function, `switchTo`. There are real i386s left in
 * the world, and one of them is in a drawer near you.
 */

/*
 * ## Farewell
 *
 * Rusty Russell promised a beer to everyone who got this far. We cannot promise that we will be in the same town. But if we are: you
 * will be the one who orders a drink, gets asked whether it is real, and says that it depends on which table you walk.
 *
 * The lamp is yours. Leave it burning for the next one.
 */
export {};
