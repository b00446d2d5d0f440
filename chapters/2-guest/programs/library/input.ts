/*
 * # Reading, a line at a time
 *
 * `read` gives you what there is: half a line from a pipe, thirty from a file. People think in lines, and so
 * somebody has to keep the rest for next time. That somebody can do it for one file at a time, which is as many as
 * any of our programs has ever needed.
 */
import type { i32, u32, u8 } from '../../language.ts';
import { addressOf, array, charCode } from '../../language.ts';
import { OPEN_READ } from '../../protocol.ts';
import { exit, open, read } from './calls.ts';
import { INPUT, complain } from './output.ts';

const SIZE = 512;
const buffer = array<u8>(512);
let filled: u32 = 0;
let taken: u32 = 0;

/** What `nextCharacter` gives when there is no more. Another number below 0 is an error: -EINTR if ^C came instead. */
export const END = -1;

/**
 * The next byte that can be read from `place`; `END` at the end, another negative number on an error. Only for one
 * place at a time.
 */
export function nextCharacter(place: i32): i32 {
  if (taken === filled) {
    const count: i32 = read(place, addressOf(buffer), SIZE);
    if (count <= 0) return count === 0 ? END : count;
    filled = count as u32;
    taken = 0;
  }
  taken++;
  return buffer[taken - 1] as i32;
}

/**
 * Reads a line into `line`, without the newline, ended by a zero; what does not fit is lost. The length that it had,
 * which is `room` or more if some of it was lost; or as `nextCharacter`.
 */
export function readLine(place: i32, line: u8[], room: u32): i32 {
  let length: u32 = 0;
  while (true) {
    const character: i32 = nextCharacter(place);
    if (character < 0 && (character !== END || length === 0)) return character;
    if (character === END || character === charCode('\n')) {
      line[length < room ? length : room - 1] = 0;
      return length as i32;
    }
    if (length < room - 1) line[length] = character as u32;
    length++;
  }
}

/*
 * ## What to read, and what to say when it breaks
 *
 * A program that filters is given a file's name or nothing, and nothing means whatever is in place 0. If the reading
 * then fails half way, the sum of half a file is no answer, and somebody has to remember the name to complain about.
 */

let reader: string = '';
let source: u32 = 0;

/** Opens the file that a program was given as word `index`, or the standard input if there is no such word. */
export function openInput(program: string, words: u32[], count: u32, index: u32): i32 {
  reader = program;
  source = addressOf('input');
  if (index >= count) return INPUT;
  source = words[index];
  const place: i32 = open(source, OPEN_READ);
  if (place < 0) complain(program, source, place);
  return place;
}

/** Ends the program that read until `result` came: with `status` if that is `END`, else with a complaint and with 2. */
export function exitAfter(result: i32, status: i32): void {
  if (result === END) exit(status);
  complain(reader, source, result);
  exit(2);
}
