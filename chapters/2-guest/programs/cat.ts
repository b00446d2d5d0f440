/*
 * # cat
 *
 * Meant to con*cat*enate files; used by all the world to look at one. `cat /dev/vda` shows you the disk, if the
 * Launcher was given one, and `cat` alone repeats what you type until you press ^D.
 */
import type { i32, u32, u8 } from '../language.ts';
import { addressOf, array } from '../language.ts';
import { close, exit, read, write } from './library/calls.ts';
import { openInput } from './library/input.ts';
import { OUTPUT, complain } from './library/output.ts';

const SIZE = 1024;
const buffer = array<u8>(1024);

/** Shows one file after the other, or what it reads. */
export function main(count: u32, words: u32[]): void {
  let index: u32 = 1;
  let status: i32 = 0;
  do {
    const place: i32 = openInput('cat', words, count, index);
    if (place < 0) {
      status = 1;
    } else {
      const result: i32 = show(place);
      if (result < 0) {
        complain('cat', index < count ? words[index] : addressOf('input'), result);
        status = 1;
      }
      if (index < count) close(place);
    }
    index++;
  } while (index < count);
  exit(status);
}

function show(place: i32): i32 {
  while (true) {
    const length: i32 = read(place, addressOf(buffer), SIZE);
    if (length <= 0) return length;
    const result: i32 = write(OUTPUT, addressOf(buffer), length as u32);
    if (result < 0) return result;
  }
}
