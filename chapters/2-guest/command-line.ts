/*
 * # What the loader left for us
 *
 * On the form in `esi` three more fields have been filled in: where the initial file system is, how long it is,
 * and where somebody's words to the kernel begin. `npm run boot -- 32 pup run=primes 1000` leaves "run=primes
 * 1000" there.
 *
 * There are, famously, Linux systems whose kernel command line has grown to a thousand characters over the years
 * and that nobody dares to shorten. Ours is cut at a thousand characters.
 */
import {
  PARAMETER_COMMAND_LINE,
  PARAMETER_RAMDISK_ADDRESS,
  PARAMETER_RAMDISK_SIZE,
  bootInformation,
} from './boot.ts';
import type { u32, u8 } from './language.ts';
import { addressOf, array, charCode, load32, load8 } from './language.ts';
import { linear } from './layout.ts';
import { lengthOf, startsWith } from './text.ts';

/** Longer command lines are cut here. */
const LONGEST_COMMAND_LINE = 1024;
const commandLine = array<u8>(1024);

/** A word of boot_params. */
function parameter(offset: u32): u32 {
  return load32(linear(bootInformation.parameters + offset));
}

/** Where the initial file system lies (kernel address, 0 if there is none) and how long it is. */
export function archiveAddress(): u32 {
  return archiveSize() === 0 ? 0 : linear(parameter(PARAMETER_RAMDISK_ADDRESS));
}

export function archiveSize(): u32 {
  return parameter(PARAMETER_RAMDISK_SIZE);
}

/*
 * The words lie at physical address 0x1000, behind the form, in the first megabyte, which our allocator never gives
 * away. They are copied all the same, to have them cut at a length we know.
 */

/** Copies the command line, or as much of it as there is room for. */
export function readCommandLine(): void {
  const address: u32 = parameter(PARAMETER_COMMAND_LINE);
  if (address === 0) return;
  for (let i: u32 = 0; i < LONGEST_COMMAND_LINE - 1; i++) {
    commandLine[i] = load8(linear(address) + i);
    if (commandLine[i] === 0) return;
  }
}

/*
 * There is no parser here to speak of: an argument is found by its name, at the start of a word. `run=` takes
 * everything to the end of the line, spaces and all, which makes it last by nature.
 */

/**
 * Where the value of `name` (which ends in `=`) begins on the command line; 0 if it is not there.
 * It ends where the line ends.
 */
export function argumentAddress(name: string): u32 {
  const line: u32 = addressOf(commandLine);
  let atStart: boolean = true;
  for (let i: u32 = 0; i < lengthOf(line); i++) {
    if (atStart && startsWith(line + i, addressOf(name))) return line + i + lengthOf(addressOf(name));
    atStart = load8(line + i) === charCode(' ');
  }
  return 0;
}
