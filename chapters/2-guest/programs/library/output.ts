/*
 * # Printing, a line at a time
 *
 * A system call for each letter would work, and each would end in a trip to the Launcher. So letters are collected
 * until a line is full. (The prompt of the shell ends without a newline, so the shell must `flush`; forget it, and
 * you get the loveliest bug, a program that works perfectly and looks dead.)
 */
import type { i32, u32, u8 } from '../../language.ts';
import { addressOf, array, charCode, load8 } from '../../language.ts';
import { write } from './calls.ts';
import { lengthOf } from './strings.ts';

const SIZE = 512;
const buffer = array<u8>(512);
let used: u32 = 0;

/** Where files are, unless somebody moved them. */
export const INPUT = 0;
export const OUTPUT = 1;
export const ERRORS = 2;

/** Hands over what has been printed so far. */
export function flush(): void {
  const count: u32 = used;
  used = 0;
  if (count !== 0) write(OUTPUT, addressOf(buffer), count);
}

/** Prints one character; a line is handed over when it ends. */
export function printCharacter(character: u32): void {
  buffer[used] = character;
  used++;
  if (character === charCode('\n') || used === SIZE) flush();
}

/** Prints the text at `address`. */
export function printAt(address: u32): void {
  for (let i: u32 = address; load8(i) !== 0; i++) printCharacter(load8(i));
}

/** Prints a text. */
export function print(text: string): void {
  printAt(addressOf(text));
}

/*
 * ## Numbers
 *
 * The kernel wrote its digits backwards. This version looks for the largest power of ten that fits and walks down,
 * since it has to know the width in advance, for columns.
 */

/** Prints `value` in decimal. */
export function printNumber(value: u32): void {
  printPadded(value, 0);
}

/** Prints `value` in decimal, blanks before it so that it takes at least `width` places. */
export function printPadded(value: u32, width: u32): void {
  let length: u32 = 1;
  let power: u32 = 1;
  while (value / power >= 10) {
    power *= 10;
    length++;
  }
  for (let i: u32 = length; i < width; i++) printCharacter(charCode(' '));
  for (; power !== 0; power = power / 10) printCharacter(charCode('0') + ((value / power) % 10));
}

/** Prints a byte as two hexadecimal digits. */
export function printByte(value: u32): void {
  const digits: u32 = addressOf('0123456789abcdef');
  printCharacter(load8(digits + ((value >>> 4) & 15)));
  printCharacter(load8(digits + (value & 15)));
}

/*
 * ## Complaints
 *
 * Errors do not go where the output goes, or else they would vanish into pipes. Place 2 has been there for them
 * since the middle of the seventies. The reason is said to be a phototypesetter that had set "cannot open file" in
 * beautiful type, once too often.
 */

/** Says `who: what: why` where errors go, for an error from the kernel. */
export function complain(who: string, what: u32, error: i32): void {
  flush();
  complainPart(addressOf(who));
  complainPart(addressOf(': '));
  complainPart(what);
  complainPart(addressOf(': '));
  complainPart(addressOf(errorText(error)));
  complainPart(addressOf('\n'));
}

/** Says how a program is used, where errors go. */
export function usage(text: string): void {
  flush();
  complainPart(addressOf('usage: '));
  complainPart(addressOf(text));
  complainPart(addressOf('\n'));
}

function complainPart(address: u32): void {
  write(ERRORS, address, lengthOf(address));
}

/*
 * The kernel answers with numbers, since it does not know what language you speak.
 */

/** What an error means, in words. */
function errorText(error: i32): string {
  switch (-error) {
    case 2:
      return 'no such file';
    case 3:
      return 'no such process';
    case 5:
      return 'the device failed';
    case 7:
      return 'too many words';
    case 8:
      return 'not a program';
    case 11:
      return 'too many processes';
    case 12:
      return 'out of memory';
    case 13:
      return 'not allowed';
    case 19:
      return 'no such device';
    case 20:
      return 'not a directory';
    case 21:
      return 'is a directory';
    case 28:
      return 'no room left';
    default:
      return 'failed';
  }
}
