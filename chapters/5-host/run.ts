/*
 * # The loop
 *
 * Here it is, the heart of the hypervisor: a dozen lines that go round a few hundred thousand times a second. Has the clock rung? Is there an
 * interrupt to deliver? Then in, until it traps; then deal with the trap; then again. Every hypervisor you have heard of has this loop
 * somewhere, under more hair.
 *
 * Three ways lead out of it. The Guest needs something that only its Launcher can do. It sleeps, and nobody wants to wake it. Or its
 * time is up. The fourth way is `GuestDied`, which leaves by the window.
 */
import { EAGAIN, ERESTARTSYS } from '../1-preparation/errno.ts';
import { checkClock } from './clock.ts';
import type { Guest } from './guest.ts';
import { deliverInterrupt } from './interrupts.ts';
import { type Exit, handleTrap } from './traps.ts';

/*
 * ## Time is instructions
 *
 * A slice is counted in instructions retired and not in milliseconds, so that two runs of the same Guest are cut in the same places.
 * While the Guest waits for a clock event we look up every 20,000 instructions, which is half a millisecond or so; otherwise there is
 * no reason to wake anybody.
 */
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
