/*
 * # Where everything lies
 *
 * A processor has state: eight general registers, an instruction pointer, six segment registers each with a
 * hidden half, the control registers, and so on. It would be natural to give each its own field in an object. We
 * put all of it in one array of 32-bit words instead, and that array is the bottom of a `WebAssembly.Memory`,
 * with the RAM further up in the same memory.
 *
 * Two reasons. The first is speed: JavaScript engines compile `words[i.reg]` with an `Int32Array` to about the two
 * machine instructions that it deserves, and never ask whether the number may be a fraction today. The second is
 * somebody you meet at the end of this appendix: a compiler that turns i386 code into WebAssembly. WebAssembly sees
 * exactly one thing, its memory. Whatever the two engines are to share must lie in it.
 *
 * ```text
 *  0x00000000  +------------------------------------------+
 *              | registers, segments, CR0 ... DR7         |   this page
 *  0x00004000  | the list of pages the TLB knows          |
 *  0x00010000  | where compiled code begins, by EIP       |
 *  0x00030000  +------------------------------------------+
 *              | TLB: loads by rings 0-2      4 MiB       |   one word for each
 *  0x00430000  | TLB: stores by rings 0-2     4 MiB       |   of the 1,048,576
 *  0x00830000  | TLB: loads by ring 3         4 MiB       |   pages that 32 bits
 *  0x00c30000  | TLB: stores by ring 3        4 MiB       |   can name
 *  0x01030000  +------------------------------------------+
 *              | decoded instructions        6.25 MiB     |
 *  0x01670000  +------------------------------------------+
 *              | RAM: physical address 0 is here          |
 *              |                   ...                    |
 *              +------------------------------------------+
 * ```
 *
 * The sixteen megabytes of TLB look like extravagance. They are mostly promises: the operating system gives a
 * page of memory to whoever first writes to it, and a program that uses a few hundred pages touches a few dozen
 * of ours.
 *
 * The order of the eight is older than reason. The 8080 had A, and BC, DE and HL; whoever laid out the 8086 in
 * 1978 had them come out as AX, CX, DX, BX. Nearly half a century of machine code has the numbers in it now.
 */
/** Index of each general register in `Processor.words`; the order is the one the machine code uses. */
export const EAX = 0;
export const ECX = 1;
export const EDX = 2;
export const EBX = 3;
export const ESP = 4;
export const EBP = 5;
export const ESI = 6;
export const EDI = 7;

/*
 * The next word is one that no processor has: a register that is always 0. An address in machine code is a base
 * register plus an index register plus a constant, and either register may be missing. *If there is a base, add
 * it* costs a branch at every load and every store. *Add register 8* costs nothing, and register 8 is zero.
 *
 * The flags are two words here although the processor shows them as one; the story of that is `flags.ts`.
 * `READ_TABLE` and `WRITE_TABLE` say which two of the four TLB tables this ring looks through, so that no access
 * ever has to ask in which ring it is.
 */
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

/*
 * Segment registers are like old titles: there is a name that everybody sees, sixteen bits of it, called the
 * *selector*, and there are the lands behind the name, which were copied out of a register when the title was
 * granted and are never shown. The lands are what counts. The table can burn down afterwards and the segment
 * still works, a fact on which DOS games, boot loaders and the Switcher all depend.
 *
 * Two of the eight are not for programs: LDTR, which points to a table of descriptors, and TR, which points to the
 * *task state segment*, of which two things are still in use: which ports are open, and the key to every door between
 * the rings, where the stacks of the inner rings are.
 */
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

/*
 * GDTR and IDTR are plain pointers: a base and a limit, and no ceremony. Load them wrongly and nothing happens,
 * until the next interrupt, when everything does.
 */
export const GDT_BASE = 64;
export const GDT_LIMIT = 65;
export const IDT_BASE = 66;
export const IDT_LIMIT = 67;

/** How many pages the TLB holds, and the list of their page numbers. */
export const FILLED = 68;
export const FILLED_LIST = 4096;
export const FILLED_MOST = 8192;

/*
 * The floating-point unit has a room of its own: eight registers of eighty bits, each in three pieces, and what
 * the manual calls its environment. `x87-registers.ts` is the key to it.
 */
/**
 * The x87's eight registers. Register n has the halves of its significand at X87_LOW + 2n and X87_HIGH + 2n, its sign
 * and exponent at X87_EXPONENT + n.
 */
export const X87_LOW = 128;
export const X87_HIGH = 129;
export const X87_EXPONENT = 146;
/** A ninth, which no program can name: where compiled code puts an operand from memory. */
export const X87_SCRATCH = 8;
/** Its control word; its status word without the top of the stack; that; and one bit for each register in use. */
export const X87_CONTROL = 155;
export const X87_STATUS = 156;
export const X87_TOP = 157;
export const X87_TAGS = 158;
/** Its last instruction: eleven bits of opcode, where it was, and where its operand was. */
export const X87_OPCODE = 159;
export const X87_CODE_OFFSET = 160;
export const X87_CODE_SELECTOR = 161;
export const X87_DATA_OFFSET = 162;
export const X87_DATA_SELECTOR = 163;

/*
 * Compiled code and the run loop pass each other notes. An i386 has no such words; they lie in the memory because
 * that is the only thing both can see.
 */
/** Instructions that compiled code may still retire. */
export const BUDGET = 4080;
/** What FLAG_RESULT and FLAG_CARRIES hold: 0 for what their names say (see compiler/kinds.ts). */
export const FLAG_KIND = 4081;
/** Segments and ring that compiled code was made for; never 0. */
export const CODE_KEY = 4082;

/*
 * And the big pieces, as in the drawing.
 */
/** Where compiled code begins: four words an entry, found by EIP (see compiler/dispatch.ts). */
export const JUMP_CACHE = 0x1_0000;
export const JUMP_CACHE_ENTRIES = 0x2000;

/** Bytes of processor state at the bottom of the memory: three WebAssembly pages. */
export const STATE_BYTES = JUMP_CACHE + JUMP_CACHE_ENTRIES * 16;

/** Words in one TLB table: one for every page of the 4 GiB that an address can name. */
export const TABLE_WORDS = 0x10_0000;
/** The four tables, as indices into `words`. */
export const READ_SUPERVISOR = STATE_BYTES >>> 2;
export const WRITE_SUPERVISOR = READ_SUPERVISOR + TABLE_WORDS;
export const READ_USER = WRITE_SUPERVISOR + TABLE_WORDS;
export const WRITE_USER = READ_USER + TABLE_WORDS;

/** Decoded instructions, packed, as an index into `words`; and how many words there are for them. */
export const DECODED = WRITE_USER + TABLE_WORDS;
export const DECODED_WORDS = 0x19_0000;

/** Where physical address 0 lies in the memory, in bytes. */
export const RAM_BASE = (DECODED + DECODED_WORDS) * 4;
