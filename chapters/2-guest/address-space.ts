/*
 * # Address spaces
 *
 * A process is an illusion with a page directory. Everything it takes for *its memory* is what these tables say it
 * is, so whoever writes the tables writes the world. For once, that is you.
 *
 * You know the two levels from [the two books](../1-preparation/paging.ts#two-books-really); from now on you are the
 * one who writes them. Of the twelve bits beside each frame there are three that the processor has never heard of:
 * Intel left 9 to 11 to the operating system, "available". We take one.
 */
import { bootInformation } from './boot.ts';
import { beginBatch, endBatch } from './hypercalls.ts';
import type { u32 } from './language.ts';
import { at, load32, store32 } from './language.ts';
import {
  DEVICE_WINDOW,
  KERNEL_BASE,
  PAGE_OFFSET_MASK,
  PAGE_SIZE,
  linear,
  pageRoundUp,
  physical,
} from './layout.ts';
import { allocatePage, isShared, releasePage, sharePage } from './pages.ts';
import { directoryEntryChanged, pageEntryChanged } from './paravirt.ts';
import { copyBytes } from './text.ts';

/** Bits of a page table entry. `COPY_ON_WRITE` is one of three that the processor leaves to us. */
export const PRESENT = 1 << 0;
export const WRITABLE = 1 << 1;
export const USER = 1 << 2;
export const ACCESSED = 1 << 5;
export const DIRTY = 1 << 6;
export const COPY_ON_WRITE = 1 << 9;

const ENTRIES = 1024;
const KERNEL_INDEX = KERNEL_BASE >>> 22;

/** The frame in an entry, as a kernel address. */
export function pageOf(entry: u32): u32 {
  return linear(entry & ~PAGE_OFFSET_MASK);
}

/*
 * First, burn the bridge. The low four megabytes were mapped where they lay so that you could jump away from them.
 * As long as they are, a null pointer in the kernel reads `boot_params` and thinks nothing of it.
 */

/** Takes back the identity map that boot stood on: from here on, address 0 is nobody's. */
export function forgetIdentityMap(): void {
  store32(linear(bootInformation.directory), 0);
  directoryEntryChanged(bootInformation.directory, 0);
}

/*
 * ## A directory of one's own
 *
 * Every directory has the same upper quarter, the kernel, copied when it is made. That upper quarter never changes
 * again, because the tables behind it were all made at boot. It is the reason why there is no such thing as "updating
 * the kernel's mapping in all processes" in this kernel, and the reason why the Host may keep that quarter of a shadow
 * when he recycles it for someone else. He asked for it in so many words: `kernelAddress` is the address *from which on
 * all page tables are the same*.
 */

/** A new page directory (physical address) with the kernel in it and nothing else; 0 if there is no memory. */
export function createDirectory(): u32 {
  const page: u32 = allocatePage();
  if (page === 0) return 0;
  const kernelPart: u32 = KERNEL_INDEX * 4;
  copyBytes(page + kernelPart, linear(bootInformation.directory) + kernelPart, PAGE_SIZE - kernelPart);
  return physical(page);
}

/**
 * Where the entry for `address` lies (kernel address). If there is no table for it: 0; or with `create` in a new one,
 * and 0 if there is no page left for that.
 */
export function entryFor(directory: u32, address: u32, create: boolean): u32 {
  const slot: u32 = linear(directory) + (address >>> 22) * 4;
  if ((load32(slot) & PRESENT) === 0) {
    if (!create) return 0;
    const table: u32 = allocatePage();
    if (table === 0) return 0;
    store32(slot, physical(table) | PRESENT | WRITABLE | USER);
  }
  return pageOf(load32(slot)) + ((address >>> 12) & (ENTRIES - 1)) * 4;
}

/*
 * Putting a page where none was takes no hypercall. It is so cheap that it feels like getting away with something.
 */

/**
 * Maps `page` (kernel address) at `address`, where nothing was. The Host need not hear of it: it asks when it faults.
 */
export function mapPage(directory: u32, address: u32, page: u32, flags: u32): boolean {
  const slot: u32 = entryFor(directory, address, true);
  if (slot === 0) return false;
  store32(slot, physical(page) | flags);
  return true;
}

/*
 * ## Sharing everything
 *
 * When a process forks there must be two of it, byte for byte. The obvious way is to copy, and the obvious thing
 * to happen next is that the child calls `exec` and throws its copy away unread. So the child gets the parent's
 * *pages*, and both lose the right to write them. Reading costs nothing and is most of what goes on. The first of
 * the two who writes gets a page fault, and a copy, and its rights back. The bit that says "this is read-only
 * because it is shared, not because it is code" is our one bit of three.
 *
 * :::figure{#copy-on-write caption="One page of a program that forks, with its count of holders in brackets. C is the bit that Intel left to us."}
 * ```text
 *      before              after the fork           the child has written
 *
 *   parent                parent                   parent
 *   rw- --> page [1]      r-C --+                  r-C --> page [1]
 *                               +--> page [2]
 *                         r-C --+                  rw- --> a copy [1]
 *                         child                    child
 * ```
 * :::
 *
 * Here the batch pays. Taking the right to write from an entry of the *parent*, who is running and whose entries the
 * Host has shadowed, must be reported, entry by entry: a small program has two or three pages like that, a large one
 * hundreds. In the ring they cost one trip for each sixty-five.
 */

/** Gives `to` all that `from` has. What was writable becomes neither's: the first to write gets a copy. */
export function shareAddressSpace(from: u32, to: u32): boolean {
  let enough: boolean = true;
  beginBatch();
  for (let index: u32 = 0; index < KERNEL_INDEX && enough; index++) {
    const entry: u32 = load32(linear(from) + index * 4);
    if ((entry & PRESENT) !== 0) enough = shareTable(from, to, index, at<u32[]>(pageOf(entry)));
  }
  endBatch();
  return enough;
}

function shareTable(from: u32, to: u32, index: u32, entries: u32[]): boolean {
  for (let i: u32 = 0; i < ENTRIES; i++) {
    if ((entries[i] & PRESENT) === 0) continue;
    const address: u32 = (index << 22) | (i << 12);
    if ((entries[i] & WRITABLE) !== 0) {
      entries[i] = (entries[i] & ~WRITABLE) | COPY_ON_WRITE;
      pageEntryChanged(from, address, entries[i]);
    }
    const slot: u32 = entryFor(to, address, true);
    if (slot === 0) return false;
    store32(slot, entries[i] & ~(ACCESSED | DIRTY));
    sharePage(pageOf(entries[i]));
  }
  return true;
}

/*
 * And the fault, when it comes. If nobody else holds the page any more, there is nothing to copy. The last one to
 * share a thing owns it.
 */

/** The page at `address` is about to be written: replaces the shared page in `slot` by one's own. False: no memory. */
export function copyOnWrite(directory: u32, address: u32, slot: u32): boolean {
  const old: u32 = pageOf(load32(slot));
  let page: u32 = old;
  if (isShared(old)) {
    page = allocatePage();
    if (page === 0) return false;
    copyBytes(page, old, PAGE_SIZE);
    releasePage(old);
  }
  const entry: u32 = physical(page) | PRESENT | WRITABLE | USER | ACCESSED | DIRTY;
  store32(slot, entry);
  pageEntryChanged(directory, address, entry);
  return true;
}

/*
 * ## Giving it all back
 *
 * Freeing an address space is a walk over its tables with a bin bag. But look at the order of things, for here
 * sits the subtlest bug that a kernel on shadow page tables can have. The Host remembers shadows *by the address
 * of your directory*. The page that was the directory will be handed out again, perhaps as a directory; and then
 * he would say "ah, this one, I know it", and show the new process the old one's memory. Hence
 * `directoryEntryChanged` for each entry that was in use. Four megabytes of gossip a time, and the shadow is empty
 * when the page goes back.
 *
 * (Where would such a bug show? A process reads another's data, once in a thousand forks, only under load, only in
 * a virtual machine. You would blame the hypervisor.)
 */

/** Frees a page directory with everything under it. Nobody may be running on it. */
export function destroyAddressSpace(directory: u32): void {
  beginBatch();
  const entries = at<u32[]>(linear(directory));
  for (let index: u32 = 0; index < KERNEL_INDEX; index++) {
    if ((entries[index] & PRESENT) === 0) continue;
    releaseTable(pageOf(entries[index]));
    entries[index] = 0;
    directoryEntryChanged(directory, index);
  }
  endBatch();
  releasePage(linear(directory));
}

function releaseTable(table: u32): void {
  const entries = at<u32[]>(table);
  for (let i: u32 = 0; i < ENTRIES; i++) {
    if ((entries[i] & PRESENT) !== 0) releasePage(pageOf(entries[i]));
  }
  releasePage(table);
}

/*
 * ## Addresses for devices
 *
 * Registers of devices have physical addresses beyond the end of RAM, so the linear map has no room for them. They
 * are handed addresses from 0xFF000000 on, a page each, never to be given back; the table for those was laid out
 * at boot and left empty. There is a catch to these pages that chapter 4 is built on. The Host knows that there is
 * no RAM at such an address, and each access to it becomes an exit.
 */

let nextDeviceAddress: u32 = DEVICE_WINDOW;

/** Makes `size` bytes of registers at a physical address visible to the kernel; returns where. */
export function mapDevice(address: u32, size: u32): u32 {
  const offset: u32 = address & PAGE_OFFSET_MASK;
  const pages: u32 = pageRoundUp(offset + size);
  const start: u32 = nextDeviceAddress;
  for (let done: u32 = 0; done < pages; done += PAGE_SIZE) {
    const slot: u32 = entryFor(bootInformation.directory, start + done, false);
    store32(slot, (address - offset + done) | PRESENT | WRITABLE);
  }
  nextDeviceAddress = start + pages;
  return start + offset;
}
