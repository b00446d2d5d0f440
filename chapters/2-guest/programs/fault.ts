/*
 * # fault
 *
 * How expensive is a page that nobody has touched yet? This is for the benchmark, and for anybody who means to
 * change `page-faults.ts`.
 */
import type { i32, u32 } from '../language.ts';
import { addressOf, store8 } from '../language.ts';
import { exit, grow, instructionCount } from './library/calls.ts';
import { complain, print, printNumber, usage } from './library/output.ts';
import { parseNumber } from './library/strings.ts';

const PAGE_SIZE = 4096;

/** Touches N pages that nobody touched before, and says what that took. */
export function main(count: u32, words: u32[]): void {
  const pages: i32 = count > 1 ? parseNumber(words[1]) : 100;
  if (pages <= 0 || pages > 0x80000) {
    usage('fault N');
    exit(2);
  }
  const start: i32 = grow((pages as u32) * PAGE_SIZE);
  if (start < 0 && start > -PAGE_SIZE) {
    complain('fault', count > 1 ? words[1] : addressOf('100'), start);
    exit(1);
  }
  const before: u32 = instructionCount();
  for (let i: u32 = 0; i < (pages as u32); i++) store8((start as u32) + i * PAGE_SIZE, 1);
  const spent: u32 = instructionCount() - before;
  printNumber(pages as u32);
  print(' pages touched, ');
  printNumber(spent / (pages as u32));
  print(' instructions each\n');
  exit(0);
}
