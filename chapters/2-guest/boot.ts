/*
 * # The first instruction
 *
 * A kernel's first job is to move house while it is living in it.
 *
 * You were linked to run at 0xC0100000, which is where the top quarter of the address space begins, plus a
 * megabyte. You were *loaded* at 0x00100000. Between the two lies a page table that nobody has written yet, so at
 * this moment "virtual" and "physical" are the same thing: under the Host by courtesy (he pretends, until you show
 * him a page directory), on the bare silicon because paging is off. Every address in your own code that was filled
 * in by the linker is off by exactly 0xC0000000.
 *
 * `start` is machine code, because there is nothing yet for a function to stand on. It makes a stack out of 8 KiB of
 * your own zeroes, takes the 3 GiB off its address by hand, and calls `prepare`. A call is safe: the i386 encodes it as
 * a distance, and distances are right wherever you are. When `prepare` comes back the world has been turned on its
 * axis, both views are there, and you jump to the high one and never look back. The jump goes through eax: a plain
 * `jmp` is a distance, too, and would keep you down here. The zeros in ebp and in place of a return address are where a
 * backtrace will end. The stack pointer is first loaded with the very same stack under its proper name.
 */
import type { u32, u8 } from './language.ts';
import { addressOf, array, at, imageEnd, load32, naked, struct } from './language.ts';
import { DEVICE_WINDOW, KERNEL_BASE, PAGE_SIZE, physical } from './layout.ts';
import type { LguestData } from './lguest-data.ts';
import { lguestData } from './lguest-data.ts';
import { kernelMain } from './main.ts';
import { introduce, startPaging } from './paravirt.ts';
import { IRET_OFFSET, protectedIret } from './trap-return.ts';

const BOOT_STACK_SIZE = 8192;
const bootStack = array<u8>(8192, 4096);

/** The kernel's entry: a physical address, ring 1 (or 0, bare), esi = boot_params, no stack, no tables. */
export const start = naked`
  mov esp, ${bootStack} + ${BOOT_STACK_SIZE} - ${KERNEL_BASE}
  xor ebp, ebp
  push esi
  call ${prepare}
  mov esp, ${bootStack} + ${BOOT_STACK_SIZE}
  push dword 0
  mov eax, ${kernelMain}
  jmp eax
`;

/*
 * ## Code at the wrong address
 *
 * The most dangerous lines in the chapter look like the most harmless ones.
 *
 * `prepare` and what it calls are ordinary functions, compiled like all others, running where they were not meant
 * to be. They may count, loop, call each other and follow pointers. What they must not do is mention a variable,
 * since its name stands for an address in a part of the world that is not there. So the one thing boot has to
 * remember goes into a structure reached by its *physical* address, and everything else travels in arguments. The
 * compiler cannot check that for you. It is the sort of rule that is kept by being frightened.
 */

/** What boot learned while it still could: all addresses physical, sizes in bytes. */
export interface BootInformation {
  parameters: u32;
  memory: u32;
  directory: u32;
  firstFree: u32;
}

export const bootInformation = struct<BootInformation>();

/*
 * The page in `esi` is a form that was designed in the nineties and never shortened: `boot_params`, 4096 bytes, of
 * which a Launcher fills about ten fields and you read four. The memory map in it is called E820, after the number
 * of the BIOS call that used to produce it, and once had to describe the hole that IBM left at 640 KB. In here there
 * is one entry, and it says: from 0 up to as much as the person on the other side of the glass has typed.
 */

/** Offsets into boot_params, the page that a loader fills for us. */
export const PARAMETER_E820_SIZE = 0x2d8;
export const PARAMETER_RAMDISK_ADDRESS = 0x218;
export const PARAMETER_RAMDISK_SIZE = 0x21c;
export const PARAMETER_COMMAND_LINE = 0x228;

/*
 * Then two sentences to the Host, in this order, since he listens to nothing else before. `introduce` says *here I
 * am*, and hands him the address of a page that you will share from now on. `startPaging` shows him the directory.
 * At that instant the courtesy ends.
 */

/** Runs at physical addresses: no module variable may be named here, only reached by its physical address. */
function prepare(parameters: u32): void {
  const boot = at<BootInformation>(physical(addressOf(bootInformation)));
  boot.parameters = parameters;
  boot.memory = load32(parameters + PARAMETER_E820_SIZE);
  boot.directory = physical(imageEnd());
  boot.firstFree = buildTables(boot.directory, boot.memory);
  introduce(at<LguestData>(physical(addressOf(lguestData))), addressOf(protectedIret) + IRET_OFFSET);
  startPaging(boot.directory);
}

/*
 * ## A directory for everything
 *
 * The tables go right behind your own last byte, which only the tangler knows: `imageEnd`. One page of directory,
 * then a page for every 4 MiB of RAM, each full of the simplest entry there is, *this page is that frame*. For 32
 * MB that is nine pages and 8,192 entries, none of which pup will touch again: all of RAM is now to be
 * found at 0xC0000000 plus its physical address, for good, in every process. A kernel that can reach any frame by
 * adding a constant never has to ask itself whether something is mapped.
 *
 * Two entries of the directory get special treatment. The one for 0xFF000000 gets an empty table, for chapter 3 to put
 * device registers in. And the very first is a copy of the one for 0xC0000000: it maps the low four megabytes where
 * they are already, because the instruction after the switch will be fetched from there. It is a bridge, to be burned
 * by `forgetIdentityMap` as soon as you are across.
 */

const ENTRIES = 1024;
const KERNEL_PAGE = 3; // present, writable

/** Lays out the page directory at `directory` and its tables behind it; returns the first byte behind those. */
function buildTables(directory: u32, memory: u32): u32 {
  const entries = at<u32[]>(directory);
  for (let i: u32 = 0; i < ENTRIES; i++) entries[i] = 0;

  let index: u32 = KERNEL_BASE >>> 22;
  let table: u32 = directory + PAGE_SIZE;
  for (let frame: u32 = 0; frame < memory && index < DEVICE_WINDOW >>> 22; frame += ENTRIES * PAGE_SIZE) {
    fillTable(at<u32[]>(table), frame, memory);
    entries[index] = table | KERNEL_PAGE;
    index++;
    table += PAGE_SIZE;
  }

  fillTable(at<u32[]>(table), 0, 0); // nothing yet, but the devices will want it
  entries[DEVICE_WINDOW >>> 22] = table | KERNEL_PAGE;
  entries[0] = entries[KERNEL_BASE >>> 22]; // where we stand, until we jump
  return table + PAGE_SIZE;
}

function fillTable(entries: u32[], frame: u32, memory: u32): void {
  for (let i: u32 = 0; i < ENTRIES; i++) {
    const address: u32 = frame + i * PAGE_SIZE;
    entries[i] = address < memory ? address | KERNEL_PAGE : 0;
  }
}
