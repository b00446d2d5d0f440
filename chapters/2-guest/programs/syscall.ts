/*
 * # syscall
 *
 * The null system call is the unit in which operating systems are measured: into the kernel and out again, with nothing
 * done in there that could be blamed on anyone. Set this program beside `fault`, and you see what the trap gate is
 * worth: of these calls the Host never hears, and each of those pages is three visits to him: the program's fault, the
 * kernel's own when it fills the page with zeros, and the report.
 */
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

/*
 * That was the last program, and you have now seen a kernel from all sides: from below, where it asks, and from above,
 * where it is asked. You know what it believes of the world, and in how few places it has to take somebody's word for
 * it. On the way you met a terminal, a disk and dice. Somebody must have brought them. They come next: the things that
 * are not there, and how one talks to them.
 */
