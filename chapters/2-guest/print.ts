/*
 * # A voice
 *
 * A kernel has no `printf`, and it is the first thing everybody writes. Ours comes without the format strings:
 * three functions, for a text, a number and an address, called one after the other like somebody speaking slowly
 * to a foreigner.
 *
 * Where the bytes go is chapter 3's affair. `consoleWrite` begins as a crude thing that works at once and is
 * replaced under your feet, mid-boot, by a civilised one.
 */
import type { i32, u32 } from './language.ts';
import { addressOf, array, charCode, load8 } from './language.ts';
import { consoleWrite } from '../3-drivers/console.ts';
import { lengthOf } from './text.ts';
import type { u8 } from './language.ts';

/** Prints a text on the console. */
export function print(text: string): void {
  consoleWrite(addressOf(text), lengthOf(addressOf(text)));
}

/*
 * ## Numbers
 *
 * Digits come out of a division in the wrong order, the last one first. So they are written into a small buffer
 * from its end, and what gets printed is the part that was used. Since 1970 nobody has found a nicer way.
 */

const DIGITS = 12;
const digits = array<u8>(12);

/** Prints `value` in decimal, no sign. */
export function printNumber(value: u32): void {
  let rest: u32 = value;
  let first: u32 = DIGITS;
  do {
    first--;
    digits[first] = charCode('0') + (rest % 10);
    rest = rest / 10;
  } while (rest !== 0);
  consoleWrite(addressOf(digits) + first, DIGITS - first);
}

/** Prints `value` as `0x` and eight hexadecimal digits. */
export function printHex(value: u32): void {
  digits[0] = charCode('0');
  digits[1] = charCode('x');
  for (let i: i32 = 0; i < 8; i++)
    digits[2 + i] = load8(addressOf('0123456789abcdef') + ((value >>> (28 - i * 4)) & 15));
  consoleWrite(addressOf(digits), 10);
}
