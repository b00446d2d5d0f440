/*
 * # uptime
 *
 * There are no fractions in the language you are written in, so seconds are whole and their thousandths are digits.
 */
import type { u32 } from '../language.ts';
import { charCode } from '../language.ts';
import { exit, uptime } from './library/calls.ts';
import { print, printCharacter, printNumber } from './library/output.ts';

/** How long the kernel has been up, in seconds. */
export function main(_count: u32, _words: u32[]): void {
  const time: u32 = uptime();
  print('up ');
  printNumber(time / 1000);
  print('.');
  for (let power: u32 = 100; power !== 0; power = power / 10)
    printCharacter(charCode('0') + ((time / power) % 10));
  print(' seconds\n');
  exit(0);
}
