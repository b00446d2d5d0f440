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
 * to *any* operating system: two ideas from 1982 (rings and gates), one from October 1985 (pages), and one bit from
 * 1989 (WP). That is the sport in it.
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
 * :::figure{#cast caption="Who stands on whom. Left of the bar is machine code, and the silicon runs it; right of it is TypeScript. A ring is a rank, and 0 is the highest."}
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
 * it when it asks for the impossible. It looks like a device file, something that one opens, reads and writes, because
 * lguest's did.
 *
 * The *Switcher* is less than a page of machine code at the top of every address space (chapter 6). It is the only door
 * between their world and ours, and it is exactly wide enough for one.
 *
 * Under them all lies the *silicon*, a processor that has never heard of any of this. Above them sits you. *Mastery*
 * (chapter 7) is what you do after the last page.
 */

/*
 * ## Eight numbers and a finger
 *
 * You know what a number is, and `>>>`. You have never written a kernel, and perhaps not a line of machine code. It
 * takes half a page to learn to read it.
 *
 * A processor has next to nothing in its hands. Eight numbers of 32 bits, its *registers*, each with a name; and one
 * more, eip, the finger on the instruction that comes next. A few more are for those who rule the machine. All else is
 * in memory and has to be fetched.
 *
 * | Register | What is in it |
 * | --- | --- |
 * | eax, ecx, edx, ebx | whatever one likes; answers come in eax. `ax` is its lower half, and `ah` and `al` are the two bytes of that |
 * | esi, edi, ebp | the same, but for the bytes |
 * | esp | where the top of the stack is, which grows downwards |
 * | eflags | a bit for each thing that one may want to know of the last result: it was zero, it was negative, there is one to carry; and a few for the machine |
 * | cs, ss, ds, es, fs, gs | who is speaking, and to which part of memory: the first idea of this chapter |
 * | cr0, cr2, cr3, cr4 | switches, the last address that was not there, and the page tables: the second |
 *
 * We write instructions as Intel does. What is changed *comes first*, and square brackets mean *what lies in memory
 * at*:
 *
 * ```asm
 * mov  eax, [esp + 8]      ; eax = the word 8 bytes above the top of the stack
 * mov  [edx], eax          ; and edx is where it goes
 * push ecx                 ; esp -= 4, then [esp] = ecx; pop takes it off again
 * add  ecx, 4              ; ecx += 4
 * test eax, eax            ; eax & eax, and only the flags are kept
 * jz   nothing             ; was it zero? Then go to `nothing`
 * call function            ; push the address of what comes next, and go; ret pops it, and is back
 * ```
 *
 * That is nine tenths of all that a compiler ever writes. The rest is for kernels:
 *
 * | Instruction | What it does |
 * | --- | --- |
 * | `int 0x80` | goes to the kernel, by a door with that number: a *trap*, the third idea |
 * | `iret` | comes back from there |
 * | `hlt` | sleeps until a device has something to say |
 * | `cli`, `sti` | shut out interrupts, and let them in again |
 * | `pushf`, `popf` | put eflags on the stack, and take them off it |
 * | `in`, `out` | read and write a *port*, one of 65,536 doors behind which are devices and no memory |
 * | `mov cr3, eax` | exchanges all of memory for another; `invlpg` has a single page looked up anew |
 * | `lgdt`, `lidt`, `ltr` | say where the segments' table is, the gates', and the task state (all three below) |
 *
 * A kernel says these when it believes itself alone. What they should do when it is not, that is the question of this
 * book.
 */

/*
 * ## What you pack
 *
 * Before the cave gets narrow, here are the three ideas of the i386 that the rest of the book stands on, each with the
 * names it will go by: who may do what, where memory really is, and what happens when it goes wrong.
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
 * ## Words for the road
 *
 * Each is explained where it belongs, and used a little earlier, as words are.
 *
 * | Word | What we mean by it |
 * | --- | --- |
 * | trap | the processor leaves what it was doing for a function of the kernel's: an *exception* if the instruction could not be done, an *interrupt* if a device wants something, and neither if the program said `int`. [More](traps.ts) |
 * | fault | an exception after which the same instruction is tried again |
 * | vector, gate | the number of a trap, and where it leads. [More](traps.ts#gates) |
 * | interrupt line, IRQ | the one wire by which devices ask for an interrupt, and the number that says which device |
 * | exit, trip | a Guest is left, for whatever reason; and everything that is done for it until it runs again |
 * | hypercall | what a system call is to a process, for a kernel: a question to whoever is below. [More](abi.ts#the-knock-on-the-wall) |
 * | shadow | page tables that the Host has made, and the processor uses; what the Guest has are drafts. [More](chapters/5-host/shadows.ts) |
 * | Switcher | the only code that both worlds have, with two pages of data beside it. [More](chapters/6-switcher/switcher.ts) |
 * | virtio | how a Guest talks to devices that know that they are none: lists of buffers in its memory. [More](chapters/3-drivers/index.ts) |
 * | initrd | a small file system that a kernel is given on the way, in memory |
 * | linker | whoever puts the pieces of a program into their places and writes the addresses into them; ours is in [the tangler](tools/tangle/index.ts) |
 * | retired | done, of an instruction; a Guest's time can be counted in these |
 * | World | where time and chance come from, when one wants to be able to repeat them. [More](world.ts) |
 */

/*
 * The lamp is lit. After three walks you will know who may do what, that an address is a question, and where the
 * processor goes when it cannot go on; the rest of the chapter is for looking things up. In the next one you are the
 * Guest: you wake up at address 0x100000 in a world that is not quite what you were promised.
 */
