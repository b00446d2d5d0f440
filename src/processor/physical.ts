/*
 * # Physical memory
 *
 * At the far end of every address stands a row of memory chips, and they believe what they are told. No rings,
 * no pages, no opinions: a number comes in on the address lines, a byte goes out on the others.
 *
 * What if the number is larger than the row? On a PC nothing happens, slowly. No chip feels addressed, the lines
 * float up to 1, and the processor reads `0xff`. Kernels used to measure memory this way: write somewhere, read
 * back, and if it says `0xffffffff` you have walked off the end.
 */
import { dropCode } from './code-pages.ts';
import { RAM_BASE } from './layout.ts';
import type { Processor } from './processor.ts';

/** Whether physical addresses `at` to `at + size - 1` are RAM. */
function isRam(cpu: Processor, at: number, size: number): boolean {
  return (at >>> 0) + size <= cpu.ramBytes;
}

/** A byte of physical memory. Where there is no RAM nobody answers, which reads as all ones. */
export function readPhysical8(cpu: Processor, at: number): number {
  return isRam(cpu, at, 1) ? cpu.bytes[RAM_BASE + (at >>> 0)]! : 0xff;
}

/** A little-endian word of 1, 2 or 4 bytes, zero-extended (4 bytes: signed), at any alignment. */
export function readPhysical(cpu: Processor, at: number, size: number): number {
  if (!isRam(cpu, at, size)) return (-1 >>> (32 - size * 8)) | 0;
  const index = RAM_BASE + (at >>> 0);
  const bytes = cpu.bytes;
  if (size === 1) return bytes[index]!;
  if (size === 2) return bytes[index]! | (bytes[index + 1]! << 8);
  return (index & 3) === 0
    ? cpu.words[index >>> 2]!
    : bytes[index]! | (bytes[index + 1]! << 8) | (bytes[index + 2]! << 16) | (bytes[index + 3]! << 24);
}

/*
 * Writes have one thing to watch for, and it is ours, not the i386's. If we hold decoded instructions of that page and
 * the write hits one of them, they are no longer true. `dropCode` sees to it. Every write from inside that does not
 * take the fast path ends here, and there is no third way. (REP by the page and [the beaten track](#the-beaten-track)
 * write by themselves, and ask the table of the fast path first.)
 */
/** Writes 1, 2 or 4 bytes, and drops decoded code that they overwrite. Where there is no RAM nobody listens. */
export function writePhysical(cpu: Processor, at: number, size: number, value: number): void {
  if (!isRam(cpu, at, size)) return;
  if (cpu.codePages[at >>> 12] !== undefined) dropCode(cpu, at >>> 0, size);
  const index = RAM_BASE + (at >>> 0);
  const bytes = cpu.bytes;
  for (let byte = 0; byte < size; byte++) bytes[index + byte] = value >> (byte * 8);
}
