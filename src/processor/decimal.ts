/*
 * # Two digits a byte
 *
 * Money was counted in tens long before it was counted by machines, and the people who wrote programs for banks
 * wanted no fraction of a cent lost in binary. So numbers were kept with a decimal digit in each half of a byte,
 * added as if they were binary, and then *adjusted*: if a half came out above nine, or had carried, add six to
 * it. AF, the carry in the middle of a byte, exists for this alone.
 *
 * x86-64 threw these out in 2003. They had been slow for fifteen years by then, and few had noticed.
 */
import { DIVIDE_ERROR, raise } from './faults.ts';
import { readFlags, writeArithmeticFlags } from './eflags.ts';
import { ADJUST, CARRY, logic } from './flags.ts';
import type { Instruction } from './instruction.ts';
import { EAX } from './layout.ts';
import type { Processor } from './processor.ts';

const AL = 0;
const AH = 1;

/** SF, ZF and PF from AL; CF and AF as given. */
function setDecimalFlags(cpu: Processor, carry: boolean, adjust: boolean): void {
  logic(cpu.words, (cpu.bytes[AL]! << 24) >> 24);
  writeArithmeticFlags(cpu.words, readFlags(cpu.words) | (carry ? CARRY : 0) | (adjust ? ADJUST : 0));
}

/** DAA: makes AL two decimal digits again after an addition of two such. */
export function decimalAdjustAfterAddition(cpu: Processor): void {
  const flags = readFlags(cpu.words);
  const old = cpu.bytes[AL]!;
  const low = (old & 15) > 9 || (flags & ADJUST) !== 0;
  const high = old > 0x99 || (flags & CARRY) !== 0;
  cpu.bytes[AL] = old + (low ? 6 : 0) + (high ? 0x60 : 0);
  setDecimalFlags(cpu, high, low);
}

/** DAS: the same after a subtraction. */
export function decimalAdjustAfterSubtraction(cpu: Processor): void {
  const flags = readFlags(cpu.words);
  const old = cpu.bytes[AL]!;
  const low = (old & 15) > 9 || (flags & ADJUST) !== 0;
  const high = old > 0x99 || (flags & CARRY) !== 0;
  const borrowed = low && old < 6;
  cpu.bytes[AL] = old - (low ? 6 : 0) - (high ? 0x60 : 0);
  setDecimalFlags(cpu, high || borrowed, low);
}

/*
 * The ASCII forms keep one digit a byte, so that OR with `0x30` makes it a character.
 */
/** AAA and AAS: one decimal digit in AL, the carry of it in AH. `immediate` is 1 or -1. */
export function asciiAdjust(cpu: Processor, i: Instruction): void {
  const adjust = (cpu.bytes[AL]! & 15) > 9 || (readFlags(cpu.words) & ADJUST) !== 0;
  if (adjust) {
    const step = i.immediate;
    cpu.halves[EAX] = cpu.halves[EAX]! + step * 0x106;
  }
  cpu.bytes[AL] = cpu.bytes[AL]! & 15;
  setDecimalFlags(cpu, adjust, adjust);
}

/** AAM: AL into digits of base `immediate`: AH the upper, AL the lower. */
export function asciiAdjustAfterMultiplication(cpu: Processor, i: Instruction): void {
  if (i.immediate === 0) raise(DIVIDE_ERROR);
  const value = cpu.bytes[AL]!;
  cpu.bytes[AH] = value / i.immediate;
  cpu.bytes[AL] = value % i.immediate;
  setDecimalFlags(cpu, false, false);
}

/** AAD: the two digits back into one number. */
export function asciiAdjustBeforeDivision(cpu: Processor, i: Instruction): void {
  cpu.halves[EAX] = (cpu.bytes[AL]! + cpu.bytes[AH]! * i.immediate) & 0xff;
  setDecimalFlags(cpu, false, false);
}
