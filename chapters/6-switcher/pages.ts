/*
 * # Three pages at the top of the world
 *
 * To change from one address space to another, you load CR3. The next instruction is fetched from the same address, in
 * the other address space. So, unless you enjoy surprises, the page you are standing on had better be in both, in the
 * same place.
 *
 * That is the reason for everything here. The Switcher is mapped at 0xffc00000 in the page tables of every Guest, and
 * in the Host's own. Nobody asked the Guests. They are told once, at LGUEST_INIT, that the last four megabytes of their
 * addresses are not for sale, and if they ever write an entry there, no processor reads it.
 *
 * :::figure{#top-of-the-world caption="The last 4 MiB of every address space. What a Guest may do there, it may do in ring 1 only."}
 * ```text
 *   0xffc00000  +----------------+
 *               |      text      |   the Switcher: read, execute; one copy for all
 *   0xffc01000  +----------------+
 *               |   registers    |   read, write; a page of its own for each Guest
 *   0xffc02000  +----------------+
 *               |     state      |   read; the processor's tables, for whoever runs
 *   0xffc03000  +----------------+
 *               |  nothing, for  |
 *               |  4,084 KiB     |
 *               +----------------+
 * ```
 * :::
 */
import { GDT_ENTRIES } from '../1-preparation/abi.ts';
import { PAGE_SIZE } from '../1-preparation/paging.ts';
import { VECTORS } from '../1-preparation/traps.ts';

/** Where the Switcher is mapped, in every address space that the processor ever sees. */
export const SWITCHER_ADDRESS = 0xffc0_0000;
/** What is taken from the top of every Guest's addresses, in bytes. */
export const RESERVE_MEM = 0x40_0000;

/*
 * ## What if the Guest reads it? What if it writes?
 *
 * It can. None of the three pages has the U bit, so its processes stay out, but ring 1 is *supervisor* to a page table,
 * and there is no third kind. So the question must be asked of each page.
 *
 * The text holds nothing secret, and is read-only. A kernel may even jump into it, and will find itself executing `hlt`
 * or `mov cr3` in ring 1, which traps, which brings it to us with a red face. The state page is read-only as well and
 * shows a Guest its own gates and segments, and the physical address of its own shadow, with which it can do nothing.
 * Only the register page can be written, and that is each Guest's own: it can scribble on the place where its registers
 * will be saved, while they are still in the processor. Then it traps, and the processor and the Switcher overwrite all
 * eighteen words. Nothing in that page is ever believed that was not put there by the trap.
 *
 * That is the whole trick of lguest's isolation. No segment limits, no hidden tables: *there is nothing there*.
 */
/** Where the three pages are. */
export const SWITCHER_TEXT = SWITCHER_ADDRESS;
export const REGISTER_PAGE = SWITCHER_ADDRESS + PAGE_SIZE;
export const STATE_PAGE = SWITCHER_ADDRESS + 2 * PAGE_SIZE;

/*
 * ## Eighteen words
 *
 * The register page is a stack, and at its very end is the frame. It grows down from the top: the processor pushes the
 * last five words, the stub of the trap two, the Switcher the other eleven. Then esp points at the first one, as it
 * will when we start again.
 *
 * :::figure{#frame caption="The register page of a Guest that does not run. Thirteen pushes and one trap have put it there."}
 * ```text
 *   0x1000  +---------------------------------+  <- esp0 in the task state
 *           | ss  esp  eflags  cs  eip        |  by the processor
 *    0xfec  +---------------------------------+
 *           | error code, trap number         |  by the stub
 *    0xfe4  +---------------------------------+
 *           | es  ds  fs  gs                  |
 *           | ebp edi esi edx ecx ebx eax     |  by the Switcher
 *    0xfb8  +---------------------------------+  <- esp, while the processor sleeps
 *           | whatever the Guest has put here |
 *    0xf6c  +---------------------------------+
 *           | the eight floating-point        |  by the Switcher, when somebody
 *           | registers and what goes with it |  else has his turn
 *    0xf00  +---------------------------------+
 *           | whatever the Guest has put here |
 *    0x000  +---------------------------------+
 * ```
 * :::
 */

/** Where the register frame begins in the register page, and where it ends: the top of the Switcher's stack. */
export const FRAME = 0xfb8;
export const FRAME_END = PAGE_SIZE;
/** Where the floating-point registers of a Guest wait while another has its turn: 108 bytes, as FNSAVE writes them. */
export const NUMBERS = 0xf00;

/** Offsets in the frame: `struct lguest_regs`. */
export const FRAME_EAX = 0;
export const FRAME_EBX = 4;
export const FRAME_ECX = 8;
export const FRAME_EDX = 12;
export const FRAME_ESI = 16;
export const FRAME_EDI = 20;
export const FRAME_EBP = 24;
export const FRAME_GS = 28;
export const FRAME_FS = 32;
export const FRAME_DS = 36;
export const FRAME_ES = 40;
export const FRAME_TRAP = 44;
export const FRAME_ERROR = 48;
export const FRAME_EIP = 52;
export const FRAME_CS = 56;
export const FRAME_EFLAGS = 60;
export const FRAME_ESP = 64;
export const FRAME_SS = 68;

/*
 * The order in memory is alphabetical on purpose: eax, ebx, ecx, edx, esi are a hypercall and its four arguments, and a
 * slot in the ring looks the same.
 *
 * ## The state page
 *
 * Three words in which the Host leaves word for the Switcher, and three tables that the processor knows by address: the
 * task state (of which we use the stacks for rings 0 and 1), the interrupt table, the segments. Their addresses are the
 * same under every Guest, which will save us eight slow instructions in a moment.
 */

/** Offsets in the state page. The first three words are what the Host tells the Switcher; the rest is a Guest's. */
export const STATE_CHANGED = 0x00;
/**
 * In `STATE_CHANGED`, beside 0: other descriptors; other page tables or another mood; another Guest altogether. The
 * order is what the Switcher asks by.
 */
export const OTHER_SEGMENTS = 1;
export const OTHER_TABLES = 2;
export const ANOTHER_GUEST = 0xffff_ffff;
export const STATE_CR3 = 0x04;
export const STATE_CR0 = 0x08;
export const STATE_START = 0x10;
export const STATE_IDT_POINTER = 0x10;
export const STATE_GDT_POINTER = 0x18;
export const STATE_TSS = 0x20;
export const STATE_IDT = 0x88;
export const STATE_GDT = 0x888;
export const STATE_END = STATE_GDT + GDT_ENTRIES * 8;

export const TSS_SIZE = STATE_IDT - STATE_TSS;
export const IDT_SIZE = VECTORS * 8;

/** Offsets in the task state segment (Intel SDM vol. 3, 7.2.1). */
export const TSS_ESP0 = 4;
export const TSS_SS0 = 8;
export const TSS_ESP1 = 12;
export const TSS_SS1 = 16;
export const TSS_IO_MAP = 102;
