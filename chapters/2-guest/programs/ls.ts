/*
 * # ls
 *
 * `open` the directory, read entries until there are none. No colours.
 *
 * How does it know that it *is* a directory? It tries to read nothing at all from it, to which any file agrees.
 */
import type { i32, u32 } from '../language.ts';
import { addressOf, struct } from '../language.ts';
import type { DirectoryEntry } from '../protocol.ts';
import { OPEN_READ } from '../protocol.ts';
import { exit, open, read, readEntry } from './library/calls.ts';
import { complain, print, printAt, printPadded } from './library/output.ts';

const NOT_A_DIRECTORY = -20;
const entry = struct<DirectoryEntry>();

/** Lists a directory: sizes in bytes, devices without one, directories with a slash. */
export function main(count: u32, words: u32[]): void {
  const path: u32 = count > 1 ? words[1] : addressOf('/');
  const place: i32 = open(path, OPEN_READ);
  if (place < 0) {
    complain('ls', path, place);
    exit(1);
  }
  if (read(place, addressOf(entry), 0) >= 0) {
    complain('ls', path, NOT_A_DIRECTORY);
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
