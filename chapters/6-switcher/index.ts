/*
 * # Switcher
 *
 * > *Stranger, take nothing through this door*
 * > *that you have not put down before.*
 *
 * You have come to the narrowest place of the cave. On this side is the Host, which is TypeScript and lives where time
 * is measured in milliseconds. On the other side is a processor that belongs, whole and undivided, to somebody else.
 * Between them there is one page, and in it twenty-six instructions that everybody passes: fifteen on the way out
 * (fourteen if the processor has brought an error code), eleven on the way in.
 *
 * In lguest the two sides were two kernels on one processor, and the Switcher had to put one of them to sleep: save its
 * stack, its segments, its tables; load the other's; go. And all of it again, backwards. Ours has it easier in one
 * respect, and it is the largest liberty that this book takes with history: the Host is not *in* the machine. When the
 * Switcher has saved the Guest, there is nobody to switch *to*. It halts. Whoever called `run` comes back from it,
 * looks around in the stopped machine, and calls `run` again, which to the processor looks like nothing at all. It
 * wakes behind its `hlt` and walks on, into the Guest.
 *
 * The rest is as it was, and it would run on a Pentium Pro.
 *
 * ## What you will find
 *
 * First the map of the three pages that the Switcher owns. Then its text, which is assembly, and short, and gets the
 * most lines of comment for each instruction of anything in this book. Then the tables that the processor reads while a
 * Guest has it. And last `switchTo`, the one function by which the Host knows all this. Put another one in its place (a
 * real processor, for instance) and nothing in chapter 5 would notice.
 */
export * from './pages.ts';
export * from './text.ts';
export * from './state.ts';
export * from './switcher.ts';
