import { EAGAIN, ERESTARTSYS } from '../1-preparation/errno.ts';
import { checkClock } from './clock.ts';
import type { Guest } from './guest.ts';
import { deliverInterrupt } from './interrupts.ts';
import { type Exit, handleTrap } from './traps.ts';

/** Instructions that a Guest may run before its Launcher is asked to let others have a turn. */
export const SLICE = 100_000;

/** Instructions after which somebody who waits for the clock is looked at. */
const TICK = 20_000;

/**
 * Runs a Guest until it needs somebody.
 *
 * @returns what its Launcher must do; or -EAGAIN when it sleeps, -ERESTARTSYS when its slice is over
 * @throws GuestDied
 */
export function run(guest: Guest): Exit | number {
  const { machine, switcher, statistics } = guest.ground;
  const end = machine.retired + SLICE;
  for (;;) {
    checkClock(guest);
    deliverInterrupt(guest);
    if (guest.halted) return -EAGAIN;

    const left = end - machine.retired;
    if (left <= 0) return -ERESTARTSYS;
    const trap = switcher.switchTo(guest, guest.clockDue === undefined ? left : Math.min(left, TICK));
    statistics.traps[trap]!++;
    const exit = handleTrap(guest, trap);
    if (exit !== undefined) return exit;
  }
}
