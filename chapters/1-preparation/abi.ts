/*
 * # The words they share
 *
 * Two programs that have never met, written in different years by people who do not trust each other, must agree on
 * numbers. Such an agreement is called an ABI, an *application binary interface*, since it is about bytes and not about
 * names. A kernel for lguest brings some dozens of numbers, and they are cast in 2015's concrete: those of Linux 4.1 to
 * 4.13. You need not learn them. You need to know that nothing else passes between a Guest and its Host.
 *
 * ## The knock on the wall
 *
 * A process that wants its kernel executes `int`. A kernel that wants *its* kernel does the same, with a vector that
 * nobody else uses. That is a *hypercall*: number in eax, up to four arguments in ebx, ecx, edx and esi, then `int
 * 0x1F`.
 *
 * Nothing comes back. No register changes and there is no error code, for what should a kernel do with the news that
 * its page table is nonsense? A hypercall works, or the Guest is dead.
 */

/*
 * Some of the names are Linux's. PGD and PTE are an entry of a page directory and of a page table. TLS, *thread-local
 * storage*, is three descriptors that belong to whichever thread runs. TS is a bit of CR0, and [a
 * trick](src/processor/x87-registers.ts#an-error-that-waits) for being lazy about fractions.
 */
/** The vector of the hypercall trap, `int 0x1F`. */
export const LGUEST_TRAP_ENTRY = 0x1f;

export const LHCALL_FLUSH_ASYNC = 0;
export const LHCALL_LGUEST_INIT = 1;
export const LHCALL_SHUTDOWN = 2;
export const LHCALL_NEW_PGTABLE = 4;
export const LHCALL_FLUSH_TLB = 5;
export const LHCALL_LOAD_IDT_ENTRY = 6;
export const LHCALL_SET_STACK = 7;
export const LHCALL_TS = 8;
export const LHCALL_SET_CLOCKEVENT = 9;
export const LHCALL_HALT = 10;
export const LHCALL_SET_PTE = 14;
export const LHCALL_SET_PGD = 15;
export const LHCALL_LOAD_TLS = 16;
export const LHCALL_LOAD_GDT_ENTRY = 18;
export const LHCALL_SEND_INTERRUPTS = 19;

/*
 * The gaps are graves, but for one. Number 3 loaded a whole GDT at once, 11 asked for the time, 12 said where data
 * might be put and 13 sent it, before there was virtio, 17 told the Host to look at a queue; and in the grave of 13
 * somebody lives, a call for kernels with three levels of page tables, which ours are not. Interfaces that nobody was
 * promised may lose teeth like that, and lguest had promised nothing: Host, Guest and Launcher came out of the same
 * tree. In its last two years the interface lost only one more, number 8, which Linux 4.12 no longer calls, and which
 * we keep for those that do.
 *
 * Number 2 is the last thing a Guest says.
 */

/** Second argument of LHCALL_SHUTDOWN. */
export const LGUEST_SHUTDOWN_POWEROFF = 1;
export const LGUEST_SHUTDOWN_RESTART = 2;

/*
 * ## The page on the table
 *
 * Going through the wall is dear, and a kernel turns its interrupts off and on again around every list it touches. So a
 * few things lie where both can reach them: a structure of 1,388 bytes in the Guest's own memory. Who writes which word
 * is the whole contract:
 *
 * | Word | Written by | Says |
 * | --- | --- | --- |
 * | irq_enabled | both | the virtual IF, in bit 9, where the real one is in EFLAGS |
 * | blocked_interrupts | Guest | bit n: IRQ n must wait |
 * | cr2 | Host | the address of the last page fault; the real CR2 is beyond ring 1 |
 * | time | Host | seconds and nanoseconds, as of the last interrupt, reflected trap, gate or introduction |
 * | irq_pending | Host | something came while you were not to be disturbed |
 * | reserve_mem | Host | how many bytes at the top of all addresses are not for sale |
 * | tsc_khz | Host | how fast the processor's own counter counts, which RDTSC reads; 0: do not rely on it |
 * | noirq_iret | Guest | the address of an `iret` at which an interrupt may push nothing |
 * | kernel_address | Guest | where the kernel's half of all addresses begins |
 * | syscall_vec | Guest | the gate for system calls, which is to cost no trip |
 *
 * The last five are read, or written, once, when a Guest introduces itself. With the others, `cli` is one store. So is
 * `sti`, followed by a look at irq_pending, and a hypercall only when that is not zero.
 */

/** Offsets into `struct lguest_data`, in bytes. */
export const LGUEST_DATA_IRQ_ENABLED = 0x000;
export const LGUEST_DATA_BLOCKED_INTERRUPTS = 0x004;
export const LGUEST_DATA_CR2 = 0x008;
export const LGUEST_DATA_TIME_SECONDS = 0x00c;
export const LGUEST_DATA_TIME_NANOSECONDS = 0x010;
export const LGUEST_DATA_IRQ_PENDING = 0x014;
export const LGUEST_DATA_HCALL_STATUS = 0x018;
export const LGUEST_DATA_HCALLS = 0x058;
export const LGUEST_DATA_RESERVE_MEM = 0x558;
export const LGUEST_DATA_TSC_KHZ = 0x55c;
export const LGUEST_DATA_NOIRQ_IRET = 0x560;
export const LGUEST_DATA_KERNEL_ADDRESS = 0x564;
export const LGUEST_DATA_SYSCALL_VEC = 0x568;
export const LGUEST_DATA_SIZE = 1388;

/** Bit 9 of EFLAGS: interrupts are enabled. `irq_enabled` and `irq_pending` use the same bit. */
export const X86_EFLAGS_IF = 0x200;

/*
 * ## Sixty-four notes under the door
 *
 * A kernel that forks changes page table entries by the dozen. Each change is a hypercall, and none is urgent. So the
 * structure also holds a *ring* of sixty-four slots, five words each: a hypercall that can wait is written into the
 * next slot, and its status byte changed from 0xFF to 0. Whatever hypercall traps next, for whatever reason, the Host
 * first does all that is in the ring, in order, and puts the 0xFF back.
 *
 * One byte that two sides write, each only when it holds the other's value. There is no lock, as only one of them ever
 * runs.
 */

/** Slots in the ring of asynchronous hypercalls, and bytes in a slot (number, four arguments). */
export const LHCALL_RING_SIZE = 64;
export const LHCALL_SLOT_SIZE = 20;
export const LHCALL_SLOT_FREE = 0xff;

/*
 * ## Thirty-two seats, four of them taken
 *
 * The Guest lays out its own segments, but in a table that the processor reads, and in that table the Host must be able
 * to find its own. It asks for four entries and ignores whatever a Guest says about those. The numbers are Linux's; a
 * selector is the index times eight, plus the ring.
 */

/** Entries of the GDT, and those with a name. The Host's are 10, 11, 16 and 31. */
export const GDT_ENTRIES = 32;
export const GDT_ENTRY_TLS_MIN = 6;
export const GDT_ENTRY_LGUEST_CS = 10;
export const GDT_ENTRY_LGUEST_DS = 11;
export const GDT_ENTRY_KERNEL_CS = 12;
export const GDT_ENTRY_KERNEL_DS = 13;
export const GDT_ENTRY_USER_CS = 14;
export const GDT_ENTRY_USER_DS = 15;
export const GDT_ENTRY_TSS = 16;
export const GDT_ENTRY_DOUBLEFAULT_TSS = 31;

export const LGUEST_CS = 0x50;
export const LGUEST_DS = 0x58;
export const KERNEL_CS = 0x61;
export const KERNEL_DS = 0x69;
export const USER_CS = 0x73;
export const USER_DS = 0x7b;

/*
 * ## The other wall
 *
 * The Host has a second neighbour, the Launcher, and speaks to it as a device file does: by write and read. A write is
 * a few words, of which the first says what is wanted. Here the missing numbers are graves, too: 1 and 3 and 4.
 */

/** First word of a write to /dev/lguest. */
export const LHREQ_INITIALIZE = 0;
export const LHREQ_IRQ = 2;
export const LHREQ_GETREG = 5;
export const LHREQ_SETREG = 6;
export const LHREQ_TRAP = 7;

/*
 * And devices speak to Guests by number. There are thirty-two lines, of which the first is the clock's. The vector a
 * Guest sees is the line plus 32, behind the processor's own exceptions; vector 0x80 is where its processes knock.
 */

/** IRQ n arrives at this vector plus n; IRQ 0 is the timer. */
export const FIRST_EXTERNAL_VECTOR = 0x20;
export const LGUEST_IRQS = 32;
export const SYSCALL_VECTOR = 0x80;
