import type { Encoding } from './encoding.ts';
import { append, appendBits, appendPatch } from './encoding.ts';
import { AssemblyError } from './error.ts';
import type { Expression } from './expression.ts';
import { requireRange } from './expression.ts';
import type { Memory } from './operand.ts';
import type { Register } from './registers.ts';

/** 16 or 32 if the registers or the displacement decide it, 0 if a prefix may. */
export function addressSizeOf(memory: Memory): 0 | 16 | 32 {
  const register = memory.base ?? memory.index;
  if (register !== undefined) return register.set === 'r16' ? 16 : 32;
  if (memory.width === 16) return 16;
  return memory.width === 32 ? 32 : 0;
}

/** Appends ModRM, SIB and displacement for a memory operand. */
export function appendAddress(encoding: Encoding, reg: number, memory: Memory, isAddress16: boolean): void {
  if (isAddress16) appendAddress16(encoding, reg, memory);
  else appendAddress32(encoding, reg, memory);
}

function appendAddress32(encoding: Encoding, reg: number, memory: Memory): void {
  const { base, index } = requireAddressable(memory);
  if (base === undefined && index === undefined) {
    encoding.bytes.push((reg << 3) | NO_BASE);
    append(encoding, 4, memory.displacement);
    return;
  }
  const bytes = base === undefined ? 4 : displacementBytes(memory, base.number === EBP);
  const mod = base === undefined || bytes === 0 ? 0o000 : bytes === 1 ? 0o100 : 0o200;
  if (index === undefined && base!.number !== ESP) encoding.bytes.push(mod | (reg << 3) | base!.number);
  else {
    encoding.bytes.push(mod | (reg << 3) | SIB_FOLLOWS);
    encoding.bytes.push(
      (Math.log2(memory.scale) << 6) | ((index?.number ?? NO_INDEX) << 3) | (base?.number ?? NO_BASE),
    );
  }
  appendDisplacement(encoding, bytes, signedDisplacement(memory));
}

const ESP = 4;
const EBP = 5;
const SIB_FOLLOWS = 4;
const NO_INDEX = 4;
const NO_BASE = 5;

/** esp cannot be an index; where nothing is multiplied it may change places with the base. */
function requireAddressable(memory: Memory): { base?: Register; index?: Register } {
  const { base, index, scale } = memory;
  for (const register of [base, index])
    if (register !== undefined && register.set !== 'r32')
      throw new AssemblyError(`${register.name} in a 32-bit address`, '32-bit registers only');
  if (![1, 2, 4, 8].includes(scale)) throw new AssemblyError(`a scale of ${scale}`, '1, 2, 4 or 8');
  if (index?.number !== ESP) return { base, index };
  if (scale === 1 && base?.number !== ESP) return { base: index, index: base };
  throw new AssemblyError('esp as an index', 'any other register');
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

/** 0, 1 or 4. A number not known yet takes 4; ebp cannot do with 0. */
function displacementBytes(memory: Memory, isEbp: boolean): 0 | 1 | 4 {
  if (memory.width === 8) return 1;
  const value = signedDisplacement(memory);
  if (memory.width === 32 || typeof value !== 'number') return 4;
  if (value === 0 && !isEbp) return 0;
  return value >= -128 && value <= 127 ? 1 : 4;
}

/** 0xfffffffc means -4. */
function signedDisplacement(memory: Memory): Expression {
  const value = memory.displacement;
  if (typeof value !== 'number') return value;
  requireRange(value, -0x8000_0000, 0xffff_ffff, 'displacement');
  return value | 0;
}

const PAIRS_16 = ['bx+si', 'bx+di', 'bp+si', 'bp+di', 'si', 'di', 'bp', 'bx'];
const BARE_16 = 6;

function appendAddress16(encoding: Encoding, reg: number, memory: Memory): void {
  const rm = pairNumber(memory);
  const { displacement } = memory;
  if (typeof displacement === 'number') requireRange(displacement, -0x8000, 0xffff, 'a 16-bit displacement');
  const value = typeof displacement === 'number' ? (displacement << 16) >> 16 : displacement;
  const isBare = memory.base === undefined;
  const bytes = isBare ? 2 : displacementBytes16(memory.width, value, rm);
  const mod = isBare || bytes === 0 ? 0o000 : bytes === 1 ? 0o100 : 0o200;
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
