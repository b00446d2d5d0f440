/*
 * # random
 *
 * Start the Launcher with `--rng`, and this program has something to read.
 */
import type { i32, u32, u8 } from '../language.ts';
import { addressOf, array } from '../language.ts';
import { OPEN_READ } from '../protocol.ts';
import { exit, open, read } from './library/calls.ts';
import { complain, print, printByte } from './library/output.ts';

const COUNT = 16;
const bytes = array<u8>(16);

/** Prints sixteen bytes that nobody could have guessed. */
export function main(_count: u32, _words: u32[]): void {
  const name: u32 = addressOf('/dev/random');
  const place: i32 = open(name, OPEN_READ);
  const length: i32 = place < 0 ? place : read(place, addressOf(bytes), COUNT);
  if (length < 0) {
    complain('random', name, length);
    exit(1);
  }
  for (let i: u32 = 0; (i as i32) < length; i++) printByte(bytes[i]);
  print('\n');
  exit(0);
}
