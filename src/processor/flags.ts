import { FLAG_CARRIES, FLAG_RESULT, SYSTEM_FLAGS } from './layout.ts';

export const CARRY = 1 << 0;
export const PARITY = 1 << 2;
export const ADJUST = 1 << 4;
export const ZERO_FLAG = 1 << 6;
export const SIGN = 1 << 7;
export const TRAP = 1 << 8;
export const INTERRUPT = 1 << 9;
export const DIRECTION = 1 << 10;
export const OVERFLOW_FLAG = 1 << 11;
export const IO_PRIVILEGE = 3 << 12;
export const NESTED_TASK = 1 << 14;
export const RESUME = 1 << 16;
export const VIRTUAL_8086 = 1 << 17;
export const ALIGNMENT = 1 << 18;
export const IDENTIFICATION = 1 << 21;

/** The flags that arithmetic sets. */
export const ARITHMETIC = CARRY | PARITY | ADJUST | ZERO_FLAG | SIGN | OVERFLOW_FLAG;
/** The flags that live in SYSTEM_FLAGS. */
export const SYSTEM = TRAP | INTERRUPT | DIRECTION | IO_PRIVILEGE | NESTED_TASK | ALIGNMENT | IDENTIFICATION;

/** In FLAG_CARRIES: the carry out of bit 31, out of bit 30 (the two differ on overflow) and out of bit 3. */
const CARRY_OUTS = 0x8000_0000 | 0x4000_0000 | 8;
const TOP_CARRIES = 0x8000_0000 | 0x4000_0000;

export function add32(words: Int32Array, a: number, b: number): number {
  const result = (a + b) | 0;
  words[FLAG_RESULT] = result;
  words[FLAG_CARRIES] = ((a & b) | ((a | b) & ~result)) & CARRY_OUTS;
  return result;
}

export function subtract32(words: Int32Array, a: number, b: number): number {
  const result = (a - b) | 0;
  words[FLAG_RESULT] = result;
  words[FLAG_CARRIES] = ((~a & b) | (~(a ^ b) & result)) & CARRY_OUTS;
  return result;
}

export function addWithCarry32(words: Int32Array, a: number, b: number): number {
  const result = (a + b + (words[FLAG_CARRIES]! >>> 31)) | 0;
  words[FLAG_RESULT] = result;
  words[FLAG_CARRIES] = ((a & b) | ((a | b) & ~result)) & CARRY_OUTS;
  return result;
}

export function subtractWithBorrow32(words: Int32Array, a: number, b: number): number {
  const result = (a - b - (words[FLAG_CARRIES]! >>> 31)) | 0;
  words[FLAG_RESULT] = result;
  words[FLAG_CARRIES] = ((~a & b) | (~(a ^ b) & result)) & CARRY_OUTS;
  return result;
}

/** AND, OR, XOR, TEST: no carries anywhere. A narrow result must come sign-extended. */
export function logic(words: Int32Array, result: number): number {
  words[FLAG_RESULT] = result;
  words[FLAG_CARRIES] = 0;
  return result;
}

export function increment32(words: Int32Array, a: number): number {
  const result = (a + 1) | 0;
  words[FLAG_RESULT] = result;
  words[FLAG_CARRIES] = keepCarry(words, result === -0x8000_0000) | ((result & 15) === 0 ? 8 : 0);
  return result;
}

export function decrement32(words: Int32Array, a: number): number {
  const result = (a - 1) | 0;
  words[FLAG_RESULT] = result;
  words[FLAG_CARRIES] = keepCarry(words, result === 0x7fff_ffff) | ((result & 15) === 15 ? 8 : 0);
  return result;
}

/** Both top carries equal to the old CF, and differing on overflow. */
function keepCarry(words: Int32Array, overflow: boolean): number {
  const both = (words[FLAG_CARRIES]! >> 1) & TOP_CARRIES;
  return overflow ? both ^ 0x4000_0000 : both;
}

/** The eight operations of the arithmetic row, by the number the opcode holds. */
export const ADD = 0;
export const OR = 1;
export const ADC = 2;
export const SBB = 3;
export const AND = 4;
export const SUB = 5;
export const XOR = 6;
export const CMP = 7;

/**
 * One of the eight operations on bytes or 16-bit words.
 *
 * @param a,b   operands, zero-extended
 * @param shift 24 for bytes, 16 for 16-bit words: what moves the sign bit to bit 31
 * @returns the result; the bits above the operand size are meaningless
 */
export function narrow(words: Int32Array, operation: number, a: number, b: number, shift: number): number {
  let result = 0;
  switch (operation) {
    case ADD:
      result = a + b;
      break;
    case ADC:
      result = a + b + (words[FLAG_CARRIES]! >>> 31);
      break;
    case SBB:
      result = a - b - (words[FLAG_CARRIES]! >>> 31);
      break;
    case SUB:
    case CMP:
      result = a - b;
      break;
    case OR:
      return logic(words, ((a | b) << shift) >> shift);
    case AND:
      return logic(words, ((a & b) << shift) >> shift);
    case XOR:
      return logic(words, ((a ^ b) << shift) >> shift);
  }
  const carries =
    operation === ADD || operation === ADC ? (a & b) | ((a | b) & ~result) : (~a & b) | (~(a ^ b) & result);
  words[FLAG_RESULT] = (result << shift) >> shift;
  words[FLAG_CARRIES] = ((carries << shift) & TOP_CARRIES) | (carries & 8);
  return result;
}

/** INC (step 1) and DEC (step -1) of a byte or 16-bit word: everything but CF. */
export function narrowStep(words: Int32Array, a: number, step: number, shift: number): number {
  const result = ((a + step) << shift) >> shift;
  const top = (-0x8000_0000 >> shift) | 0;
  const overflow = step > 0 ? result === top : result === ~top;
  const adjust = step > 0 ? (result & 15) === 0 : (result & 15) === 15;
  words[FLAG_RESULT] = result;
  words[FLAG_CARRIES] = keepCarry(words, overflow) | (adjust ? 8 : 0);
  return result;
}

/** Result with CF and OF given one by one, AF clear: shifts and multiplications. */
export function setResult(words: Int32Array, result: number, carry: number, overflow: number): void {
  words[FLAG_RESULT] = result;
  words[FLAG_CARRIES] = (carry << 31) | ((carry ^ overflow) << 30);
}

/** CF and OF alone (0 or 1 each), the rest as they were: rotates. */
export function setCarryAndOverflow(words: Int32Array, carry: number, overflow: number): void {
  words[FLAG_CARRIES] = (words[FLAG_CARRIES]! & 0x3fff_ffff) | (carry << 31) | ((carry ^ overflow) << 30);
}

/** CF alone. */
export function setCarry(words: Int32Array, carry: number): void {
  setCarryAndOverflow(words, carry, overflowFlag(words));
}

export function carryFlag(words: Int32Array): number {
  return words[FLAG_CARRIES]! >>> 31;
}

export function overflowFlag(words: Int32Array): number {
  const carries = words[FLAG_CARRIES]!;
  return (carries ^ (carries << 1)) >>> 31;
}

/** 1 if the low byte of the result has an even number of ones. */
export function parityFlag(words: Int32Array): number {
  const byte = words[FLAG_RESULT]! ^ (words[FLAG_CARRIES]! >> 8);
  return (0x9669 >>> ((byte ^ (byte >> 4)) & 15)) & 1;
}

export function signFlag(words: Int32Array): number {
  return (words[FLAG_RESULT]! ^ (words[FLAG_CARRIES]! << 31)) >>> 31;
}

/** The whole EFLAGS register, as PUSHFD would show it. */
export function readFlags(words: Int32Array): number {
  return (
    words[SYSTEM_FLAGS]! |
    2 |
    carryFlag(words) |
    (parityFlag(words) << 2) |
    ((words[FLAG_CARRIES]! & 8) << 1) |
    (words[FLAG_RESULT] === 0 ? ZERO_FLAG : 0) |
    (signFlag(words) << 7) |
    (overflowFlag(words) << 11)
  );
}

/** Sets CF, PF, AF, ZF, SF and OF from an EFLAGS image. */
export function writeArithmeticFlags(words: Int32Array, image: number): void {
  const result = image & ZERO_FLAG ? 0 : 1;
  const carry = image & CARRY;
  const overflow = (image & OVERFLOW_FLAG) >> 11;
  const parityByte = result ^ (image & PARITY ? 0 : 1);
  words[FLAG_RESULT] = result;
  words[FLAG_CARRIES] =
    (carry << 31) |
    ((carry ^ overflow) << 30) |
    (parityByte << 8) |
    ((image & ADJUST) >> 1) |
    ((image & SIGN) >> 7);
}

/** ZF alone. */
export function setZero(words: Int32Array, zero: boolean): void {
  const image = readFlags(words);
  writeArithmeticFlags(words, zero ? image | ZERO_FLAG : image & ~ZERO_FLAG);
}

/** Whether condition `code` (the low four bits of Jcc, SETcc, CMOVcc) holds. */
export function condition(words: Int32Array, code: number): boolean {
  const result = words[FLAG_RESULT]!;
  const carries = words[FLAG_CARRIES]!;
  let holds = false;
  switch (code >> 1) {
    case 0: // O
      holds = (carries ^ (carries << 1)) < 0;
      break;
    case 1: // B
      holds = carries < 0;
      break;
    case 2: // Z
      holds = result === 0;
      break;
    case 3: // BE
      holds = carries < 0 || result === 0;
      break;
    case 4: // S
      holds = (result ^ (carries << 31)) < 0;
      break;
    case 5: // P
      holds = parityFlag(words) === 1;
      break;
    case 6: // L
      holds = (result ^ (carries << 31) ^ carries ^ (carries << 1)) < 0;
      break;
    case 7: // LE
      holds = result === 0 || (result ^ (carries << 31) ^ carries ^ (carries << 1)) < 0;
      break;
  }
  return (code & 1) === 0 ? holds : !holds;
}
