/*
 * # wc
 *
 * A word is what comes after a blank. Put it at the end of a pipe, and it tells you whether the pipe leaks.
 */
import type { i32, u32 } from '../language.ts';
import { charCode } from '../language.ts';
import { exit } from './library/calls.ts';
import { exitAfter, nextCharacter, openInput } from './library/input.ts';
import { print, printNumber } from './library/output.ts';

/** Counts lines, words and bytes. */
export function main(count: u32, words: u32[]): void {
  const place: i32 = openInput('wc', words, count, 1);
  if (place < 0) exit(1);
  let lines: u32 = 0;
  let inWords: u32 = 0;
  let bytes: u32 = 0;
  let inside: boolean = false;
  let character: i32 = nextCharacter(place);
  for (; character >= 0; character = nextCharacter(place)) {
    bytes++;
    if (character === charCode('\n')) lines++;
    const blank: boolean = character <= charCode(' ');
    if (!blank && !inside) inWords++;
    inside = !blank;
  }
  printNumber(lines);
  print(' ');
  printNumber(inWords);
  print(' ');
  printNumber(bytes);
  print('\n');
  exitAfter(character, 0);
}
