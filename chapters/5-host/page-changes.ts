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
  SWITCHER_INDEX,
  type Shadow,
  takesAway,
} from './shadows.ts';
import { pinStack } from './stack.ts';

/**
 * LHCALL_SET_PTE: the Guest has changed the entry for `address` in the tables under `cr3`.
 *
 * @throws GuestDied when the entry is nothing that can be obeyed
 */
export function setPageTableEntry(guest: Guest, cr3: number, address: number, entry: number): void {
  if (address >= SWITCHER_ADDRESS) {
    kill(`attempt to set pte into Switcher pages: ${hex32(address)} is not below ${hex32(SWITCHER_ADDRESS)}`);
  }
  const everywhere = address >= guest.kernelAddress;
  for (const shadow of guest.shadows.all) {
    if (everywhere || shadow.guestAddress === pageOf(cr3)) refresh(guest, shadow, address, entry);
  }
}

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

/**
 * LHCALL_SET_PGD: the Guest has changed entry `index` of the directory at `cr3`.
 *
 * @throws GuestDied when that entry is the Switcher's, or does not exist
 */
export function setPageDirectoryEntry(guest: Guest, cr3: number, index: number): void {
  if (index >= SWITCHER_INDEX) {
    kill(`Attempt to set pgd ${index}/${SWITCHER_INDEX}: expected an index below the Switcher's`);
  }
  const shadow = guest.shadows.all.find((candidate) => candidate.guestAddress === pageOf(cr3));
  if (shadow !== undefined && shadow.directory !== 0) dropTable(guest, shadow, index);
}

/** LHCALL_FLUSH_TLB: the Guest has changed entries without saying which: `everything` or the current user part. */
export function flush(guest: Guest, everything: boolean): void {
  if (!everything) {
    dropUserPart(guest, guest.shadows.current);
    return;
  }
  dropEverything(guest);
  pinStack(guest);
}
