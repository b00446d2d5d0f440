/*
 * # Flags, tomorrow
 *
 * Nearly every arithmetic instruction sets six flags. Nearly no program looks at them. Between a `sub` and the
 * next `jz` that reads one bit of it, there have usually been five more instructions that threw all six bits
 * away and made new ones. A processor has spare transistors and works out all six each time. We have no spare
 * transistors, and put off the work until somebody asks, which is the oldest trick of emulators and is called
 * *lazy flags*.
 *
 * The usual way to be lazy is to note what was done: *a subtraction, of 7 and 9, in 8 bits*, and to replay it
 * when a flag is wanted. Then each reader must know about each kind of operation. There is a neater way, found
 * in Bochs: note the **result**, and the **carries** that happened on the way to it. Two words, always the same
 * two, whoever wrote them:
 *
 * | Flag | is |
 * | --- | --- |
 * | ZF | the result is 0 |
 * | SF | bit 31 of the result |
 * | PF | whether the low byte of the result has an even number of ones |
 * | CF | the carry out of bit 31 |
 * | OF | the carry out of bit 31 differs from the carry into it, which is the carry out of bit 30 |
 * | AF | the carry out of bit 3, for those who count in tens |
 *
 * So `add` costs one addition, six logical operations and two stores, and `jz` is `words[FLAG_RESULT] === 0`.
 */
import { FLAG_CARRIES, FLAG_RESULT } from './layout.ts';

/*
 * ## The register that is not there
 *
 * Programs see one word, EFLAGS, in which the arithmetic flags sit among others that mean something quite
 * different: whether interrupts are welcome, which way strings run, how far out ports may be touched.
 *
 * ```text
 *   31        22 21 20 19 18 17 16 15 14 13 12 11 10  9  8  7  6  5  4  3  2  1  0
 *  +------------+--+--+--+--+--+--+--+--+-----+--+--+--+--+--+--+--+--+--+--+--+--+
 *  |     0      |ID|  |  |AC|VM|RF| 0|NT|IOPL |OF|DF|IF|TF|SF|ZF| 0|AF| 0|PF| 1|CF|
 *  +------------+--+--+--+--+--+--+--+--+-----+--+--+--+--+--+--+--+--+--+--+--+--+
 * ```
 *
 * Bit 1 is always 1, for reasons of the 8080's.
 */
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

/*
 * ## Where the carries went
 *
 * You add two numbers and look at one bit of the three that meet there: `a`, `b` and the result `r`. There was a
 * carry *out* of that position if both `a` and `b` were 1, or if one of them was and yet the result is 0, which
 * can only be because a carry came *in*. That is the whole formula, and being made of bitwise operations it does
 * all 32 positions at once: `(a & b) | ((a | b) & ~r)`. Of its 32 bits we keep three.
 *
 * Subtraction borrows where addition carries, and the formula is the same with `a` turned over.
 */
/** In FLAG_CARRIES: the carry out of bit 31, out of bit 30 (the two differ on overflow) and out of bit 3. */
export const CARRY_OUTS = 0x8000_0000 | 0x4000_0000 | 8;
/** The upper two of them. */
export const TOP_CARRIES = 0x8000_0000 | 0x4000_0000;

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

/*
 * ADC and SBB take the carry in as well, and here the laziness pays a second time. The formula never mentions
 * the carry that came in: it reads it off the result.
 */
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

/*
 * AND, OR and XOR carry nothing anywhere. INC and DEC are the odd ones: they set every flag *but* CF, because
 * those of the 8008 did, so that one could count the rounds of a loop that adds long numbers. So the two top
 * carries are made from the old CF, both the same, and differ only if the step went over the edge: 0x7fffffff to
 * 0x80000000, the one place where adding 1 overflows.
 */
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

/*
 * ## The narrow ones
 *
 * Bytes and 16-bit words go through one function, since they matter less often. The trick is to shift: with the
 * top bit of a byte moved up to bit 31, a byte has its sign and its carries where everybody looks for them. Only
 * AF stays in place, being the same bit 3 in every size.
 *
 * The eight operations come in the order of the machine code, where the operation is three bits in the middle of
 * the opcode.
 */
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

/*
 * INC and DEC of bytes are the same story with less room.
 */
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

/*
 * ## For those who know their flags
 *
 * Shifts and multiplications make their CF and OF in their own ways, so they hand them over as two numbers, and
 * we need two carries that would have led to them: the upper is CF, and the lower differs from it if OF is set.
 *
 * Rotates change these two and *nothing else*. Since SF, ZF and PF live in the result, and the carries live next
 * door, there is nothing to preserve.
 */
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

/*
 * To change CF and nothing else, you must first know OF, since neither of them is kept: the carries are. These two are
 * as near as any flag lies to the surface. How the others are got out is told in `eflags.ts`.
 */
export function carryFlag(words: Int32Array): number {
  return words[FLAG_CARRIES]! >>> 31;
}

export function overflowFlag(words: Int32Array): number {
  const carries = words[FLAG_CARRIES]!;
  return (carries ^ (carries << 1)) >>> 31;
}
