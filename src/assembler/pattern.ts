/*
 * # What fits where
 *
 * `r/m32` is a question: is this a 32-bit register, or memory that is, or may be, 32 bits wide? For each such name
 * in the table there is one `Pattern`, and it answers with its `fits`. It also knows two things the encoder will
 * want: in which part of the instruction the operand belongs, and how wide it is.
 */

import type { Expression } from './expression.ts';
import type { Immediate, Memory, Operand } from './operand.ts';
import type { RegisterSet } from './registers.ts';
import { registerNamed } from './registers.ts';

/** What the table allows in one operand position. */
export interface Pattern {
  name: string;
  /** Where the operand goes: a field of ModRM, or behind it. `special` is always in the reg field, `fixed` nowhere. */
  role: 'register' | 'memory' | 'special' | 'immediate' | 'relative' | 'offset' | 'far' | 'fixed';
  /** False if the pattern names one register, which the opcode then implies. */
  variable: boolean;
  /** Size in bits of the memory or the number. */
  bits: number;
  /** Whether the processor widens the number by its sign. */
  signed: boolean;
  /** Smallest and largest number, for immediates. */
  low?: number;
  high?: number;
  fits(operand: Operand, operandSize: number): boolean;
}

/*
 * ## Names
 *
 * The names are the manual's, a word and mostly a number of bits. What is in no list, such as `al` or `dx`, is the
 * register of that name and nothing else.
 */

const known = new Map<string, Pattern>();

/** The pattern of that name in the table. */
export function patternNamed(name: string): Pattern {
  const pattern = known.get(name) ?? makePattern(name);
  known.set(name, pattern);
  return pattern;
}

function makePattern(name: string): Pattern {
  const bits = Number(/\d+$/.exec(name)?.[0] ?? 0);
  switch (name.replace(/\d+$/, '')) {
    case 'r':
      return register(name, 'register', `r${bits}` as RegisterSet);
    case 'sreg':
    case 'cr':
    case 'dr':
      return register(name, 'special', name as RegisterSet);
    case 'r/m':
      return registerOrMemory(name, bits);
    case 'm':
      return memory(name, bits, (operand) => sizeAgrees(operand, bits) && !operand.far);
    case 'word m':
      return memory(name, bits, (operand) => operand.size === 16 && !operand.far);
    case 'm16:':
      return memory(name, bits, (operand) => operand.far === true && sizeAgrees(operand, bits));
    case 'moffs':
      return fixedAddress(name, bits);
    case 'ptr16:':
      return farPointer(name, bits);
    case 'imm':
      return immediate(name, bits);
    case 'simm':
      return signedByte(name);
    case 'rel':
      return relative(name, bits);
  }
  if (name === 'st') return register(name, 'register', 'st');
  return name === '1' ? one(name) : fixed(name);
}

/*
 * ## Registers and memory
 *
 * A row without a size, like `lea`, takes memory of any. Memory without a size suits any row, and whether that was
 * wise is for `choose` to say.
 */

function bare(name: string, role: Pattern['role'], bits: number): Omit<Pattern, 'fits'> {
  return { name, role, bits, variable: true, signed: false };
}

function register(name: string, role: Pattern['role'], set: RegisterSet): Pattern {
  return { ...bare(name, role, 0), fits: (operand) => operand.kind === 'register' && operand.set === set };
}

function registerOrMemory(name: string, bits: number): Pattern {
  const set = `r${bits}`;
  const fits = (operand: Operand): boolean => {
    if (operand.kind === 'register') return operand.set === set;
    return operand.kind === 'memory' && sizeAgrees(operand, bits) && !operand.far;
  };
  return { ...bare(name, 'memory', bits), fits };
}

function memory(name: string, bits: number, allows: (operand: Memory) => boolean): Pattern {
  return { ...bare(name, 'memory', bits), fits: (operand) => operand.kind === 'memory' && allows(operand) };
}

function sizeAgrees(operand: Memory, bits: number): boolean {
  return operand.size === undefined || bits === 0 || operand.size === bits;
}

function fixedAddress(name: string, bits: number): Pattern {
  const isBare = ({ base, index, far, width }: Memory) =>
    base === undefined && index === undefined && !far && width !== 8;
  const fits = (operand: Memory): boolean => isBare(operand) && sizeAgrees(operand, bits);
  return { ...memory(name, bits, fits), role: 'offset' };
}

function farPointer(name: string, bits: number): Pattern {
  const fits = (operand: Operand): boolean =>
    operand.kind === 'far' && (operand.size === undefined || operand.size === bits);
  return { ...bare(name, 'far', bits), fits };
}

/*
 * ## Numbers
 *
 * Eight bits hold -128 to 255, if you allow both ways of reading them, and we do. The exception is the byte that
 * gets widened: in `add ax, 0xffff` it may be an `ff`, for that becomes 0xffff again. In `add eax, 0xffff` it may
 * not. So how much a `simm8` allows at its upper end depends on the size of the operation.
 *
 * A number that is not known yet is taken on trust and gets a hole of full width. The hole is checked when it is
 * filled.
 */

function immediate(name: string, bits: number): Pattern {
  const low = -(2 ** (bits - 1));
  const high = 2 ** bits - 1;
  const fits = (operand: Operand): boolean =>
    operand.kind === 'immediate' &&
    operand.reach === undefined &&
    (operand.size === undefined || operand.size === bits) &&
    isWithin(operand.value, low, high);
  return { ...bare(name, 'immediate', bits), low, high, fits };
}

function signedByte(name: string): Pattern {
  const fits = (operand: Operand, operandSize: number): boolean => {
    if (operand.kind !== 'immediate' || operand.reach !== undefined) return false;
    const { size, strict, value } = operand;
    if (size !== undefined && size !== 8 && (strict || size !== operandSize)) return false;
    if (typeof value !== 'number') return size === 8;
    const range = 2 ** operandSize;
    return (value >= -128 && value <= 127) || (value >= range - 128 && value < range);
  };
  return { ...bare(name, 'immediate', 8), signed: true, low: -128, high: 127, fits };
}

function isWithin(value: Expression, low: number, high: number): boolean {
  return typeof value !== 'number' || (value >= low && value <= high);
}

/*
 * ## The rest
 *
 * A branch's target fits the short row and the near one as well; if `short` or `near` is said, only one. The row
 * with a 1 in it is for shifts, and a `strict` number does not want to be implied.
 */

function relative(name: string, bits: number): Pattern {
  const reach = bits === 8 ? 'short' : 'near';
  const fits = (operand: Operand): boolean =>
    operand.kind === 'immediate' &&
    operand.size === undefined &&
    (operand.reach === undefined || operand.reach === reach);
  return { ...bare(name, 'relative', bits), signed: true, low: -0x8000_0000, high: 0xffff_ffff, fits };
}

function one(name: string): Pattern {
  const fits = (operand: Operand): boolean => isPlainNumber(operand) && operand.value === 1;
  return { ...bare(name, 'fixed', 8), variable: false, low: 1, high: 1, fits };
}

function isPlainNumber(operand: Operand): operand is Immediate {
  return (
    operand.kind === 'immediate' && !operand.strict && (operand.size === undefined || operand.size === 8)
  );
}

function fixed(name: string): Pattern {
  const wanted = registerNamed(name);
  if (wanted === undefined) throw new Error(`opcode table: found the operand ${name}`);
  const fits = (operand: Operand): boolean => operand.kind === 'register' && operand.name === wanted.name;
  return { ...bare(name, 'fixed', 0), variable: false, fits };
}
