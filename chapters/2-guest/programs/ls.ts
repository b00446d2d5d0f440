/*
 * # ls
 *
 * `open` the directory, read entries until there are none. No colours.
 */
import type { i32, u32 } from '../language.ts';
import { addressOf, struct } from '../language.ts';
import type { DirectoryEntry } from '../protocol.ts';
import { OPEN_READ } from '../protocol.ts';
import { exit, open, readEntry } from './library/calls.ts';
import { complain, print, printAt, printPadded } from './library/output.ts';

const entry = struct<DirectoryEntry>();

/** Lists a directory: sizes in bytes, devices without one, directories with a slash. */
export function main(count: u32, words: u32[]): void {
  const path: u32 = count > 1 ? words[1] : addressOf('/');
  const place: i32 = open(path, OPEN_READ);
  if (place < 0) {
    complain('ls', path, place);
    exit(1);
  }
  while (readEntry(place, entry)) {
    if (entry.isDirectory || entry.isDevice) print('       -');
    else printPadded(entry.size, 8);
    print(' ');
    printAt(addressOf(entry.name));
    print(entry.isDirectory ? '/\n' : '\n');
  }
  exit(0);
}
