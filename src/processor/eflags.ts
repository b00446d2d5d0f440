/*
 * # Flags, today
 *
 * Tomorrow has come: somebody asks. A conditional jump wants one bit, PUSHF wants all of them, and whoever comes back
 * from an interrupt brings a whole word of them along and wants them in force. Zero and carry are plain to see in the
 * two words that arithmetic left behind. The rest takes some work.
 *
 * Parity has a table of sixteen bits: `0x9669` has bit *n* set if the nibble *n* has an even number of ones. The
 * two halves of a byte are folded onto each other first. Intel put parity into the 8008 in 1972 for a terminal
 * maker who wanted to check characters from a telephone line. The terminal went another way; the flag is still
 * here.
 */
import { ADJUST, CARRY, carryFlag, OVERFLOW_FLAG, overflowFlag, PARITY, SIGN, ZERO_FLAG } from './flags.ts';
import { FLAG_CARRIES, FLAG_RESULT, SYSTEM_FLAGS } from './layout.ts';

/** 1 if the low byte of the result has an even number of ones. */
export function parityFlag(words: Int32Array): number {
  const byte = words[FLAG_RESULT]! ^ (words[FLAG_CARRIES]! >> 8);
  return (0x9669 >>> ((byte ^ (byte >> 4)) & 15)) & 1;
}

export function signFlag(words: Int32Array): number {
  return (words[FLAG_RESULT]! ^ (words[FLAG_CARRIES]! << 31)) >>> 31;
}

/*
 * ## The whole word
 *
 * POPF and IRET give any combination whatever, including those that arithmetic never makes, such as zero *and*
 * negative. For those the carries have bits to spare: bit 0 turns SF over, and bits 8 to 15
 * are exclusive-ored into the byte that parity is taken of. `CARRY_OUTS` saw to it that arithmetic leaves these
 * bits at 0.
 */
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

/*
 * ## Sixteen questions
 *
 * Jcc, SETcc and CMOVcc share four bits that name a condition; the lowest of them says *not*. Less-than deserves
 * a second look, for it is where beginners give up: after `cmp a, b`, signed `a < b` is *SF differs from OF*.
 * The sign of the difference tells the truth unless the subtraction overflowed, and if it overflowed it tells
 * the exact opposite of the truth.
 */
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
