/* # Thirty-two lines */
import { LGUEST_IRQS } from '../1-preparation/abi.ts';
import { clockInterrupt } from './clock.ts';
import type { u32 } from './language.ts';
import { array } from './language.ts';
import { setLineBlocked } from './paravirt.ts';

/** What a driver does about its interrupt; `argument` is what it asked to be given. */
export type InterruptHandler = (argument: u32) => void;

interface Line {
  handler: InterruptHandler;
  argument: u32;
  claimed: boolean;
}

const lines = array<Line>(LGUEST_IRQS);

/** The line of the clock. All others belong to devices. */
const CLOCK_LINE = 0;

/** Makes `handler` the answer to interrupt line `line`, and lets the line through. */
export function claimLine(line: u32, handler: InterruptHandler, argument: u32): void {
  lines[line].handler = handler;
  lines[line].argument = argument;
  lines[line].claimed = true;
  setLineBlocked(line, false);
}

/** An interrupt has come on `line`. Interrupts are off. */
export function interrupt(line: u32, fromUser: boolean): void {
  if (line === CLOCK_LINE) {
    clockInterrupt(fromUser);
    return;
  }
  if (!lines[line].claimed) return;
  setLineBlocked(line, true);
  lines[line].handler(lines[line].argument);
  setLineBlocked(line, false);
}
