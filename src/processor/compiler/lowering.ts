/*
 * # What a compiler must know of an instruction
 *
 * How to write it, and what it touches: memory, stack, flags, registers. The planners ask the second question long
 * before anybody asks the first.
 */
import { FLAT, type Instruction } from '../instruction.ts';
import { EAX, EBP, EBX, ECX, EDI, EDX, ESI, ESP, FS, GS } from '../layout.ts';
import type { Draft } from './draft.ts';

/**
 * What an instruction does with flags. It 'sets' all whatever they were; 'changes' some, so that the old ones matter if
 * the new ones do; 'uses' the old ones and sets all; 'reads' them; leaves them alone; or 'passes' them on if a count
 * turns out to be zero, so that whoever wants the new ones wants the old ones as well.
 */
export type Flags = 'sets' | 'changes' | 'uses' | 'reads' | 'none' | 'passes';

/** How an instruction is compiled, and what it touches. */
export interface Lowering {
  /** Writes its code. */
  lower(d: Draft, i: Instruction): void;
  /**
   * What it does with its operand if that is in memory. A store may load first; a string instruction goes by ESI and
   * EDI.
   */
  operand: 'load' | 'store' | 'string' | 'none';
  /** What it does with the stack. */
  stack: 'push' | 'pop' | 'leave' | 'none';
  /** What it does with flags, if that does not depend on which of its row it is. */
  flags: Flags | ((i: Instruction) => Flags);
  /** Registers written and read: see below. */
  writes: number;
  reads: number;
  /** Whether it can fault for another reason than memory. */
  faults: boolean;
  /** Whether it is done by the calculator. */
  calculates: boolean;
  /** Whether its operand is not where the instruction says, so that it shares its look at the TLB with no other. */
  apart(i: Instruction): boolean;
  /** Whether this form of it can be compiled. */
  fits(i: Instruction): boolean;
}

/*
 * ## Registers by role
 *
 * A table that says *this instruction changes ECX* would need a line for each instruction and register. It says instead
 * which *role* is changed, the operand or the register beside it, and who plays that role is known by the instruction
 * itself.
 */
/** Registers by the role they play: the operand `rm` if it is a register, `reg`, `reg` of 4 bytes, and by name. */
export const RM = 1;
export const REG = 2;
export const WIDE_REG = 4;
export const USES_EAX = 8;
export const USES_EDX = 16;
export const USES_ECX = 32;
export const USES_EBP = 64;
export const USES_ESI = 256;
export const USES_EDI = 512;
export const USES_EBX = 1024;
/** `rm` as the index of a 32-bit register, whatever the size says. */
export const WIDE_RM = 128;

export function registersOf(i: Instruction, roles: number): number {
  let mask = 0;
  if (roles & RM && !i.isMemory) mask |= registerBit(i.rm, i.size);
  if (roles & REG && i.reg >= 0) mask |= registerBit(i.reg, i.size);
  if (roles & WIDE_REG) mask |= 1 << i.reg;
  if (roles & WIDE_RM) mask |= 1 << i.rm;
  if (roles & USES_EAX) mask |= 1 << EAX;
  if (roles & USES_EDX) mask |= 1 << EDX;
  if (roles & USES_ECX) mask |= 1 << ECX;
  if (roles & USES_EBX) mask |= 1 << EBX;
  if (roles & USES_EBP) mask |= 1 << EBP;
  if (roles & USES_ESI) mask |= 1 << ESI;
  if (roles & USES_EDI) mask |= 1 << EDI;
  return mask;
}

/** Registers that an instruction changes, the stack pointer included. */
export function registersWritten(i: Instruction, lowering: Lowering): number {
  return registersOf(i, lowering.writes) | (lowering.stack === 'none' ? 0 : 1 << ESP);
}

/** Registers that it reads; narrow writes keep the rest of a register and count as reads. */
export function registersRead(i: Instruction, lowering: Lowering): number {
  let mask = registersOf(i, lowering.reads | lowering.writes) | (lowering.stack === 'none' ? 0 : 1 << ESP);
  if (i.isMemory) mask |= (1 << i.base) | (1 << i.index);
  return mask & 0xff;
}

function registerBit(index: number, size: number): number {
  return 1 << (size === 4 ? index : size === 2 ? index >> 1 : index >> 2);
}

/*
 * ## Filling in the form
 *
 * Most of what can be said of an instruction is *no*. So one says only what is true of it, and gets the rest.
 */
/** A lowering from its particulars. Operands must lie in flat segments, or in FS or GS, with 32-bit addresses. */
export function lowering(lower: Lowering['lower'], particulars: Partial<Lowering> = {}): Lowering {
  const fits = particulars.fits ?? (() => true);
  return {
    operand: 'none',
    stack: 'none',
    flags: 'none',
    writes: 0,
    reads: 0,
    faults: false,
    calculates: false,
    apart: () => false,
    ...particulars,
    lower,
    fits: (i) => (!i.isMemory || isReachable(i)) && fits(i),
  };
}

/** A memory operand that compiled code can reach. */
export function isReachable({ segment, addressMask }: Instruction): boolean {
  return addressMask === -1 && (segment === FLAT || segment === FS || segment === GS);
}

export function isWide(i: Instruction): boolean {
  return i.size === 4;
}
