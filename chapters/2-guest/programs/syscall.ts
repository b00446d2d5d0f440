/* # syscall */
import type { i32, u32 } from '../language.ts';
import { exit, instructionCount, processId } from './library/calls.ts';
import { print, printNumber, usage } from './library/output.ts';
import { parseNumber } from './library/strings.ts';

/** Calls the kernel N times for next to nothing, and says what that took. */
export function main(count: u32, words: u32[]): void {
  const calls: i32 = count > 1 ? parseNumber(words[1]) : 1000;
  if (calls <= 0) {
    usage('syscall N');
    exit(2);
  }
  const before: u32 = instructionCount();
  for (let i: i32 = 0; i < calls; i++) processId();
  const spent: u32 = instructionCount() - before;
  printNumber(calls as u32);
  print(' system calls, ');
  printNumber(spent / (calls as u32));
  print(' instructions each\n');
  exit(0);
}
