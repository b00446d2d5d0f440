/*
 * # sleep
 *
 * While this program runs, nothing does. The kernel sets its alarm, the Host sees a Guest in HALT, the Launcher
 * waits for an event, and Node for a timer, four layers deep. Watch the fan of your computer not go on.
 */
import type { i32, u32 } from '../language.ts';
import { exit, sleep } from './library/calls.ts';
import { usage } from './library/output.ts';
import { parseNumber } from './library/strings.ts';

/** Does nothing for so many seconds. */
export function main(count: u32, words: u32[]): void {
  const seconds: i32 = count > 1 ? parseNumber(words[1]) : -1;
  if (seconds < 0) {
    usage('sleep SECONDS');
    exit(2);
  }
  for (let i: i32 = 0; i < seconds; i++) sleep(1000);
  exit(0);
}
