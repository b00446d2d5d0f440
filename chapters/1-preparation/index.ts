/*
 * # Preparation
 *
 * You stand at the mouth of a cave. Somebody has carved a line over it: *There are four rings. You will be lied to in
 * three of them.* You have a lamp, a TypeScript compiler and an evening.
 *
 * What you are about to read is a hypervisor: a program that persuades an operating system that it has a computer to
 * itself. It is all here, every line, and it runs: type `npm start` in the folder this book came in, and the thing
 * that says `$` at you is a kernel that believes in a machine that is not there. By the last chapter you will know
 * each lie it was told, who told it, and what it cost in instructions.
 *
 * The rules of the game are those of 1997. Our processor is a plain 32-bit i386 with nothing added for people like us:
 * no VT-x, no nested tables, no second set of registers. Everything the hypervisor does, it does with what Intel gave
 * to *any* operating system: two ideas from 1982, one from October 1985, and one bit from 1989. That is the sport
 * in it.
 */

/*
 * ## The tale that is being retold
 *
 * Towards the end of 2006 Rusty Russell, who had spent that year trying to get a grip on a hypervisor called Xen and
 * on the hooks it wanted in Linux, wrote a small one himself, to have something that used the hooks and that a mortal
 * could read. It was called lhype at first, and then lguest. It went into Linux 2.6.23, which came out on
 * 9 October 2007: about five thousand lines, in which a Linux kernel ran another one, and which were written to be
 * read from the first to the last. Its comments told one long story in seven chapters. `make Preparation!` printed
 * the first of them. He promised a beer to whoever reached the end.
 *
 * For ten years people learned from it what a hypervisor is. Then processors had all grown instructions for the
 * purpose, the 32-bit world it lived in had emptied, and hardly anybody ran it any more. Linux 4.14, of 12 November
 * 2017, came without it.
 *
 * This book tells the tale again, from scratch, with its seven chapters and their names and none of its text. The last
 * kernels that could run on lguest (Linux 4.1 to 4.13, when built for it) cannot tell ours from his. The Host moved out
 * of Linux into TypeScript; the computer under it was built for the purpose and lies in an appendix. You need neither a
 * special kernel nor a spare machine. The beer you will have to arrange yourself.
 */

/*
 * ## The cast
 *
 * :::figure{#cast caption="Who stands on whom. Everything left of the bar is machine code on the silicon."}
 * ```text
 *    ring 3    processes of the Guest   |
 *    ring 1    the Guest's kernel       |   the Launcher       chapter 4
 *              ........................ |        | /dev/lguest
 *    ring 0    the Switcher, one page --|-> the Host           chapter 5
 *              ------------------------ |
 *              the silicon: one i386, some RAM, one interrupt line
 * ```
 * :::
 *
 * The *Guest* is a kernel and its processes (chapters 2 and 3). Ours is named pup. It is small, and honest, and knows
 * that it is a Guest; when it wants something that only a real kernel may do, it asks.
 *
 * The *Launcher* is an ordinary program (chapter 4). It finds memory, puts a kernel into it, and plays the hardware:
 * when the Guest prints a letter, the Launcher is the screen.
 *
 * The *Host* is the hypervisor proper (chapter 5). It holds the Guest's page tables, hands it its interrupts, and kills
 * it when it asks for the impossible. It looks like a device file, because lguest's did.
 *
 * The *Switcher* is less than a page of machine code at the top of every address space (chapter 6). It is the only door
 * between their world and ours, and it is exactly wide enough for one.
 *
 * Under them all lies the *silicon*, a processor that has never heard of any of this. Above them sits you. *Mastery*
 * (chapter 7) is what you do after the last page.
 */

/*
 * ## What you pack
 *
 * You know what a number is, and `>>>`. You have never written a kernel. So before the cave gets narrow, here are the
 * three ideas of the i386 that the rest of the book stands on, each with the names it will go by: who may do what,
 * where memory really is, and what happens when it goes wrong.
 */
export * from './rings.ts';
export * from './paging.ts';
export * from './traps.ts';

/*
 * ## What you will be asked at the gate
 *
 * Two strangers who pass notes through a wall need to agree on what the notes mean. What follows is that agreement, to
 * the byte: how a Guest calls, what it shares with the Host, what the Launcher may say to /dev/lguest and what it hears
 * back. Come here again when a number puzzles you. Last comes the one small hole through which time and chance reach
 * the program.
 */
export * from './abi.ts';
export * from './errno.ts';
export * from './world.ts';

/*
 * The lamp is lit. After three walks you will know who may do what, that an address is a question, and where the
 * processor goes when it cannot go on; the rest of the chapter is for looking things up. In the next one you are the
 * Guest: you wake up at address 0x100000 in a world that is not quite what you were promised.
 */
