/*
 * # syscall
 *
 * The null system call is the unit in which operating systems are measured: into the kernel and out again, with
 * nothing done in there that could be blamed on anyone. Linux needed some 270 nanoseconds for it as a guest of
 * lguest, directly, and six times as long if the Host had a look at it first.
 *
 * You have seen the kernel from all sides, and met a terminal, a disk and dice that somebody else must have
 * brought. They come next: the things that are not there, and how one talks to them.
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
