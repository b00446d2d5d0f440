/* # The first instruction */
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

/* ## Code at the wrong address */

/** What boot learned while it still could: all addresses physical, sizes in bytes. */
export interface BootInformation {
  parameters: u32;
  memory: u32;
  directory: u32;
  firstFree: u32;
}

export const bootInformation = struct<BootInformation>();

/** Offsets into boot_params, the page that a loader fills for us. */
export const PARAMETER_E820_SIZE = 0x2d8;
export const PARAMETER_RAMDISK_ADDRESS = 0x218;
export const PARAMETER_RAMDISK_SIZE = 0x21c;
export const PARAMETER_COMMAND_LINE = 0x228;

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

/* ## A directory for everything */

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
