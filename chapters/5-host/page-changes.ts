/*
 * # What the Guest reports
 *
 * A kernel changes its tables all day long. On a real processor it must flush a translation it has changed, or the
 * processor goes on using the old one. A Guest calls us instead, in the same places: lguest's great piece of luck was
 * that Linux already had a hook wherever a flush had to be.
 *
 * So a shadow may be *behind* the Guest's tables for as long as a TLB may be, and no longer. A Guest that forgets to
 * report gets what it would have got from a real processor: a bug that it cannot repeat.
 */
import { ACCESSED, directoryOffset, PRESENT, pageOf, tableOffset } from '../1-preparation/paging.ts';
import { SWITCHER_ADDRESS } from '../6-switcher/pages.ts';
import { hex32, kill } from './death.ts';
import type { Guest } from './guest.ts';
import { checkTableEntry, isDevice } from './page-tables.ts';
import {
  dropEverything,
  dropTable,
  dropUserPart,
  forProcessor,
  isShared,
  SWITCHER_INDEX,
  type Shadow,
  takesAway,
} from './shadows.ts';
import { pinStack } from './stack.ts';

/*
 * ## One entry
 *
 * SET_PTE names an address space, an address, and the new entry. From the kernel's address on it concerns every shadow
 * we have, which is one store, since they share those tables; below, only the one that stands for that address space,
 * if there is any. (A kernel that begins in the middle of four megabytes has a table in which both live. That one is
 * not shared, and there are as many stores as shadows.)
 */
/**
 * LHCALL_SET_PTE: the Guest has changed the entry for `address` in the tables under `cr3`.
 *
 * @throws GuestDied when the entry is nothing that can be obeyed
 */
export function setPageTableEntry(guest: Guest, cr3: number, address: number, entry: number): void {
  if (address >= SWITCHER_ADDRESS) {
    kill(`attempt to set pte into Switcher pages: ${hex32(address)} is not below ${hex32(SWITCHER_ADDRESS)}`);
  }
  const { all, current } = guest.shadows;
  if (isShared(guest, directoryOffset(address) / 4)) {
    refresh(guest, current, address, entry);
    return;
  }
  const everywhere = address >= guest.kernelAddress;
  for (const shadow of all) {
    if (everywhere || shadow.guestAddress === pageOf(cr3)) refresh(guest, shadow, address, entry);
  }
}

/*
 * What goes into the shadow? Simplest would be nothing: clear the entry, and let the next access fault. But if the
 * Guest has set A already, the fault would teach us nothing, and we can put the entry in right away. It was worth ten
 * per cent in a benchmark of copy-on-write, said lguest, and so it is done.
 *
 * lguest did it in two cases too many. An entry with A and W but without D went in *writable*, and the first write
 * after that was never recorded. And an entry that was not present at all, a page that had been swapped out, say, of
 * which the other thirty-one bits are for the kernel to use as it likes, could look as if it had A set, and be
 * installed, or be found to point outside of all memory, and cost the Guest its life.
 */
function refresh(guest: Guest, shadow: Shadow, address: number, entry: number): void {
  if (shadow.directory === 0) return;
  const { ram } = guest.ground.machine;
  const directoryEntry = ram.read32(shadow.directory + directoryOffset(address));
  if ((directoryEntry & PRESENT) === 0) return;
  const at = pageOf(directoryEntry) + tableOffset(address);
  const before = ram.read32(at);
  const after = readyForUse(guest, entry, address) ? forProcessor(guest, entry) : 0;
  if (after === before) return;
  ram.write32(at, after);
  if (before & PRESENT && takesAway(before, after) && shadow === guest.shadows.current) {
    guest.translationsStale = true;
  }
}

/** Whether an entry can go into a shadow before anybody faults on it: no mark of the Guest's would be missed. */
function readyForUse(guest: Guest, entry: number, address: number): boolean {
  if ((entry & (PRESENT | ACCESSED)) !== (PRESENT | ACCESSED) || isDevice(guest, entry)) return false;
  checkTableEntry(guest, entry, address);
  return true;
}

/*
 * ## Four megabytes
 *
 * SET_PGD reports a change in the directory, and the whole table under that entry is dropped. The new value is not even
 * passed: it is read when it is needed.
 *
 * The check looks dull. lguest's said *index > 1024*, which lets 1,024 through, the first word behind the page. It let
 * 1,023 through as well, which is the Switcher: the Host sawed off the branch that both sat on, and then hurried to
 * nail it back. We say no.
 */
/**
 * LHCALL_SET_PGD: the Guest has changed entry `index` of the directory at `cr3`.
 *
 * @throws GuestDied when that entry is the Switcher's, or does not exist
 */
export function setPageDirectoryEntry(guest: Guest, cr3: number, index: number): void {
  if (index >= SWITCHER_INDEX) {
    kill(`Attempt to set pgd ${index}/${SWITCHER_INDEX}: expected an index below the Switcher's`);
  }
  const { all, current } = guest.shadows;
  const shadow = all.find((candidate) => candidate.guestAddress === pageOf(cr3));
  if (isShared(guest, index)) dropTable(guest, current, index);
  else if (shadow !== undefined) dropTable(guest, shadow, index);
}

/*
 * ## Everything
 *
 * And when a kernel does not know what it has changed, or has changed too much to say so, it says FLUSH_TLB. Linux did,
 * for every kernel entry it set before it had more than one address space, and one day somebody left those out: booting
 * took 4.3 seconds instead of 48.
 */
/** LHCALL_FLUSH_TLB: the Guest has changed entries without saying which: `everything` or the current user part. */
export function flush(guest: Guest, everything: boolean): void {
  if (!everything) {
    dropUserPart(guest, guest.shadows.current);
    return;
  }
  dropEverything(guest);
  pinStack(guest);
}
