import { GDT_ENTRIES } from '../1-preparation/abi.ts';
import { PAGE_SIZE } from '../1-preparation/paging.ts';
import { VECTORS } from '../1-preparation/traps.ts';

/** Where the Switcher is mapped, in every address space that the processor ever sees. */
export const SWITCHER_ADDRESS = 0xffc0_0000;
/** What is taken from the top of every Guest's addresses, in bytes. */
export const RESERVE_MEM = 0x40_0000;

export const SWITCHER_TEXT = SWITCHER_ADDRESS;
export const REGISTER_PAGE = SWITCHER_ADDRESS + PAGE_SIZE;
export const STATE_PAGE = SWITCHER_ADDRESS + 2 * PAGE_SIZE;

/** Where the register frame begins in the register page, and where it ends: the top of the Switcher's stack. */
export const FRAME = 0xfb8;
export const FRAME_END = PAGE_SIZE;

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

/** Offsets in the state page. The first three words are what the Host tells the Switcher; the rest is a Guest's. */
export const STATE_CHANGED = 0x00;
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
