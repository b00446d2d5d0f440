/*
 * # Guest
 *
 * You wake up. It is dark, and you are a kernel.
 *
 * Nobody told you how you came here. You are a few pages of machine code at physical address 0x00100000, a
 * register called `esi` points at a page with your particulars, and the registers around it are zero, the stack
 * pointer among them. You do what every kernel does first and ask the processor who you are. It says: ring 1.
 *
 * That is the wrong answer. It is also, as far as this chapter goes, the whole plot. You were brought up for ring
 * 0. The instructions you know, the ones that load page tables and turn interrupts off, are not yours down here,
 * or rather up here; the first one you try will be answered by a trap and a bystander reading your instruction
 * bytes. Somebody lives below you. You cannot see him, he has the whole machine in his pocket, and he will do
 * nearly everything for you if you ask politely.
 *
 * From here to the end of the next chapter the roles are fixed: *you* are the Guest. The stranger is the Host, and
 * by the time we go down to his chapter and put on his coat you will know exactly what it is like to be lied to by
 * him.
 */

/*
 * ## Meet pup
 *
 * The kernel you play is called pup. It is two and a half thousand lines, and six hundred more for its drivers, and
 * an honest kernel: it has page tables of its own, processes that fork and cannot hurt each other, pipes, a terminal
 * that knows ^C, files, and some twenty programs, one of which exists for no other purpose than to crash. If you
 * have read xv6, the teaching kernel from MIT, you will keep meeting relatives.
 *
 * Pup has one peculiarity that xv6 has not: it has never touched a real computer and does not mind. Wherever a kernel
 * has to do something that only ring 0 may, pup has a *second* way, which is to ask. A kernel that knows it is a guest
 * and plays along is called paravirtual. Nearly all the asking is in one file, `paravirt.ts`, and if the tangler is
 * told to turn one constant over, `BARE`, the asking turns back into doing, and the same pup runs in ring 0 with nobody
 * underneath.
 *
 * The way through the chapter is the way through a boot: the first instruction, the introductions, then traps,
 * time, memory, processes, the doors between programs and kernel, files, and at last a shell. On the wall, for
 * when you get lost, the map:
 *
 * :::figure{#pup-map caption="What pup sees of the world: four thousand million addresses, and who lives there"}
 * ```text
 *  0x00000000  +-------------------------------+
 *              | nobody, so that null is a bug |
 *  0x08048000  +-------------------------------+
 *              | a program: its code and data  |
 *              | its heap, growing up          |
 *              |              ...              |
 *              | its stack, growing down       |
 *  0xbffff000  +-------------------------------+
 *              | nobody                        |
 *  0xc0000000  +-------------------------------+
 *              | all of RAM, once more         |
 *  0xc0100000  |   ... and in it, you          |
 *              |              ...              |
 *  0xff000000  +-------------------------------+
 *              | registers of devices          |
 *  0xffc00000  +-------------------------------+
 *              | a stranger's                  |
 *              +-------------------------------+
 * ```
 * :::
 */

export * from './language.ts';
export * from './bare.ts';
export * from './boot.ts';
export * from './layout.ts';
export * from './lguest-data.ts';
export * from './hypercalls.ts';
export * from './paravirt.ts';
export * from './main.ts';
export * from './command-line.ts';
export * from './print.ts';
export * from './text.ts';
export * from './panic.ts';
export * from './segments.ts';
export * from './trap-table.ts';
export * from './traps.ts';
export * from './trap-return.ts';
export * from './interrupts.ts';
export * from './clock.ts';
export * from './pages.ts';
export * from './address-space.ts';
export * from './page-faults.ts';
export * from './user-memory.ts';
export * from './process.ts';
export * from './scheduler.ts';
export * from './life.ts';
export * from './program-loader.ts';
export * from './exec.ts';
export * from './first-process.ts';
export * from './system-calls.ts';
export * from './process-calls.ts';
export * from './protocol.ts';
export * from './archive.ts';
export * from './files.ts';
export * from './file-calls.ts';
export * from './pipes.ts';
export * from './terminal.ts';
export {} from './programs/index.ts';
