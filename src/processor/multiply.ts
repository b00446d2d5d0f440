/*
 * # Multiplying and dividing
 *
 * Two 32-bit numbers make a 64-bit product, and JavaScript has no such thing. It has `Math.imul` for the lower
 * half and doubles for whatever fits in 53 bits. The upper half is made as you did at school, in digits; only
 * that ours go to 65,535.
 */
import { DIVIDE_ERROR, raise } from './faults.ts';
import { setResult } from './flags.ts';
import type { Instruction } from './instruction.ts';
import { EAX, EDX } from './layout.ts';
import { readOperand, registerIndex, signed, unsigned, writeRegister } from './operands.ts';
import type { Processor } from './processor.ts';

const DX = registerIndex(EDX, 2);

/** The upper 32 bits of the product of two numbers of 32 bits, both taken as unsigned. */
export function highProduct(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const middle = (Math.imul(a1, b0) + (Math.imul(a0, b0) >>> 16)) | 0;
  const other = (Math.imul(a0, b1) + (middle & 0xffff)) | 0;
  return (Math.imul(a1, b1) + (middle >>> 16) + (other >>> 16)) | 0;
}

/*
 * A negative number, read as unsigned, is 2³² too large. So its product is too large by the other factor, 32
 * places up, and that can be taken off again.
 */
function signedHigh(a: number, b: number): number {
  return (highProduct(a, b) - (a < 0 ? b : 0) - (b < 0 ? a : 0)) | 0;
}

/** MUL r/m32: EDX:EAX = EAX * operand; CF and OF say that EDX is needed. */
export function multiply32(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const a = words[EAX]!;
  const b = readOperand(cpu, i);
  const low = Math.imul(a, b);
  const high = highProduct(a, b);
  words[EAX] = low;
  words[EDX] = high;
  const wide = high === 0 ? 0 : 1;
  setResult(words, low, wide, wide);
}

/** MUL r/m16 and r/m8. */
export function multiplyNarrow(cpu: Processor, i: Instruction): void {
  const b = readOperand(cpu, i);
  const product = Math.imul(i.size === 1 ? cpu.bytes[EAX]! : cpu.halves[EAX]!, b);
  cpu.halves[EAX] = product;
  if (i.size === 2) cpu.halves[DX] = product >>> 16;
  const wide = product >>> (i.size * 8) === 0 ? 0 : 1;
  setResult(cpu.words, signed(product, i.size), wide, wide);
}

/*
 * For signed products CF and OF say whether the upper half is more than a sign.
 */
/** IMUL r/m32: CF and OF say that EDX is more than the sign of EAX. */
export function multiplySigned32(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const a = words[EAX]!;
  const b = readOperand(cpu, i);
  const low = Math.imul(a, b);
  const high = signedHigh(a, b);
  words[EAX] = low;
  words[EDX] = high;
  const wide = high === low >> 31 ? 0 : 1;
  setResult(words, low, wide, wide);
}

export function multiplySignedNarrow(cpu: Processor, i: Instruction): void {
  const b = signed(readOperand(cpu, i), i.size);
  const product = Math.imul(signed(cpu.halves[EAX]!, i.size), b);
  cpu.halves[EAX] = product;
  if (i.size === 2) cpu.halves[DX] = product >>> 16;
  const low = signed(product, i.size);
  const wide = product === low ? 0 : 1;
  setResult(cpu.words, low, wide, wide);
}

/*
 * The forms with two and three operands have only the lower half, in which signed and unsigned are the same.
 */
/** IMUL r, r/m: the low half only. */
export function multiplyToRegister(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  multiplyInto(cpu, i, signed(i.size === 4 ? words[i.reg]! : cpu.halves[i.reg]!, i.size));
}

/** IMUL r, r/m, immediate. */
export function multiplyByImmediate(cpu: Processor, i: Instruction): void {
  multiplyInto(cpu, i, signed(i.immediate, i.size));
}

function multiplyInto(cpu: Processor, i: Instruction, a: number): void {
  const b = signed(readOperand(cpu, i), i.size);
  const product = Math.imul(a, b);
  const low = signed(product, i.size);
  const fits = i.size === 4 ? signedHigh(a, b) === product >> 31 : product === low;
  writeRegister(cpu, i.reg, i.size, low);
  setResult(cpu.words, low, fits ? 0 : 1, fits ? 0 : 1);
}

/*
 * ## Dividing
 *
 * A 64-bit number by a 32-bit one: the only instruction for which a double is nearly always enough, and
 * sometimes not. Below 2^53 the dividend is exact and so is the check. Above it, `BigInt` does the work and
 * takes its time.
 *
 * There are two ways to fail, and both are #DE: a divisor of 0, and a quotient that does not fit. The second is
 * the reason why dividing the smallest number by -1 kills a program.
 */
/** DIV r/m32: EDX:EAX by the operand; quotient to EAX, remainder to EDX. #DE if the quotient needs more. */
export function divide32(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const divisor = readOperand(cpu, i) >>> 0;
  const high = words[EDX]! >>> 0;
  const low = words[EAX]! >>> 0;
  if (high >= divisor) raise(DIVIDE_ERROR);
  if (high < 0x20_0000) {
    // Below 2^53 a double is exact, and its quotient is never rounded up to the next integer.
    const dividend = high * 0x1_0000_0000 + low;
    const quotient = Math.floor(dividend / divisor);
    words[EAX] = quotient;
    words[EDX] = dividend - quotient * divisor;
  } else {
    const dividend = (BigInt(high) << 32n) | BigInt(low);
    words[EAX] = Number(dividend / BigInt(divisor));
    words[EDX] = Number(dividend % BigInt(divisor));
  }
}

/** IDIV r/m32: truncates towards zero; the remainder has the dividend's sign. */
export function divideSigned32(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const divisor = readOperand(cpu, i);
  const high = words[EDX]!;
  const low = words[EAX]!;
  if (divisor === 0) raise(DIVIDE_ERROR);
  if (high === low >> 31) {
    const quotient = Math.trunc(low / divisor);
    if (quotient === 0x8000_0000) raise(DIVIDE_ERROR);
    words[EAX] = quotient;
    words[EDX] = low - quotient * divisor;
    return;
  }
  const dividend = (BigInt(high) << 32n) | BigInt(low >>> 0);
  const quotient = dividend / BigInt(divisor);
  if (quotient !== BigInt.asIntN(32, quotient)) raise(DIVIDE_ERROR);
  words[EAX] = Number(quotient);
  words[EDX] = Number(dividend % BigInt(divisor));
}

/*
 * And in less room, where everything fits into a double with space left over.
 */
/** DIV r/m16 (DX:AX) and r/m8 (AX: quotient to AL, remainder to AH). */
export function divideNarrow(cpu: Processor, i: Instruction): void {
  const divisor = readOperand(cpu, i);
  const low = cpu.halves[EAX]!;
  const dividend = i.size === 1 ? low : ((cpu.halves[DX]! << 16) | low) >>> 0;
  if (divisor === 0) raise(DIVIDE_ERROR);
  const quotient = Math.floor(dividend / divisor);
  if (quotient !== unsigned(quotient, i.size)) raise(DIVIDE_ERROR);
  storeNarrow(cpu, i.size, quotient, dividend % divisor);
}

export function divideSignedNarrow(cpu: Processor, i: Instruction): void {
  const divisor = signed(readOperand(cpu, i), i.size);
  const low = cpu.halves[EAX]!;
  const dividend = i.size === 1 ? signed(low, 2) : (cpu.halves[DX]! << 16) | low;
  if (divisor === 0) raise(DIVIDE_ERROR);
  const quotient = Math.trunc(dividend / divisor);
  if (quotient !== signed(quotient, i.size)) raise(DIVIDE_ERROR);
  storeNarrow(cpu, i.size, quotient, dividend % divisor);
}

function storeNarrow(cpu: Processor, size: number, quotient: number, remainder: number): void {
  if (size === 1) {
    cpu.halves[EAX] = (quotient & 0xff) | (remainder << 8);
  } else {
    cpu.halves[EAX] = quotient;
    cpu.halves[DX] = remainder;
  }
}
