/*
 * # grep
 *
 * Named after a command of the editor `ed`, `g/re/p`: *globally*, wherever a *regular expression* matches, *print*.
 * Ours knows no such expressions: it finds a text, or it does not. It compares at every place, which textbooks warn
 * against, and which is fine for lines.
 */
import type { i32, u32, u8 } from '../language.ts';
import { addressOf, array, load8 } from '../language.ts';
import { exit } from './library/calls.ts';
import { exitAfter, openInput, readLine } from './library/input.ts';
import { print, printAt, usage } from './library/output.ts';

const LINE_SIZE = 512;
const line = array<u8>(512);

/** Prints the lines that contain a text, as far as they go: of a longer one, 511 bytes are looked at and printed. */
export function main(count: u32, words: u32[]): void {
  if (count < 2) {
    usage('grep TEXT [FILE]');
    exit(2);
  }
  const place: i32 = openInput('grep', words, count, 2);
  if (place < 0) exit(2);
  let status: i32 = 1;
  let length: i32 = readLine(place, line, LINE_SIZE);
  for (; length >= 0; length = readLine(place, line, LINE_SIZE)) {
    if (!contains(addressOf(line), words[1])) continue;
    printAt(addressOf(line));
    print('\n');
    status = 0;
  }
  exitAfter(length, status);
}

/** Whether `text` occurs anywhere in the text at `address`. */
function contains(address: u32, text: u32): boolean {
  for (let start: u32 = address; ; start++) {
    let i: u32 = 0;
    while (load8(text + i) !== 0 && load8(start + i) === load8(text + i)) i++;
    if (load8(text + i) === 0) return true;
    if (load8(start) === 0) return false;
  }
}
