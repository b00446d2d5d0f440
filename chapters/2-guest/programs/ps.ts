/*
 * # ps
 *
 * Who is there? The kernel describes one slot at a time, so the list may change while you read it, as in life. It
 * always contains a `ps`.
 */
import type { i32, u32 } from '../language.ts';
import { addressOf, struct } from '../language.ts';
import type { ProcessInformation } from '../protocol.ts';
import { exit, processInformation } from './library/calls.ts';
import { print, printAt, printPadded } from './library/output.ts';

const report = struct<ProcessInformation>();

/** By the state's number. */
const states: string[] = ['unused  ', 'sleeping', 'ready   ', 'running ', 'zombie  '];

/** Lists the processes: number, parent, state, ticks at the processor, pages of memory, name. */
export function main(_count: u32, _words: u32[]): void {
  print('  PID  PARENT  STATE     TICKS  PAGES  NAME\n');
  for (let slot: u32 = 0; ; slot++) {
    const found: i32 = processInformation(slot, report);
    if (found < 0) exit(0);
    if (found === 0) continue;
    printPadded(report.id, 5);
    printPadded(report.parent, 8);
    print('  ');
    print(states[report.state]);
    printPadded(report.ticks, 7);
    printPadded(report.pages, 7);
    print('  ');
    printAt(addressOf(report.name));
    print('\n');
  }
}
