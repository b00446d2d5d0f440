/*
 * # Bytes and texts
 *
 * The i386 has a soft spot for strings. Four of its instructions move, fill, compare and search whole stretches of
 * memory with one prefix, and between 1985 and about 1990 they were even the fastest way to do it. We use two of
 * them, because a kernel copies pages all day and a loop in our compiled code takes about six instructions where
 * `rep movsd` counts one.
 *
 * Whole words first: a page is 1,024 steps instead of 4,096.
 */
import type { i32, u32 } from './language.ts';
import { asm, charCode, load8 } from './language.ts';

/** Copies `count` bytes; the two places do not overlap. */
export function copyBytes(to: u32, from: u32, count: u32): void {
  asm`
    mov edi, ${to}
    mov esi, ${from}
    mov ecx, ${count}
    shr ecx, 2
    rep movsd
    mov ecx, ${count}
    and ecx, 3
    rep movsb
  `;
}

/** Sets `count` bytes to zero; `to` is a multiple of 4, `count` too. */
export function clearBytes(to: u32, count: u32): void {
  asm`
    mov edi, ${to}
    mov ecx, ${count}
    shr ecx, 2
    xor eax, eax
    rep stosd
  `;
}

/*
 * ## Texts
 *
 * A text is an address, and it goes on until there is a zero. Hard words have been said about that; but it makes a
 * `string` fit into a register, and this kernel checks the length of everything that it did not write itself.
 */

/** Bytes before the zero that ends the text at `address`. */
export function lengthOf(address: u32): u32 {
  let end: u32 = address;
  while (load8(end) !== 0) end++;
  return end - address;
}

/** Whether `count` bytes at `left` and `right` are the same. */
export function sameBytes(left: u32, right: u32, count: u32): boolean {
  for (let i: u32 = 0; i < count; i++) {
    if (load8(left + i) !== load8(right + i)) return false;
  }
  return true;
}

/** Whether the text at `address` begins with `prefix`. */
export function startsWith(address: u32, prefix: u32): boolean {
  return sameBytes(address, prefix, lengthOf(prefix)); // the zero that ends a shorter text differs in time
}

/*
 * And a number in hexadecimal, as the archive will bring them. Setting bit 5 of a letter makes it a small one. The
 * ASCII of 1963 had no small letters. When they came, in 1967, somebody put them exactly 32 places behind the large
 * ones, and we have been saying thanks ever since.
 */

/** The `count` hexadecimal digits at `address` as a number. Other characters count as whatever they are. */
export function hexadecimal(address: u32, count: u32): u32 {
  let value: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const character: i32 = load8(address + i) as i32;
    const digit: i32 =
      character <= charCode('9') ? character - charCode('0') : (character | 0x20) - charCode('a') + 10;
    value = (value << 4) | (digit & 15);
  }
  return value;
}
