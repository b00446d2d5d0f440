/*
 * # Finding programs
 *
 * You type `ls` and mean `/bin/ls`. Elsewhere a variable called PATH holds a list of places to look; ours has one,
 * and it is written into the code.
 */
import type { i32, u32, u8 } from '../../language.ts';
import { addressOf, array, charCode, load8 } from '../../language.ts';
import { exec } from './calls.ts';
import { contains, lengthOf } from './strings.ts';

const LONGEST = 128;
const path = array<u8>(128);

/** Becomes the program that `words` begins with: a path, or the name of a file in /bin. Returns only on an error. */
export function become(words: u32[]): i32 {
  const name: u32 = words[0];
  if (contains(name, charCode('/'))) return exec(name, words);
  if (load8(name) === 0 || lengthOf(name) > LONGEST - 6) return -2;
  let length: u32 = append(0, addressOf('/bin/'));
  length = append(length, name);
  path[length] = 0;
  return exec(addressOf(path), words);
}

function append(length: u32, address: u32): u32 {
  let end: u32 = length;
  for (let i: u32 = address; load8(i) !== 0; i++) {
    path[end] = load8(i);
    end++;
  }
  return end;
}
