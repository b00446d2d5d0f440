/*
 * # How to say where
 *
 * An operand in memory is mod and rm, and rm has three bits. There are eight registers to point with, so everything
 * would come out even, and that is what worried somebody at Intel in 1985. Where is the address without a register?
 * Where is base plus index? So two of the eight were taken away from their owners.
 *
 * :::figure{#modrm-memory caption="What rm means when it is memory, with 32-bit addresses"}
 * ```text
 *   rm      mod 0               mod 1              mod 2
 *   0-3     [register]          [register + d8]    [register + d32]
 *   4       a SIB byte follows  (and so it does in all three)
 *   5       [d32]     <-- !     [ebp + d8]         [ebp + d32]
 *   6, 7    [register]          [register + d8]    [register + d32]
 * ```
 * :::
 *
 * The robbed are esp, which always needs the extra byte, and ebp, which always needs a displacement, if only of 0.
 * `mov eax, [ebx]` is `8b 03`. `mov eax, [esp]` is `8b 04 24`, and `mov eax, [ebp]` is `8b 45 00`. Compilers never
 * noticed. They use ebp for variables, and those have displacements anyway.
 */

import type { Encoding } from './encoding.ts';
import { append, appendBits, appendPatch } from './encoding.ts';
import { AssemblyError } from './error.ts';
import type { Expression } from './expression.ts';
import { requireRange } from './expression.ts';
import type { Memory } from './operand.ts';
import type { Register } from './registers.ts';

const ESP = 4;
const EBP = 5;
const SIB_FOLLOWS = ESP;
const NO_BASE = EBP;
const NO_INDEX = ESP;

/** Appends ModRM, SIB and displacement for a memory operand. */
export function appendAddress(encoding: Encoding, reg: number, memory: Memory, isAddress16: boolean): void {
  if (isAddress16) appendAddress16(encoding, reg, memory);
  else appendAddress32(encoding, reg, memory);
}

function appendAddress32(encoding: Encoding, reg: number, memory: Memory): void {
  requireWidth(memory, 8, 32);
  const { base, index } = addressRegisters(memory);
  const bytes = displacementBytes(memory, base);
  const mod = base === undefined ? 0o000 : MOD_OF_BYTES[bytes];
  if (index === undefined && base?.number !== ESP) {
    encoding.bytes.push(mod | (reg << 3) | (base?.number ?? NO_BASE));
  } else {
    encoding.bytes.push(mod | (reg << 3) | SIB_FOLLOWS, sib(memory.scale, index, base));
  }
  appendDisplacement(encoding, bytes, signedDisplacement(memory));
}

const MOD_OF_BYTES = { 0: 0o000, 1: 0o100, 2: 0o200, 4: 0o200 };

/*
 * ## Scale, index, base
 *
 * The byte that follows is three octal digits as well. The scale is its logarithm, 0 to 3. An index of 4 means
 * none, so esp cannot be an index: it lost this one for good, and nobody wants four times the stack pointer. If you
 * write `[eax+esp]` all the same, the two change places, since nothing is multiplied.
 *
 * A base of 5 with a mod of 0 means none, for the same reason as above, and then four bytes of displacement follow,
 * come what may: `[ebx*4]` is as long as `[ebx*4 + table]`.
 */

function sib(scale: number, index: Register | undefined, base: Register | undefined): number {
  return (Math.log2(scale) << 6) | ((index?.number ?? NO_INDEX) << 3) | (base?.number ?? NO_BASE);
}

function addressRegisters({ base, index, scale }: Memory): { base?: Register; index?: Register } {
  for (const register of [base, index])
    if (register !== undefined && register.set !== 'r32')
      throw new AssemblyError(`${register.name} in a 32-bit address`, '32-bit registers only');
  if (![1, 2, 4, 8].includes(scale)) throw new AssemblyError(`a scale of ${scale}`, '1, 2, 4 or 8');
  if (index?.number !== ESP) return { base, index };
  if (scale === 1 && base?.number !== ESP) return { base: index, index: base };
  throw new AssemblyError('esp as an index', 'any other register');
}

/*
 * ## The shortest displacement
 *
 * Most displacements are small, fields of a struct and variables of a function, and one byte is enough for -128 to
 * 127. 0xfffffffc counts as -4, because the sum of an address wraps around and nobody can tell the difference. A
 * number we do not know yet gets four bytes; guessing would make every address that uses a label a kind of branch.
 */

function displacementBytes(memory: Memory, base: Register | undefined): 0 | 1 | 4 {
  if (base === undefined) {
    if (memory.width === 8) throw new AssemblyError('a byte for a displacement without a base', 'a dword');
    return 4;
  }
  if (memory.width !== undefined) return memory.width === 8 ? 1 : 4;
  const value = signedDisplacement(memory);
  if (typeof value !== 'number') return 4;
  if (value === 0 && base.number !== EBP) return 0;
  return value >= -128 && value <= 127 ? 1 : 4;
}

function signedDisplacement({ displacement }: Memory): Expression {
  if (typeof displacement !== 'number') return displacement;
  requireRange(displacement, -0x8000_0000, 0xffff_ffff, 'a displacement');
  return displacement | 0;
}

function appendDisplacement(encoding: Encoding, bytes: 0 | 1 | 2 | 4, value: Expression): void {
  if (bytes === 0) return;
  if (bytes !== 1) append(encoding, bytes, value);
  else if (typeof value !== 'number') appendPatch(encoding, { bytes, value, signed: true, relative: false });
  else {
    requireRange(value, -128, 127, 'a displacement of a byte');
    appendBits(encoding, 1, value);
  }
}

function requireWidth({ width, base, index }: Memory, short: number, long: number): void {
  const isBare = base === undefined && index === undefined;
  if (width === undefined || width === long || (width === short && !isBare)) return;
  throw new AssemblyError(`a displacement of ${width} bits`, isBare ? `${long}` : `${short} or ${long}`);
}

/*
 * ## The eight addresses of 1978
 *
 * Behind the prefix 67 the old rules hold, with which the first ten years of the PC were programmed: eight
 * combinations, and you learned them by heart. bx or bp, si or di, one of each at most. There is the same robbery
 * in it, seven years older: rm 6 should have been `[bp]` and became the address without a register.
 */

const PAIRS_16 = ['bx+si', 'bx+di', 'bp+si', 'bp+di', 'si', 'di', 'bp', 'bx'];
const BARE_16 = 6;

/** 16 or 32 if the registers or the displacement decide it, 0 if a prefix may. */
export function addressSizeOf({ base, index, width }: Memory): 0 | 16 | 32 {
  const register = base ?? index;
  if (register !== undefined) return register.set === 'r16' ? 16 : 32;
  return width === 16 || width === 32 ? width : 0;
}

function appendAddress16(encoding: Encoding, reg: number, memory: Memory): void {
  requireWidth(memory, 8, 16);
  const rm = pairNumber(memory);
  const { displacement, width } = memory;
  if (typeof displacement === 'number') requireRange(displacement, -0x8000, 0xffff, 'a 16-bit displacement');
  const value = typeof displacement === 'number' ? (displacement << 16) >> 16 : displacement;
  const isBare = memory.base === undefined;
  const bytes = isBare ? 2 : displacementBytes16(width, value, rm);
  const mod = isBare ? 0o000 : MOD_OF_BYTES[bytes];
  encoding.bytes.push(mod | (reg << 3) | rm);
  appendDisplacement(encoding, bytes, value);
}

function pairNumber({ base, index, scale }: Memory): number {
  if (scale !== 1 || (base === undefined && index !== undefined))
    throw new AssemblyError('a scale in a 16-bit address', 'registers as they are');
  if (base === undefined) return BARE_16;
  const pair = index === undefined ? base.name : `${base.name}+${index.name}`;
  const rm = PAIRS_16.findIndex((name) => name === pair || name === `${index?.name}+${base.name}`);
  if (rm < 0) throw new AssemblyError(`[${pair}]`, `one of ${PAIRS_16.join(', ')}`);
  return rm;
}

function displacementBytes16(width: number | undefined, value: Expression, rm: number): 0 | 1 | 2 {
  if (width !== undefined) return width === 8 ? 1 : 2;
  if (value === 0 && rm !== BARE_16) return 0;
  return typeof value === 'number' && value >= -128 && value <= 127 ? 1 : 2;
}
