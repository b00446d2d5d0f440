/*
 * # How to die
 *
 * With a sentence. lguest killed a Guest with a printf, and the sentence was the last thing you saw on the screen. It
 * is the best part of its manners: *bad stack segment 0*, *unhandled trap 13 at 0xc0123456*. You could look for it in
 * the source and read what you had done.
 *
 * Ours keep its words and say more: what was found, what would have been right, and where.
 */
/** The end of a Guest, on its way to the run loop. */
export class GuestDied extends Error {
  /** The Guest asked to be started again. */
  readonly restart: boolean;

  constructor(reason: string, restart = false) {
    super(reason);
    this.restart = restart;
  }
}

/** Ends the Guest that is being served. Nothing after the call happens. */
export function kill(reason: string): never {
  throw new GuestDied(reason);
}

/*
 * ## What is on the stones
 *
 * You will meet each of these in the file where it is carved. Here they lie side by side, in the words of lguest, to
 * which ours add what was found and what would have been right:
 *
 * | The Guest | and dies of |
 * | --- | --- |
 * | calls out of turn, or what does not exist | *hypercall 4 before INIT*, *already have lguest_data*, *Bad hypercall 17* |
 * | lies about itself at INIT | *bad guest page*, *bad syscall vector*, *bad kernel address* |
 * | names a physical address beyond its memory | *bad read address*, *bad write address* |
 * | names a virtual address that it does not map | *Bad address* |
 * | traps, and has no gate | *unhandled trap 14 at 0xc0123456* |
 * | leaves something in a segment register that cannot be loaded | *unhandled trap 256*, which no processor has |
 * | asks for a gate, a segment or a stack that cannot be | *bad IDT type*, *Setting idt entry*, *too many gdt entries*, *bad stack segment*, *bad stack pages*, *bad stack page* |
 * | has page tables that cannot be obeyed | *bad page directory entry*, *bad page table entry* |
 * | reaches for the Switcher | *attempt to set pte into Switcher pages*, *Attempt to set pgd* |
 * | wants a table when the Host has no frame left | *out of memory allocating pte page* |
 * | has had enough | *CRASH:* and its own last words |
 *
 * lguest had ten more. Two were for page tables of three levels, which our silicon does not have. One was for a Host
 * without a frame for the Switcher's own page table; ours has that in hand before a Guest is born. The other seven
 * could happen because a Launcher is a process like any other and may take memory away from under its Guest: *failed to
 * get page*, *Writing timestamp*, *Disabling interrupts*. A window of ours is there from the first instruction to the
 * last.
 *
 * Numbers in reasons are for people who compare them with other numbers, in a dump, at night. Addresses have all their
 * digits.
 */
/** As reasons show numbers: at least one digit, lower case, unsigned. */
export function hex(value: number): string {
  return `0x${(value >= 0 ? value : value >>> 0).toString(16)}`;
}

/** As reasons show addresses and entries: eight digits. */
export function hex32(value: number): string {
  return `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
}
