/*
 * # Flags, the day after tomorrow
 *
 * The interpreter puts flags off until somebody asks, and still pays a few operations for the carries each time.
 * Compiled code goes further: it keeps the two operands, and *what was done to them* it need not keep, for that is
 * known when the code is written. Only where ways meet and do not agree does it go into a third local, as a number.
 * When compiled code is left, that number goes with it, and `settleFlags` makes of the three what the interpreter
 * expects.
 */
import {
  ADD,
  add32,
  carryFlag,
  decrement32,
  increment32,
  narrow,
  narrowStep,
  setResult,
  SUB,
  subtract32,
} from '../flags.ts';
import { FLAG_CARRIES, FLAG_KIND, FLAG_RESULT } from '../layout.ts';

/** What the two flag words mean: as the interpreter has them, or operands of this operation. */
export const CANONICAL = 0;
export const KIND_ADD = 1;
export const KIND_SUB = 2;
/** The same on 16-bit words and on bytes: add 2 or 4. */
export const KIND_ADD_16 = 3;
export const KIND_SUB_16 = 4;
export const KIND_ADD_8 = 5;
export const KIND_SUB_8 = 6;
/** The first operand, and the carry from before (0 or 1). */
export const KIND_INC = 7;
export const KIND_DEC = 8;
export const KIND_INC_16 = 9;
export const KIND_DEC_16 = 10;
export const KIND_INC_8 = 11;
export const KIND_DEC_8 = 12;
/** The operand, and the count (1 to 31). */
export const KIND_SHL = 13;
export const KIND_SHR = 14;
export const KIND_SAR = 15;
/** Two factors. */
export const KIND_MUL = 16;
export const KIND_IMUL = 17;

/** SHL and SHR of 16-bit words and of bytes, zero-extended. SAR of one is SAR of the number with its sign. */
export const KIND_SHL_16 = 18;
export const KIND_SHR_16 = 19;
export const KIND_SHL_8 = 20;
export const KIND_SHR_8 = 21;

/** Only while compiling: canonical, with no carries. */
export const LOGIC = 22;
/** Only while compiling: it depends on where we came from, and stands in a local. */
export const DYNAMIC = 23;

/*
 * ## Kinds in families
 *
 * Eight bits, sixteen or thirty-two: what an operation *is* does not depend on it, and so whoever works with flags asks
 * for the family and then for the shift that puts the topmost bit where WebAssembly can test it.
 */
/** How far a kind's operands must be shifted so that their sign is bit 31. */
export function shiftOfKind(kind: number): number {
  switch (kind) {
    case KIND_ADD_8:
    case KIND_SUB_8:
    case KIND_INC_8:
    case KIND_DEC_8:
    case KIND_SHL_8:
    case KIND_SHR_8:
      return 24;
    case KIND_ADD_16:
    case KIND_SUB_16:
    case KIND_INC_16:
    case KIND_DEC_16:
    case KIND_SHL_16:
    case KIND_SHR_16:
      return 16;
    default:
      return 0;
  }
}

export function isSubtraction(kind: number): boolean {
  return kind === KIND_SUB || kind === KIND_SUB_8 || kind === KIND_SUB_16;
}

export function isAddition(kind: number): boolean {
  return kind === KIND_ADD || kind === KIND_ADD_8 || kind === KIND_ADD_16;
}

export function isStep(kind: number): boolean {
  return kind >= KIND_INC && kind <= KIND_DEC_8;
}

export function isShiftLeft(kind: number): boolean {
  return kind === KIND_SHL || kind === KIND_SHL_8 || kind === KIND_SHL_16;
}

export function isShiftRight(kind: number): boolean {
  return kind === KIND_SHR || kind === KIND_SHR_8 || kind === KIND_SHR_16;
}

/*
 * ## Settling
 *
 * This runs when compiled code is left, or asks the interpreter for something, and it runs the *interpreter's own*
 * functions on the operands.
 * So if there is a mistake in how flags are made, both engines make the same one, and the real processor will tell us.
 */
/** Makes the flag words what the interpreter expects. */
export function settleFlags(words: Int32Array): void {
  const kind = words[FLAG_KIND]!;
  if (kind === CANONICAL) return;
  words[FLAG_KIND] = CANONICAL;
  const a = words[FLAG_RESULT]!;
  const b = words[FLAG_CARRIES]!;
  switch (kind) {
    case KIND_ADD:
      add32(words, a, b);
      break;
    case KIND_SUB:
      subtract32(words, a, b);
      break;
    case KIND_ADD_16:
    case KIND_ADD_8:
      narrow(words, ADD, a, b, kind === KIND_ADD_8 ? 24 : 16);
      break;
    case KIND_SUB_16:
    case KIND_SUB_8:
      narrow(words, SUB, a, b, kind === KIND_SUB_8 ? 24 : 16);
      break;
    case KIND_SAR:
      setResult(words, a >> b, (a >> (b - 1)) & 1, 0);
      break;
    case KIND_MUL:
    case KIND_IMUL:
      settleProduct(words, kind, a, b);
      break;
    default:
      if (isShiftLeft(kind)) settleShiftLeft(words, a, b, 32 - shiftOfKind(kind));
      else if (isShiftRight(kind)) settleShiftRight(words, a, b, 32 - shiftOfKind(kind));
      else settleStep(words, kind, a, b);
  }
}

/*
 * Four families have no function in the interpreter that would take these operands as they are.
 */
/** INC and DEC: the carry from before is put back first. */
function settleStep(words: Int32Array, kind: number, a: number, carry: number): void {
  words[FLAG_CARRIES] = carry << 31;
  if (kind === KIND_INC) increment32(words, a);
  else if (kind === KIND_DEC) decrement32(words, a);
  else narrowStep(words, a, kind & 1 ? 1 : -1, kind >= KIND_INC_8 ? 24 : 16);
  if (carryFlag(words) !== carry) throw new Error('a carry was lost');
}

/** A narrow value has nothing above its size, so a bit that is asked for beyond it is 0, as it should be. */
function settleShiftLeft(words: Int32Array, value: number, count: number, bits: number): void {
  const carry = (value >>> (bits - count)) & 1;
  const result = ((value << count) << (32 - bits)) >> (32 - bits);
  setResult(words, result, carry, carry ^ (result >>> 31));
}

function settleShiftRight(words: Int32Array, value: number, count: number, bits: number): void {
  setResult(words, (value >>> count) | 0, (value >>> (count - 1)) & 1, value >>> (bits - 1));
}

function settleProduct(words: Int32Array, kind: number, a: number, b: number): void {
  const product = kind === KIND_MUL ? BigInt(a >>> 0) * BigInt(b >>> 0) : BigInt(a) * BigInt(b);
  const low = Math.imul(a, b);
  const fits = kind === KIND_MUL ? product >> 32n === 0n : product === BigInt(low);
  setResult(words, low, fits ? 0 : 1, fits ? 0 : 1);
}
