/*
 * # Numbers in memory
 *
 * Two formats that the whole world shares, and one that you meet only here. REAL4 and REAL8 are what your
 * programs call float and double.
 *
 * ```text
 *    31 30      23 22                     0      63 62         52 51                        0
 *   +--+----------+------------------------+    +--+-------------+---------------------------+
 *   | s| exp + 127| fraction               |    | s| exp + 1023  | fraction                  |
 *   +--+----------+------------------------+    +--+-------------+---------------------------+
 * ```
 *
 * The bit before the point is not there. It is 1, unless the exponent is all zeros, when it is 0. The idea is
 * old; DEC had it in the PDP-11, and it buys a bit of precision for nothing.
 */
import { checkAlignment, probeWrite, read16, read32, write16, write32 } from './access.ts';
import { addressForRead, addressForWrite, type Instruction } from './instruction.ts';
import type { Processor } from './processor.ts';
import {
  BIAS,
  decodeReal,
  DENORMAL,
  INFINITE,
  INTEGER_BIT,
  NORMAL,
  normalise,
  QUIET,
  type Real,
  setReal,
  setZeroReal,
  SIGNALING,
  SPECIAL_EXPONENT,
} from './x87-real.ts';

/** The exponent biases of the two formats of IEEE 754, and their exponents of all ones. */
export const SINGLE_BIAS = 127;
export const SINGLE_LIMIT = 0xff;
export const DOUBLE_BIAS = 1023;
export const DOUBLE_LIMIT = 0x7ff;

/*
 * ## Unpacking
 *
 * Widening is moving bits to the left and correcting the bias. Only the two exponents at the ends need thought:
 * all ones is infinity or a NaN here and there, and all zeros is a denormal here and a quite ordinary number
 * there. The smallest double, 2^-1074, lies fifteen thousand binary orders above the bottom of a register.
 */
/** A REAL4, as it is: a signaling NaN is still one, a denormal still has to be normalised. */
function decodeSingle(bits: number, real: Real): void {
  const exponent = (bits >>> 23) & SINGLE_LIMIT;
  setReal(real, bits >>> 31, exponent + (BIAS - SINGLE_BIAS), INTEGER_BIT | (bits << 8), 0);
  if (exponent > 0 && exponent < SINGLE_LIMIT) real.kind = NORMAL;
  else finish(real, exponent, SINGLE_LIMIT);
}

/** A REAL8. */
function decodeDouble(low: number, high: number, real: Real): void {
  const exponent = (high >>> 20) & DOUBLE_LIMIT;
  const top = INTEGER_BIT | ((high & 0xf_ffff) << 11) | (low >>> 21);
  setReal(real, high >>> 31, exponent + (BIAS - DOUBLE_BIAS), top, low << 11);
  if (exponent > 0 && exponent < DOUBLE_LIMIT) real.kind = NORMAL;
  else finish(real, exponent, DOUBLE_LIMIT);
}

function finish(real: Real, exponent: number, limit: number): void {
  const fraction = (real.high & ~INTEGER_BIT) | real.low;
  if (exponent === limit) {
    real.exponent = SPECIAL_EXPONENT;
    real.kind = fraction === 0 ? INFINITE : real.high & 0x4000_0000 ? QUIET : SIGNALING;
  } else if (fraction === 0) {
    setZeroReal(real, real.sign);
  } else {
    real.high &= ~INTEGER_BIT;
    real.exponent++;
    real.kind = DENORMAL;
  }
}

/*
 * Integers have no zero of their own sign and no surprises. Nor do the largest: 64 bits of integer and 64 bits of
 * significand is no coincidence. The 8087 was to be the accountant's chip, too.
 */
/** An integer of 64 bits, or fewer with the sign in `high`. */
export function decodeInteger(low: number, high: number, real: Real): void {
  const sign = high >>> 31;
  let l = low;
  let h = high;
  if (sign === 1) {
    l = -low | 0;
    h = (~high + (low === 0 ? 1 : 0)) | 0;
  }
  if ((h | l) === 0) {
    setZeroReal(real, 0);
    return;
  }
  setReal(real, sign, BIAS + 63, h, l);
  normalise(real);
}

/*
 * ## Packing
 *
 * On the way back the rounding has been done, and so has the exponent. What is left is to let the bit before the point
 * fall off and to push the rest together: 23 bits of fraction for a single, 52 for a double, in two words.
 */
/** The REAL4 of what `roundTo` left, whose exponent is already that of the format. */
export function encodeSingle(real: Real): number {
  return (real.sign << 31) | (real.exponent << 23) | ((real.high >>> 8) & 0x7f_ffff);
}

export function encodeDoubleHigh(real: Real): number {
  return (real.sign << 31) | (real.exponent << 20) | ((real.high >>> 11) & 0xf_ffff);
}

export function encodeDoubleLow(real: Real): number {
  return (real.high << 21) | (real.low >>> 11);
}

/*
 * ## Reading and writing
 *
 * Eight or ten bytes are two or three loads. Since a load changes nothing, it does not matter if the last one
 * faults. A store is another thing: with the first half on one page and the second on another that may not be
 * there, both must be asked before the first byte goes out. `probeWrite` asks.
 */
export function loadSingle(cpu: Processor, i: Instruction, into: Real): void {
  decodeSingle(read32(cpu, addressForRead(cpu, i, 4)), into);
}

export function loadDouble(cpu: Processor, i: Instruction, into: Real): void {
  const address = addressForRead(cpu, i, 8);
  checkAlignment(cpu, address, 8);
  const low = read32(cpu, address);
  decodeDouble(low, read32(cpu, (address + 4) | 0), into);
}

export function loadExtended(cpu: Processor, i: Instruction, into: Real): void {
  const address = addressForRead(cpu, i, 10);
  checkAlignment(cpu, address, 8);
  const low = read32(cpu, address);
  const high = read32(cpu, (address + 4) | 0);
  decodeReal(into, read16(cpu, (address + 8) | 0), high, low);
}

/** An integer of `i.size` bytes: 2, 4 or 8. */
export function loadInteger(cpu: Processor, i: Instruction, into: Real): void {
  const address = addressForRead(cpu, i, i.size);
  if (i.size === 8) {
    checkAlignment(cpu, address, 8);
    const low = read32(cpu, address);
    decodeInteger(low, read32(cpu, (address + 4) | 0), into);
    return;
  }
  const value = i.size === 4 ? read32(cpu, address) : (read16(cpu, address) << 16) >> 16;
  decodeInteger(value, value >> 31, into);
}

/*
 * Only accesses near the end of a page need that question. The comparison costs less.
 */
/** Two or four bytes. */
export function storeSmall(cpu: Processor, i: Instruction, size: number, value: number): void {
  const address = addressForWrite(cpu, i, size);
  if (size === 4) write32(cpu, address, value);
  else write16(cpu, address, value);
}

/** Eight bytes, all or none. */
export function storeDouble(cpu: Processor, i: Instruction, low: number, high: number): void {
  const address = addressForWrite(cpu, i, 8);
  checkAlignment(cpu, address, 8);
  if ((address & 0xfff) > 0xff8) probeWrite(cpu, address, 8, 8);
  write32(cpu, address, low);
  write32(cpu, (address + 4) | 0, high);
}

/** Ten bytes, all or none. */
export function storeExtended(cpu: Processor, i: Instruction, low: number, high: number, top: number): void {
  const address = addressForWrite(cpu, i, 10);
  checkAlignment(cpu, address, 8);
  if ((address & 0xfff) > 0xff6) probeWrite(cpu, address, 10, 8);
  write32(cpu, address, low);
  write32(cpu, (address + 4) | 0, high);
  write16(cpu, (address + 8) | 0, top);
}
