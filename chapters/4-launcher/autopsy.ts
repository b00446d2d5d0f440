/*
 * # The autopsy
 *
 *     lguest: CRASH: panic: on request
 *         at hypercall (chapters/2-guest/hypercalls.ts:26), 0xc0100898
 *         at switchOff (chapters/2-guest/paravirt.ts:391), 0xc0101473
 *         at panic (chapters/2-guest/panic.ts:50), 0xc0100a5f
 *         at callShutdown (chapters/2-guest/process-calls.ts:194), 0xc01035af
 *         at systemCall (chapters/2-guest/system-calls.ts:74), 0xc01024d2
 *         at trap (chapters/2-guest/traps.ts:72), 0xc0101dc0
 *         at enterTrap (chapters/2-guest/trap-table.ts:112), 0xc010148f
 *
 * You have seen a hundred of these and closed most of them. This one is different: nothing in the program that died
 * has made it. There was no handler that ran, no library that unwound. The Guest is dead and its registers are
 * cold, and *we* go through its memory with its own kernel file in the other hand.
 */

import type { GuestWindow } from '../5-host/dev-lguest.ts';
import { isElf, parseElf } from './elf.ts';
import type { GuestRegisters } from './guest-registers.ts';
import { hex32, LauncherError } from './outside.ts';
import { lastBefore, readLines, readSymbols } from './symbols.ts';

/*
 * ## Where it was, and who had called
 *
 * The first address is `eip`. All others are return addresses, and these lie one instruction too far: a call that
 * was the last thing in its function returns to where another one begins. So we look up the byte before.
 *
 * A Guest can also die while a process runs, of a timer that it made a mess of, say. Then there is nothing of the
 * kernel on the stack, and a process has its own file for its names.
 */

const MOST_FRAMES = 32;

/** The last words of a dead Guest: where it was, and who had called. No lines for an image without symbols. */
export function autopsy(image: Uint8Array, registers: GuestRegisters, memory: GuestWindow): string[] {
  const symbols = readSymbols(image);
  if (symbols.length === 0) return [];
  const lines = readLines(image);
  const eip = registers.get('eip');
  if ((registers.get('cs') & 3) === 3) return [`    at ${hex32(eip)}, in a process`];

  const frames = [eip, ...callers(registers.get('ebp'), kernelOffset(image), memory)];
  return frames.map((address, depth) => {
    const inside = depth === 0 ? address : address - 1; // a return address is behind its call
    const symbol = lastBefore(symbols, inside);
    const line = lastBefore(lines, inside);
    if (!symbol || (symbol.size > 0 && inside >= symbol.address + symbol.size))
      return `    at ${hex32(address)}`;
    const place = line && line.address >= symbol.address ? ` (${line.file}:${line.line})` : '';
    return `    at ${symbol.name}${place}, ${hex32(address)}`;
  });
}

/*
 * ## Down the chain
 *
 * Every function that the tangler makes begins with `push ebp` and `mov ebp, esp`. Together with the return address
 * that the call has pushed, this leaves a chain through the stack, one link for each caller: at `ebp` is where the
 * caller's `ebp` was saved, and above it is the way back.
 *
 * :::figure{#frames caption="Two frames of a stack. It grows downward; time goes down with it."}
 * ```text
 *        |   ...            |
 *        | return address   |   <- into the caller's caller
 *    .-> | saved ebp     o--|--> ...
 *    |   | caller's locals  |
 *    |   | return address   |   <- into the caller
 *    '---|-o saved ebp      |   <- ebp
 *        | locals           |
 *        +------------------+   <- esp
 * ```
 * :::
 *
 * It is the memory of a program that has just died of something, perhaps of writing where it should not have. So
 * the chain may lead anywhere: out of the memory, into a circle, up a tree. Callers are above those they called;
 * the moment one is not, we stop.
 */

/** Follows saved frame pointers: at ebp is the caller's ebp, and above it the way back. */
function callers(ebp: number, offset: number, memory: GuestWindow): number[] {
  const addresses: number[] = [];
  while (addresses.length < MOST_FRAMES) {
    const at = ebp - offset;
    if (at < 0 || at + 8 > memory.size || at % 4 !== 0) break;
    const returnAddress = memory.read32(at + 4);
    if (returnAddress === 0) break;
    addresses.push(returnAddress);
    const next = memory.read32(at);
    if (next <= ebp) break; // stacks grow down, so callers are above
    ebp = next;
  }
  return addresses;
}

/*
 * ## From its addresses to ours
 *
 * The saved pointers are the kernel's, 0xc0-something, and the window begins at 0. The page tables that would
 * translate one into the other belong to the Host and the Guest, and we can see neither. But a kernel that lives in
 * a *linear map*, as Linux and pup do, has all of it at one distance from where it really is, and the packing list
 * of the crate it came in says which. You kept that second address, back when the crate was opened, for exactly
 * this.
 */

/** By how much the kernel's addresses are above the memory behind them. */
function kernelOffset(image: Uint8Array): number {
  if (!isElf(image)) return 0;
  try {
    const [first] = parseElf('', image).segments;
    return first!.virtualAddress - first!.physicalAddress;
  } catch (error) {
    if (error instanceof LauncherError) return 0;
    throw error;
  }
}

/*
 * And there the Launcher ends. It has loaded a kernel, been a bus and four kinds of device to it, and told its story
 * when it died; and it never found out how any of it is done. You know every trick now that needs no privilege. It
 * wrote five words to a file, and read. Behind that file is the next chapter. Leave your conscience with the
 * lamp-keeper: from here on you are the one who lies.
 */
