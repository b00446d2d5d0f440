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
import { checkClock, untilLook } from './clock.ts';
import type { Guest } from './guest.ts';
import { deliverInterrupt } from './interrupts.ts';
import { notePace, sliceLength } from './pace.ts';
import { type Exit, handleTrap } from './traps.ts';

/**
 * Runs a Guest until it needs somebody.
 *
 * @returns what its Launcher must do; or -EAGAIN when it sleeps, -ERESTARTSYS when its slice is over
 * @throws GuestDied
 */
export function run(guest: Guest): Exit | number {
  const { machine, world, switcher, statistics, pace } = guest.ground;
  const began = world.now();
  const first = machine.retired;
  const end = first + sliceLength(pace);
  checkClock(guest);
  for (;;) {
    if (untilLook(guest) <= 0) checkClock(guest);
    deliverInterrupt(guest);
    if (guest.halted) return -EAGAIN;

    const left = end - machine.retired;
    if (left <= 0) break;
    const trap = switcher.switchTo(guest, Math.min(left, untilLook(guest)));
    statistics.traps[trap]!++;
    const exit = handleTrap(guest, trap);
    if (exit !== undefined) return exit;
  }
  notePace(pace, machine.retired - first, world.now() - began);
  return -ERESTARTSYS;
}
