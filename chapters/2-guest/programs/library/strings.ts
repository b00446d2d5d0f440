/*
 * # Texts
 *
 * Programs cannot call the kernel's own functions, not even the harmless ones: they live on the other side, in
 * pages a program may not read. So here is `lengthOf` once more, word for word. The wall between the rings runs
 * through the library, too.
 */
import type { i32, u32 } from '../../language.ts';
import { addressOf, charCode, load8 } from '../../language.ts';

/** Bytes before the zero that ends the text at `address`. */
export function lengthOf(address: u32): u32 {
  let end: u32 = address;
  while (load8(end) !== 0) end++;
  return end - address;
}

/** Whether the text at `address` is the same as `text`. */
export function isText(address: u32, text: string): boolean {
  let i: u32 = 0;
  const other: u32 = addressOf(text);
  while (load8(address + i) === load8(other + i)) {
    if (load8(other + i) === 0) return true;
    i++;
  }
  return false;
}

/** Whether `character` occurs in the text at `address`. */
export function contains(address: u32, character: u32): boolean {
  for (let i: u32 = address; load8(i) !== 0; i++) {
    if (load8(i) === character) return true;
  }
  return false;
}

/** The decimal number in the text at `address`; -1 if it is none, or not below a thousand million. */
export function parseNumber(address: u32): i32 {
  let value: i32 = 0;
  if (load8(address) === 0 || lengthOf(address) > 9) return -1;
  for (let i: u32 = address; load8(i) !== 0; i++) {
    const digit: u32 = load8(i) - charCode('0');
    if (digit > 9) return -1;
    value = value * 10 + (digit as i32);
  }
  return value;
}
