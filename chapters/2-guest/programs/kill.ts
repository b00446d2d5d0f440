/*
 * # kill
 *
 * It leaves a note, as you know. Process 1 gets no notes.
 */
import type { i32, u32 } from '../language.ts';
import { exit, kill } from './library/calls.ts';
import { complain, usage } from './library/output.ts';
import { parseNumber } from './library/strings.ts';

/** Ends a process by its number. */
export function main(count: u32, words: u32[]): void {
  const id: i32 = count > 1 ? parseNumber(words[1]) : -1;
  if (id < 0) {
    usage('kill NUMBER');
    exit(2);
  }
  const result: i32 = kill(id);
  if (result < 0) complain('kill', words[1], result);
  exit(result < 0 ? 1 : 0);
}
