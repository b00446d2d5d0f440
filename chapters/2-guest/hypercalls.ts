/*
 * # Hypercalls
 *
 * To ask the kernel for something, a program loads a number into `eax` and executes `int 0x80`. To ask the Host
 * for something, a kernel loads a number into `eax` and executes `int 0x1F`. The same idea, one floor down.
 *
 * There is one difference, and it tells you a lot about the relationship: a hypercall returns nothing. No register
 * comes back changed, no error code says "invalid argument". Either the thing was done or you are dead, with the
 * reason written on a slip for the Launcher to read out. That is less brutal than it sounds. A process can be
 * hostile, and a kernel must survive its nonsense; but a kernel that gives nonsense to its Host has a bug, and the
 * kindest thing to do with a kernel bug is to stop at once and say where.
 */
import { LHCALL_FLUSH_ASYNC, LHCALL_RING_SIZE, LHCALL_SLOT_FREE } from '../1-preparation/abi.ts';
import type { u32 } from './language.ts';
import { asm } from './language.ts';
import { lguestData } from './lguest-data.ts';

/** Traps to the Host and comes back when it has done `number`. Nothing is returned: a call works, or the Guest dies. */
export function hypercall(number: u32, first: u32, second: u32, third: u32): void {
  asm`
    mov eax, ${number}
    mov ebx, ${first}
    mov ecx, ${second}
    mov edx, ${third}
    xor esi, esi
    int 0x1f
  `;
}

/*
 * ## Sixty-four at a time
 *
 * The price of a hypercall is the trip, not the errand. So you can leave a list: write number and arguments into a slot
 * of the ring in `lguestData`, mark the slot with a 0, and go on. At your next hypercall, whatever it is for, the Host
 * works off the list first, in order, and marks each slot with 0xFF as done.
 *
 * Which calls may wait? Only those whose effect nobody looks at before the next hypercall. A change to one page table
 * entry of a process that is not running can wait all day. So pup says `beginBatch` before work that makes many of
 * those, and `endBatch` after it. Linux calls this lazy mode. It does for page tables what the interrupt flag in the
 * next file does for `cli`: it turns a conversation into a note.
 *
 * :::figure{#ring-life caption="Two changes to page tables share one trip. Each side keeps its own finger on the ring, and moves it past a slot when it has done its half."}
 * ```text
 *            slot:    7    8    9      you                         the Host
 *  status bytes:     ff   ff   ff      SET_PTE, ... into slot 7
 *                    00   ff   ff      SET_PTE, ... into slot 8
 *                    00   00   ff      int 0x1f  ------------->    slot 7: does it
 *                    ff   00   ff                                  slot 8: does it
 *                    ff   ff   ff                                  slot 9: ff, so that was all
 *                    ff   ff   ff                <-------------    does what the trap was for
 * ```
 * :::
 */

let batching: boolean = false;
let cursor: u32 = 0;
let queued: u32 = 0;

/** From here on `deferredHypercall` may queue instead of trap. Batches do not nest. */
export function beginBatch(): void {
  batching = true;
}

/** Ends a batch: one trap for all that was queued, none if nothing was. */
export function endBatch(): void {
  batching = false;
  if (queued !== 0) hypercall(LHCALL_FLUSH_ASYNC, 0, 0, 0);
  queued = 0;
}

/*
 * ## One slot
 *
 * If the slot that is next in line is not free, all sixty-four are taken, and you knock yourself. The Host works off
 * the ring before he asks what you came for, so nothing overtakes anything, and the next slot is free. Nobody else has
 * to know.
 *
 * The status goes last, for the same reason for which you seal an envelope after putting the letter in. There is
 * only one processor here and no Host will look in between; but an interrupt of the real machine may end your turn
 * between any two instructions, and it is a good habit.
 */

/** A hypercall that may wait for the end of the batch. Outside a batch it traps at once. */
export function deferredHypercall(number: u32, first: u32, second: u32, third: u32): void {
  if (!batching || lguestData.hypercallStatus[cursor] !== LHCALL_SLOT_FREE) {
    hypercall(number, first, second, third); // the Host empties the ring before it serves this one
    queued = 0;
    return;
  }
  const slot = lguestData.hypercalls[cursor];
  slot.number = number;
  slot.first = first;
  slot.second = second;
  slot.third = third;
  slot.fourth = 0;
  lguestData.hypercallStatus[cursor] = 0; // last: from now on it counts
  cursor = (cursor + 1) % LHCALL_RING_SIZE;
  queued++;
}
