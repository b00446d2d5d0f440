import type { GuestWindow } from '../5-host/dev-lguest.ts';
import { isElf, parseElf } from './elf.ts';
import type { GuestRegisters } from './guest-registers.ts';
import { hex, LauncherError } from './outside.ts';
import { lastBefore, readLines, readSymbols } from './symbols.ts';

const MOST_FRAMES = 32;

/** The last words of a dead Guest: where it was, and who had called. No lines for an image without symbols. */
export function autopsy(image: Uint8Array, registers: GuestRegisters, memory: GuestWindow): string[] {
  const symbols = readSymbols(image);
  if (symbols.length === 0) return [];
  const lines = readLines(image);
  const eip = registers.get('eip');
  if ((registers.get('cs') & 3) === 3) return [`    at ${hex(eip)}, in a process`];

  const frames = [eip, ...callers(registers.get('ebp'), kernelOffset(image), memory)];
  return frames.map((address, depth) => {
    const inside = depth === 0 ? address : address - 1; // a return address is behind its call
    const symbol = lastBefore(symbols, inside);
    const line = lastBefore(lines, inside);
    if (!symbol || (symbol.size > 0 && inside >= symbol.address + symbol.size))
      return `    at ${hex(address)}`;
    const place = line && line.address >= symbol.address ? ` (${line.file}:${line.line})` : '';
    return `    at ${symbol.name}${place}, ${hex(address)}`;
  });
}

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
