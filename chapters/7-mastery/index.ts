/*
 * # Mastery
 *
 * You came in by the mouth of the cave, and this is the other end: daylight, a slope with goats on it, and a sign that
 * says *Thank you for reading*. Somebody has written under it: *now change something.*
 *
 * Nothing in this chapter has to run. There is not much left. You have read the kernel that believed, the drivers that
 * talked to nobody, the Launcher who was everybody, the Host who kept the books and the twenty-six instructions in the
 * door. What remains are the things that are wrong with it, the things that are not in it, and a few that were never
 * tried.
 *
 * ## What is wrong with it
 *
 * *It is slow where it is honest.* A page fault of a Guest's own comes out to the Host, which says *not mine*, and goes
 * in again; and when its handler has found a page, it must come out once more to say so: two trips, where hardware
 * makes none. Steven Rostedt and Glauber Costa, who carried lguest to 64 bits in 2007, put a walker for page tables
 * into the Switcher, in assembly, so that such faults never left the machine. Rusty had asked for it. It is a good
 * evening's work on thirty-two.
 *
 * *It has one processor.* lguest's structures were split in two at some point, one part for each Guest and one for each
 * processor of it, and the second processor never came. Each would need an interrupt flag of its own, and so a shared
 * page of its own, and all of it a good deal of thinking.
 *
 * *It believes in kernels that cooperate.* A kernel that has never heard of us says `popf` and is not told that it did
 * nothing. That was the bargain: five thousand lines, in exchange for a few hundred in the Guest. VMware rewrote such
 * kernels while they ran, for the price of a compiler. From November 2005 on you could buy processors that trap where
 * they should, and KVM, which went into Linux in February 2007, eight months before lguest, let those do the work. That
 * is the way the world went. It is the better way. It has one drawback, which is that nobody can read a processor.
 *
 * ## What was left to the reader
 *
 * lguest's own last chapter was a list of things to do, put to whoever had come that far, and some did them. Page
 * tables of three levels came that way, and Plan 9 came to visit. Here are those that we think are still worth a
 * weekend:
 *
 * - *A balloon.* A Guest has the memory it was born with. Let it give some back while it has no use for it, and ask for
 *   it again.
 * - *A nicer death.* A Guest that panics says why, and its neighbours hear nothing. What would a Guest like to know
 *   about another?
 * - *An LDT, a sysenter, a vm86.* Each is a corner of the i386 that a Guest cannot use here. Each is used by some
 *   program that somebody loves.
 * - *A second opinion.* Take a hypercall out. Which can a Guest do without? The right number is not fifteen, and
 *   whoever finds it learns more about kernels than this book could teach.
 *
 * ## What was never possible
 *
 * And then there are things for which lguest lived in the wrong place. It was a part of Linux, on a real processor, and
 * a real processor does not stand still while you look at it. Ours does.
 *
 * *Snapshots.* Everything that a Guest is lies in four places: its window, its register page, the fields of `Guest`,
 * its Launcher's devices. (And its floating-point registers, which are in the processor until somebody else has had a
 * turn.) Write them down and you have a computer in a file. Copy it, and you have two. The shadows need not be in it,
 * as they are a cache of something that is.
 *
 * *Going back.* In a deterministic `World` the same run is the same run. Take a snapshot each second, and you can go to
 * any instruction of the past: restore the one before it, and run forward to the count you want. When a Guest has died,
 * ask *who wrote this word last?*, and let the machine look for the answer backwards. Debuggers that can do this exist,
 * are marvellous, and are each a monument of effort. Here it would be an afternoon, because the hole through which
 * chance comes in is one interface with four methods.
 *
 * *Watching.* A shadow table can say of any page that it is not there. Whoever touches it comes to you first. That is a
 * watchpoint on any number of pages, at no cost until somebody goes there; it is also how one finds out what a program
 * really needs, and how one moves a running Guest to another machine, page by page, while it believes that it is still
 * at home.
 *
 * *Tuning.* The processor counts instructions exactly and so do the tallies of the Host. You can ask what a system call
 * costs and get a number without a plus-minus. Try to make a world switch shorter than twenty-six. (It had thirty,
 * until somebody asked what the other four were for. There are two more that a bolder Switcher could do without.)
 *
 * But first you will want to see where the time goes, and so here is a last piece of code after all. It is a lamp.
 */
export * from './trace.ts';
export * from './turns.ts';
export * from './notebook.ts';
export * from './trace-events.ts';
export * from './trace-names.ts';
export * from './pencil.ts';

/*
 * And three walks to take with it.
 */
export * from './page-fault-trail.ts';
export * from './hypercall-trail.ts';
export * from './packet-trail.ts';

/*
 * Then there is the way out.
 */
export * from './farewell.ts';
