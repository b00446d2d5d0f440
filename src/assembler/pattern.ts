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
    case 'st':
      if (name === 'st') return register(name, 'register', 'st');
      break;
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
      return memory(name, bits, (operand) => operand.far === true);
    case 'moffs':
      return {
        ...memory(name, bits, (operand) => isBareAddress(operand) && sizeAgrees(operand, bits)),
        role: 'offset',
      };
    case 'imm':
      return immediate(name, bits);
    case 'simm':
      return signedByte(name);
    case 'rel':
      return relative(name, bits);
    case 'ptr16:':
      return { ...bare(name, 'far', bits), fits: (operand) => operand.kind === 'far' };
  }
  return name === '1' ? one(name) : fixed(name);
}

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

/** A row without a size (`lea`, `lgdt`) takes memory of any; memory without a size suits any row. */
function sizeAgrees(operand: Memory, bits: number): boolean {
  return operand.size === undefined || bits === 0 || operand.size === bits;
}

function isBareAddress(operand: Memory): boolean {
  return operand.base === undefined && operand.index === undefined && operand.width !== 8;
}

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

/** One byte that the processor widens by its sign: -1 may be written 0xffff or 0xffffffff as the width asks. */
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

/** A number found later is taken on trust, and checked when it is written. */
function isWithin(value: Expression, low: number, high: number): boolean {
  return typeof value !== 'number' || (value >= low && value <= high);
}

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
