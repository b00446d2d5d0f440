/* # Hypercalls */
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

/* ## Sixty-four at a time */

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

/* ## One slot */

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
