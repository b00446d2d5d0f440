/*
 * # free
 *
 * Boot with 8 MB and look. Boot with 256 and look again: some two megabytes are gone either way. One is the first of
 * all, which pup was loaded above and never gives away. Of the other, half is stacks for processes that do not exist
 * yet.
 */
import type { u32 } from '../language.ts';
import { struct } from '../language.ts';
import type { MemoryInformation } from '../protocol.ts';
import { exit, memoryInformation } from './library/calls.ts';
import { print, printNumber } from './library/output.ts';

const report = struct<MemoryInformation>();

/** How much memory there is, and how much of it is nobody's. */
export function main(_count: u32, _words: u32[]): void {
  memoryInformation(report);
  print('memory: ');
  printNumber(report.total / 1024);
  print(' KB, free: ');
  printNumber(report.free / 1024);
  print(' KB\n');
  exit(0);
}
