/*
 * # Page faults
 *
 * Of all the complaints a processor has, this is the only one that is mostly not a complaint. Most page faults are
 * *plans*: memory that was promised and not delivered yet, pages that were shared until somebody would write. The
 * program never learns of it. It tries the same instruction again, and now it works.
 *
 * A few are real, and one of those you can have by typing `crash`.
 */
import {
  ACCESSED,
  COPY_ON_WRITE,
  DIRTY,
  PRESENT,
  USER,
  WRITABLE,
  copyOnWrite,
  entryFor,
} from './address-space.ts';
import type { u32 } from './language.ts';
import { addressOf, at, load32, store32 } from './language.ts';
import { PAGE_OFFSET_MASK, USER_STACK_LIMIT, USER_STACK_TOP, physical } from './layout.ts';
import { endProcess } from './life.ts';
import { allocatePage, releasePage } from './pages.ts';
import { faultAddress, pageEntryChanged } from './paravirt.ts';
import { print, printHex } from './print.ts';
import type { Process } from './process.ts';
import { cpu } from './process.ts';
import { CRASHED, fromUser, kernelFault } from './traps.ts';
import type { TrapFrame } from './traps.ts';

/** Bit 1 of the error code: the access was a write. */
const WRITE = 1 << 1;

/** What `settle` has to say about an access. */
export const SETTLED = 0;
export const FORBIDDEN = 1;
export const OUT_OF_MEMORY = 2;

/** Trap 14: mends what can be mended and lets the program try again; or ends it. */
export function pageFault(frame: TrapFrame): void {
  const address: u32 = faultAddress();
  if (!fromUser(frame)) kernelFault('page fault in the kernel', address, frame.eip);
  const verdict: u32 = settle(cpu.process, address, (frame.error & WRITE) !== 0);
  if (verdict === SETTLED) return;
  print(at<string>(addressOf(cpu.process.name)));
  print(verdict === FORBIDDEN ? ': segmentation fault at ' : ': no memory left for the page at ');
  printHex(address);
  print(' (eip ');
  printHex(frame.eip);
  print(')\n');
  endProcess(CRASHED);
}

/*
 * ## What our own tables say
 *
 * The processor sends an error code along, three bits on what was attempted, and bit 0 says whether the page was there.
 * You might build your decisions on that. You would be wrong once in a while, because the tables that the processor
 * consulted are not yours. A page may be present and read-only in your table and absent in the Host's shadow of it:
 * lguest reflected a write to it with bit 0 clear, and pup cannot know how its Host does it. So of the error code only
 * one bit is believed, *it was a write*, which depends on the program and on nobody's tables. All the rest is looked
 * up.
 *
 * Which gives a short list of questions, from the outside in. Is there a page? If not, should there be one? Is it
 * the user's? Was it a write, to a page that may not be written? And if so, is it only because we share it?
 */

/** Makes the page at `address` fit to be read, or written, by the program that `process` runs. */
export function settle(process: Process, address: u32, write: boolean): u32 {
  const slot: u32 = entryFor(process.directory, address, false);
  const entry: u32 = slot === 0 ? 0 : load32(slot);
  if ((entry & PRESENT) === 0) return isOwned(process, address) ? supply(process, address) : FORBIDDEN;
  if ((entry & USER) === 0) return FORBIDDEN;
  if (!write || (entry & WRITABLE) !== 0) return SETTLED; // nothing was wrong but the shadow
  if ((entry & COPY_ON_WRITE) === 0) return FORBIDDEN;
  return copyOnWrite(process.directory, address & ~PAGE_OFFSET_MASK, slot) ? SETTLED : OUT_OF_MEMORY;
}

/*
 * Should there be one? Yes, inside the program's image and heap, and within a megabyte below the top of the stack.
 * All of this is memory by promise. `fault 1000` at the prompt calls in a thousand of those promises and tells you
 * what one costs: a little under 1,600 instructions when this was written, of which 1,024 do nothing but write
 * zeros.
 */

/** Whether `address` belongs to the program although no page is there yet: its image and heap, or its stack. */
function isOwned(process: Process, address: u32): boolean {
  if (address >= process.imageStart && address < process.heapEnd) return true;
  return address >= USER_STACK_LIMIT && address < USER_STACK_TOP;
}

/*
 * One nicety at the end: accessed and dirty are set by you, in advance. The program is about to touch the page, that
 * much is certain. So the entry can go to the Host complete, he installs it at once, and the fault that would have come
 * for his sake never happens. (Another has happened, if the page was never given out before: `allocatePage` had to
 * touch it, to fill it with zeros.)
 */

/** A page of zeros, now that somebody wants it. */
function supply(process: Process, address: u32): u32 {
  const page: u32 = allocatePage();
  if (page === 0) return OUT_OF_MEMORY;
  const slot: u32 = entryFor(process.directory, address, true);
  if (slot === 0) {
    releasePage(page);
    return OUT_OF_MEMORY;
  }
  const entry: u32 = physical(page) | PRESENT | WRITABLE | USER | ACCESSED | DIRTY;
  store32(slot, entry);
  pageEntryChanged(process.directory, address & ~PAGE_OFFSET_MASK, entry);
  return SETTLED;
}
