/*
 * # Bytes with holes
 *
 * What comes out of the table is an `Encoding`: bytes, some of which are not known yet, and for each such place a
 * note that says what belongs there. The note is all that a linker would call a *relocation*, and whole file
 * formats have been built around it. Ours lives for a hundred milliseconds.
 */

import type { Expression } from './expression.ts';
import { requireRange } from './expression.ts';

/** Machine code with its unknown numbers still 0. */
export interface Encoding {
  bytes: number[];
  patches: Patch[];
}

/** A number to be written when it is known. */
export interface Patch {
  /** Offset of its lowest byte in the encoding. */
  at: number;
  bytes: 1 | 2 | 4;
  value: Expression;
  /** The processor widens the number by its sign, so that in one byte only -128 to 127 will do. */
  signed: boolean;
  /** Write the distance from the end of the instruction instead. */
  relative: boolean;
}

/*
 * Both spellings of a number are welcome, 0xffffffff and -1, as they are the same bits. What is not welcome is a
 * number that does not fit in either, and silently loses its head.
 */

/**
 * Appends a number of so many bytes, lowest first, or its place if it is not known yet.
 *
 * @throws AssemblyError if the number is known, and does not fit in the bytes signed or unsigned
 */
export function append(encoding: Encoding, bytes: 1 | 2 | 4, value: Expression): void {
  if (typeof value !== 'number') {
    appendPatch(encoding, { bytes, value, signed: false, relative: false });
    return;
  }
  requireRange(value, -(2 ** (8 * bytes - 1)), 2 ** (8 * bytes) - 1, `what ${8 * bytes} bits hold`);
  appendBits(encoding, bytes, value);
}

/** Appends the low bits of a number, whatever the others are. */
export function appendBits(encoding: Encoding, bytes: number, value: number): void {
  for (let shift = 0; shift < 8 * bytes; shift += 8) encoding.bytes.push((value >> shift) & 0xff);
}

/** Leaves room for a number. */
export function appendPatch(encoding: Encoding, patch: Omit<Patch, 'at'>): void {
  encoding.patches.push({ at: encoding.bytes.length, ...patch });
  appendBits(encoding, patch.bytes, 0);
}
