/*
 * # echo
 *
 * The smallest program that is of any use, and the first one to try on any new kernel: if `echo` works, then so do
 * loading, stacks, words, system calls, and ending.
 */
import type { u32 } from '../language.ts';
import { exit } from './library/calls.ts';
import { print, printAt } from './library/output.ts';

/** Says its words again. */
export function main(count: u32, words: u32[]): void {
  for (let i: u32 = 1; i < count; i++) {
    if (i > 1) print(' ');
    printAt(words[i]);
  }
  print('\n');
  exit(0);
}
