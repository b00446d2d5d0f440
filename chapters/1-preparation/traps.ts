/*
 * # Traps
 *
 * The processor has one way of saying *I cannot go on*, and it uses it for everything. Divided by zero: trap. Page not
 * there: trap. A program wants its kernel: trap. A key was pressed: trap. Somebody in ring 3 tried `hlt`: trap, with a
 * look.
 *
 * A trap is a subroutine call that you did not write. There is a table of 256 *gates*, the *interrupt descriptor
 * table*, IDT; each trap has a number, its *vector*; the gate at that vector names a code segment and an address. The
 * processor stops, between two instructions or because it cannot finish one, puts down where it was, and goes where the
 * gate leads. *Where it was* has two meanings. For a fault, it is the instruction that could not be done, which will be
 * tried again when the handler returns; everything that is lazy in this book rests on that. For `int`, and for a key
 * that was pressed, it is the one that comes next. The first thirty-two vectors are the processor's own complaints, and
 * are called *exceptions*. Here are those that a hypervisor knows by name. (2 is a wire that nobody can refuse, and 15
 * is what a PC of 1981 said when an interrupt had gone before anybody looked.)
 */

/** The vectors that the Host treats by name. */
export const NON_MASKABLE_INTERRUPT = 2;
export const DEVICE_NOT_AVAILABLE = 7;
export const DOUBLE_FAULT = 8;
export const GENERAL_PROTECTION = 13;
export const PAGE_FAULT = 14;
export const SPURIOUS_INTERRUPT = 15;

/** Vectors below this are the processor's own exceptions. */
export const EXCEPTIONS = 32;
export const VECTORS = 256;

/*
 * ## What is put down, and where
 *
 * If the gate leads inward, to a ring with more rights, the processor does not trust the stack it finds (would you?).
 * It takes another, from a small structure, the *task state segment* or TSS, that the kernel filled in beforehand, one
 * stack for each ring, and puts the old stack's address on the new one first.
 *
 * :::figure{#trap-frame caption="The frame of a trap from ring 3 to ring 1. From ring 1 to ring 1 the upper two are missing."}
 * ```text
 *                 +------------+  <- ss1:esp1, from the TSS
 *                 |     ss     |
 *                 |    esp     |  where its stack was
 *                 +------------+
 *                 |   eflags   |  its flags, of which more below
 *                 |     cs     |  in which ring it was: the low two bits
 *                 |    eip     |  where it was
 *                 +------------+
 *                 | error code |  for some
 *     esp  ->     +------------+
 * ```
 * :::
 *
 * One instruction undoes it all, `iret`. It pops eip, cs and eflags, and if cs is further out than we are, the stack as
 * well. Nothing checks that a trap had happened before. Build such a frame by hand, say `iret`, and you *arrive*
 * somewhere: that is how every kernel starts its first process, and how we shall start every Guest.
 *
 * Some exceptions put one more word on top, to say what was wrong. It is always the same ones, except that `int 14`,
 * the instruction, puts none where exception 14 does. Remember that. It is a hole you can drive a hypervisor into.
 */

/** Whether the processor pushes an error code with an exception (Intel SDM vol. 3, 6.13). */
export function pushesErrorCode(vector: number): boolean {
  return vector === DOUBLE_FAULT || (vector >= 10 && vector <= 14) || vector === 17;
}

/*
 * ## Gates
 *
 *      31                          16 15 14 13 12     8 7             0
 *     +------------------------------+--+-----+--------+---------------+
 *     |  where to: bits 31-16        | P|ring |  type  |               |   high
 *     +------------------------------+--+-----+--------+---------------+
 *     |  which code segment          |  where to: bits 15-0            |   low
 *     +------------------------------+---------------------------------+
 *
 * The ring says who may come through on purpose, with an `int` instruction; exceptions ask nobody. Type 0xE is an
 * *interrupt gate*, type 0xF a *trap gate*. The only difference on Intel's drawing is that the first turns interrupts
 * off on the way in. In chapter 5 that one bit decides whether a system call of the Guest's ever comes by our door.
 */

/** Bits of the upper word of a gate (Intel SDM vol. 3, 6.11). */
export const GATE_PRESENT = 1 << 15;
export const GATE_RING_SHIFT = 13;
export const GATE_RING = 3 << GATE_RING_SHIFT;
export const INTERRUPT_GATE = 0xe;
export const TRAP_GATE = 0xf;

/** The type of a gate, from its upper word. */
export function gateType(high: number): number {
  return (high >>> 8) & 0xf;
}

/** The address that a gate leads to. */
export function gateOffset(low: number, high: number): number {
  return ((high & 0xffff_0000) | (low & 0xffff)) >>> 0;
}

/*
 * ## The flag that lies
 *
 * EFLAGS holds the results of arithmetic, and among them, like a cabinet minister on a bus, a few bits that rule the
 * machine. IF lets interrupts in. TF traps after each instruction. The two bits of IOPL say which ring may talk to
 * ports.
 *
 * A kernel turns interrupts off with `cli`, which traps in ring 1: good, we can help. But it may also say `popf`, which
 * loads all of EFLAGS from the stack, and in ring 1 `popf` *leaves IF as it was and says nothing*. No trap. The kernel
 * believes that interrupts are off, and they are not. Somebody counted seventeen such instructions on this processor in
 * the year 2000 (`sidt` is another, which shows anybody where the real gates are), and it is why people used to say
 * that it cannot be virtualised. They meant: not behind the kernel's back.
 *
 * lguest's answer, and ours, is to do it to its face. A Guest knows that it is one. Its interrupt flag is a word in
 * memory that it shares with the Host, and the real IF stays set as long as a Guest runs. How could we take the
 * processor back from it otherwise?
 */

/** Bits of EFLAGS (Intel SDM vol. 1, 3.4.3); IF is `X86_EFLAGS_IF` in the ABI. */
export const EFLAGS_ALWAYS = 1 << 1;
export const EFLAGS_TRAP = 1 << 8;
export const EFLAGS_NESTED = 1 << 14;
export const EFLAGS_RESUME = 1 << 16;
export const EFLAGS_VIRTUAL_8086 = 1 << 17;
