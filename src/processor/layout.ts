/** Index of each general register in `Processor.words`; the order is the one the machine code uses. */
export const EAX = 0;
export const ECX = 1;
export const EDX = 2;
export const EBX = 3;
export const ESP = 4;
export const EBP = 5;
export const ESI = 6;
export const EDI = 7;

/** A word that is always 0: the base or index register of an address that has none. */
export const ZERO = 8;
export const EIP = 9;

/** The arithmetic flags, not yet worked out (see flags.ts). */
export const FLAG_RESULT = 10;
export const FLAG_CARRIES = 11;
/** The other bits of EFLAGS: TF, IF, DF, IOPL, NT, AC, ID, at their EFLAGS positions. */
export const SYSTEM_FLAGS = 12;
/** Current privilege level, 0 to 3. */
export const CPL = 13;
/** Index of the TLB table that loads go through at this privilege level; and the one for stores. */
export const READ_TABLE = 14;
export const WRITE_TABLE = 15;

export const CR0 = 16;
export const CR2 = 18;
export const CR3 = 19;
export const CR4 = 20;
export const DR0 = 24;
export const DR6 = 30;
export const DR7 = 31;

/** The segment registers, in the order of the machine code, and the two of the system behind them. */
export const ES = 0;
export const CS = 1;
export const SS = 2;
export const DS = 3;
export const FS = 4;
export const GS = 5;
export const LDTR = 6;
export const TR = 7;

/** The selector of segment register n is at SELECTOR + n; base, limit and access are its hidden part. */
export const SELECTOR = 32;
export const BASE = 40;
export const LIMIT = 48;
export const ACCESS = 56;

export const GDT_BASE = 64;
export const GDT_LIMIT = 65;
export const IDT_BASE = 66;
export const IDT_LIMIT = 67;

/** How many pages the TLB holds, and the list of their page numbers. */
export const FILLED = 68;
export const FILLED_LIST = 4096;
export const FILLED_MOST = 8192;

/** Bytes of processor state at the bottom of the memory: one WebAssembly page. */
export const STATE_BYTES = 0x1_0000;

/** Words in one TLB table: one for every page of the 4 GiB that an address can name. */
export const TABLE_WORDS = 0x10_0000;
/** The four tables, as indices into `words`. */
export const READ_SUPERVISOR = STATE_BYTES >>> 2;
export const WRITE_SUPERVISOR = READ_SUPERVISOR + TABLE_WORDS;
export const READ_USER = WRITE_SUPERVISOR + TABLE_WORDS;
export const WRITE_USER = READ_USER + TABLE_WORDS;

/** Where physical address 0 lies in the memory, in bytes. */
export const RAM_BASE = (WRITE_USER + TABLE_WORDS) * 4;
