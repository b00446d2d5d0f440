/*
 * # Shifts and rotates
 *
 * The bit that falls out goes into CF. That much is simple. Then there is OF, which after a shift by one says
 * whether the sign has changed, and after a shift by more is officially anybody's guess; ours is what the
 * processors guess whose answers are in the tests.
 *
 * The count is taken modulo 32. The 8086 did not do that: it would shift by 255 if you asked, one bit in four cycles,
 * and during the thousand cycles of that no interrupt could come in. So its successors cut the count to five bits.
 */
import { carryFlag, setCarryAndOverflow, setResult } from './flags.ts';
import type { Instruction } from './instruction.ts';
import { ECX } from './layout.ts';
import { readOperandForWrite, readRegister, signed, unsigned, writeOperand } from './operands.ts';
import type { Processor } from './processor.ts';

/** The eight operations of the shift row, by the number in the ModRM byte. 6 is an old name of SHL. */
export const ROL = 0;
export const ROR = 1;
export const RCL = 2;
export const RCR = 3;
export const SHL = 4;
export const SHR = 5;
export const SAR = 7;

/*
 * Three forms that compilers write:
 */
/** SHL of a 32-bit register by a constant, 1 to 31. */
export function shiftLeftRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const value = words[i.rm]!;
  const result = value << i.immediate;
  const carry = (value >>> (32 - i.immediate)) & 1;
  words[i.rm] = result;
  setResult(words, result, carry, carry ^ (result >>> 31));
}

export function shiftRightRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const value = words[i.rm]!;
  const result = (value >>> i.immediate) | 0;
  words[i.rm] = result;
  setResult(words, result, (value >>> (i.immediate - 1)) & 1, value >>> 31);
}

export function shiftArithmeticRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const value = words[i.rm]!;
  const result = value >> i.immediate;
  words[i.rm] = result;
  setResult(words, result, (value >> (i.immediate - 1)) & 1, 0);
}

/*
 * ## Everything else
 *
 * A count of 0 leaves all flags alone. It still writes, as a page that is read-only will notice.
 */
/** Any shift or rotate of any operand by an immediate count. */
export function shiftByImmediate(cpu: Processor, i: Instruction): void {
  shiftOperand(cpu, i, i.immediate & 31);
}

/** Any shift or rotate of any operand by CL. */
export function shiftByCl(cpu: Processor, i: Instruction): void {
  shiftOperand(cpu, i, cpu.words[ECX]! & 31);
}

function shiftOperand(cpu: Processor, i: Instruction, count: number): void {
  const value = readOperandForWrite(cpu, i);
  const bits = i.size * 8;
  writeOperand(cpu, i, count === 0 ? value : shift(cpu.words, i.operation, value, count, bits));
}

/** The shift itself; `count` is 1 to 31, the result may have rubbish above the operand size. */
function shift(words: Int32Array, operation: number, value: number, count: number, bits: number): number {
  switch (operation) {
    case ROL:
    case ROR:
      return rotate(words, operation, value, count % bits, bits);
    case RCL:
    case RCR:
      return rotateThroughCarry(words, operation, value, count % (bits + 1), bits);
    case SHR:
      return shiftRight(words, unsigned(value, bits >> 3), count, bits);
    case SAR:
      return shiftArithmetic(words, signed(value, bits >> 3), count);
    default:
      return shiftLeft(words, value, count, bits);
  }
}

/*
 * The shifts. With bytes the count may be larger than the operand: then everything is 0, the carry too (but for SAR,
 * which leaves nothing but copies of the sign).
 */
function shiftLeft(words: Int32Array, value: number, count: number, bits: number): number {
  const result = signed(value << count, bits >> 3);
  const carry = count > bits ? 0 : (unsigned(value, bits >> 3) >>> (bits - count)) & 1;
  setResult(words, result, carry, carry ^ (result >>> 31));
  return result;
}

function shiftRight(words: Int32Array, value: number, count: number, bits: number): number {
  const result = signed(value >>> count, bits >> 3);
  setResult(words, result, (value >>> (count - 1)) & 1, (value >>> (bits - 1)) & 1);
  return result;
}

function shiftArithmetic(words: Int32Array, value: number, count: number): number {
  const result = value >> count;
  setResult(words, result, (value >> (count - 1)) & 1, 0);
  return result;
}

/*
 * Rotates lose nothing. A rotate of a byte by 8 changes no bit but sets CF all the same, since a bit did pass
 * by.
 */
/** ROL and ROR. A count that is a multiple of the size turns the value back to itself, but sets CF. */
function rotate(words: Int32Array, operation: number, value: number, count: number, bits: number): number {
  const left = operation === ROL ? count : (bits - count) % bits;
  const whole = unsigned(value, bits >> 3);
  const result = left === 0 ? whole : (whole << left) | (whole >>> (bits - left));
  const top = (result >>> (bits - 1)) & 1;
  if (operation === ROL) setCarryAndOverflow(words, result & 1, top ^ (result & 1));
  else setCarryAndOverflow(words, top, top ^ ((result >>> (bits - 2)) & 1));
  return result;
}

/*
 * RCL and RCR take CF into the circle: nine bits, seventeen, thirty-three. Bit by bit is quick enough for an
 * instruction whose usual count is 1.
 */
/** RCL and RCR: rotates of the value with CF on top. */
function rotateThroughCarry(
  words: Int32Array,
  operation: number,
  value: number,
  count: number,
  bits: number,
): number {
  let result = unsigned(value, bits >> 3);
  let carry = carryFlag(words);
  const top = bits - 1;
  for (let step = 0; step < count; step++) {
    if (operation === RCL) {
      const out = (result >>> top) & 1;
      result = unsigned((result << 1) | carry, bits >> 3);
      carry = out;
    } else {
      const out = result & 1;
      result = ((result >>> 1) | (carry << top)) >>> 0;
      carry = out;
    }
  }
  const overflow =
    operation === RCL ? ((result >>> top) & 1) ^ carry : ((result >>> top) ^ (result >>> (top - 1))) & 1;
  if (count > 0) setCarryAndOverflow(words, carry, overflow);
  return result;
}

/*
 * ## Two registers at once
 *
 * SHLD and SHRD pull the bits that come in from a second register. They are how 64-bit numbers are shifted by a
 * 32-bit machine.
 */
/** SHLD and SHRD: the count is CL if the immediate is negative. */
export function shiftLeftDouble(cpu: Processor, i: Instruction): void {
  const count = (i.immediate < 0 ? cpu.words[ECX]! : i.immediate) & 31;
  const bits = i.size * 8;
  const value = readOperandForWrite(cpu, i);
  if (count === 0) return;
  const fill = readRegister(cpu, i.reg, i.size);
  let result: number;
  let carry: number;
  if (bits === 32) {
    result = (value << count) | (fill >>> (32 - count));
    carry = (value >>> (32 - count)) & 1;
  } else {
    // 48 bits side by side, for the undefined counts above 16 bring the value in again.
    const both = (value << 16) | fill;
    result = signed(
      count <= 16 ? (both << count) >>> 16 : ((both << count) >>> 16) | (value >>> (32 - count)),
      2,
    );
    carry = (both >>> (32 - count)) & 1;
  }
  writeOperand(cpu, i, result);
  setResult(cpu.words, result, carry, ((value >>> (bits - 1)) ^ (result >>> (bits - 1))) & 1);
}

export function shiftRightDouble(cpu: Processor, i: Instruction): void {
  const count = (i.immediate < 0 ? cpu.words[ECX]! : i.immediate) & 31;
  const bits = i.size * 8;
  const value = readOperandForWrite(cpu, i);
  if (count === 0) return;
  const fill = readRegister(cpu, i.reg, i.size);
  let result: number;
  let carry: number;
  if (bits === 32) {
    result = (value >>> count) | (fill << (32 - count));
    carry = (value >>> (count - 1)) & 1;
  } else {
    const both = (fill << 16) | value;
    result = signed(count <= 16 ? both >>> count : (both >>> count) | (value << (32 - count)), 2);
    carry = (both >>> (count - 1)) & 1;
  }
  writeOperand(cpu, i, result);
  setResult(cpu.words, result, carry, ((value >>> (bits - 1)) ^ (result >>> (bits - 1))) & 1);
}
