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

/** Second argument of LHCALL_SHUTDOWN. */
export const LGUEST_SHUTDOWN_POWEROFF = 1;
export const LGUEST_SHUTDOWN_RESTART = 2;

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

/** Slots in the ring of asynchronous hypercalls, and bytes in a slot (number, four arguments). */
export const LHCALL_RING_SIZE = 64;
export const LHCALL_SLOT_SIZE = 20;
export const LHCALL_SLOT_FREE = 0xff;

/** Bit 9 of EFLAGS: interrupts are enabled. `irq_enabled` and `irq_pending` use the same bit. */
export const X86_EFLAGS_IF = 0x200;

/** Entries of the GDT, and the four that are the Host's own. */
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

/** Selectors: index times 8, plus the ring. */
export const LGUEST_CS = 0x50;
export const LGUEST_DS = 0x58;
export const KERNEL_CS = 0x61;
export const KERNEL_DS = 0x69;
export const USER_CS = 0x73;
export const USER_DS = 0x7b;

/** First word of a write to /dev/lguest. */
export const LHREQ_INITIALIZE = 0;
export const LHREQ_IRQ = 2;
export const LHREQ_GETREG = 5;
export const LHREQ_SETREG = 6;
export const LHREQ_TRAP = 7;

/** IRQ n arrives at this vector plus n; IRQ 0 is the timer. */
export const FIRST_EXTERNAL_VECTOR = 0x20;
export const LGUEST_IRQS = 32;
export const SYSCALL_VECTOR = 0x80;
