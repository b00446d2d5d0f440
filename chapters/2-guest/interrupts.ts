/*
 * # Thirty-two lines
 *
 * Programs come to you; devices have to shout. Each has a *line*, a number from 1 on, and a line is a bit: it
 * either has been raised or has not, twice is the same as once, and the only way to find out what the device
 * wanted is to go and look.
 */
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

/*
 * A driver claims its line with a function to call. Until somebody does, the line stays blocked, for `introduce`
 * blocked all of them.
 */

/** Makes `handler` the answer to interrupt line `line`, and lets the line through. */
export function claimLine(line: u32, handler: InterruptHandler, argument: u32): void {
  lines[line].handler = handler;
  lines[line].argument = argument;
  lines[line].claimed = true;
  setLineBlocked(line, false);
}

/*
 * Blocking the line while the driver is at work is what Linux does here, and it is a habit from real hardware more
 * than a need: your interrupts are off anyway. What real hardware also wants, and you will look for in vain, is
 * the *end of interrupt*, a byte written to the controller so that it dares to send the next one. Forgetting it is
 * the traditional way to have exactly one interrupt in the lifetime of a machine.
 */

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
