/*
 * # Hearsay
 *
 * There is no timer chip. A Guest says *wake me in four million nanoseconds*, and gets IRQ 0 when the World says that they have gone
 * by. One wish at a time; a new one replaces the old.
 *
 * The time of day it gets in passing: two words in the shared page, written whenever an interrupt is delivered. A clock
 * that is right only when it rings: enough for a kernel that looks at it when it has been woken. Linux reads the seconds twice, to see
 * whether the nanoseconds changed in between. It need not worry, for it does not run while we write.
 */
import { LGUEST_DATA_TIME_NANOSECONDS, LGUEST_DATA_TIME_SECONDS } from '../1-preparation/abi.ts';
import type { Guest } from './guest.ts';

/** The timer's interrupt. */
export const CLOCK_IRQ = 0;

/** LHCALL_SET_CLOCKEVENT: IRQ 0 in `delta` nanoseconds, once; 0 takes the wish back. */
export function setClockEvent(guest: Guest, delta: number): void {
  guest.clockDue = delta === 0 ? undefined : guest.ground.world.now() + delta;
}

/** Raises IRQ 0 if its time has come. */
export function checkClock(guest: Guest): void {
  if (guest.clockDue === undefined || guest.ground.world.now() < guest.clockDue) return;
  guest.clockDue = undefined;
  guest.raised |= 1 << CLOCK_IRQ;
}

/** Writes the time of day where the Guest reads it. */
export function tellTime(guest: Guest): void {
  const { seconds, nanoseconds } = guest.ground.world.wallClock();
  guest.writeData(LGUEST_DATA_TIME_SECONDS, seconds >>> 0);
  guest.writeData(LGUEST_DATA_TIME_NANOSECONDS, nanoseconds);
}
