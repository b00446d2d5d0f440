/*
 * # help
 *
 * Ten lines for whoever is lost, and one for whoever is not. A test checks that every program in `/bin` that you could
 * want to start is in here, since nobody else would.
 */
import type { u32 } from '../language.ts';
import { exit } from './library/calls.ts';
import { print } from './library/output.ts';

/** Says what there is. */
export function main(_count: u32, _words: u32[]): void {
  print('echo WORDS       says them again       ls [PATH]      what there is\n');
  print('cat [FILES]      shows files           wc [FILE]      counts lines, words, bytes\n');
  print('grep TEXT [FILE] lines with TEXT       random         sixteen bytes from the dice\n');
  print('ps               who is there          kill NUMBER    not for long\n');
  print('free             memory left           uptime         time gone\n');
  print('primes N         numbers, odd mostly   sleep SECONDS  none of the above\n');
  print('syscall N        what a call costs     fault N        what a page costs\n');
  print('hackbench N      everybody talks       crash          dies alone\n');
  print('panic            takes us all along    help           you are here\n');
  print('poweroff         good night            exit           the same, from here\n');
  print('A | B, A & B, A; B, < FILE and > FILE work as you hope. ^C stops what runs, ^D is the end.\n');
  exit(0);
}
