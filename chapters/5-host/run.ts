/*
 * # The loop
 *
 * Here it is, the heart of the hypervisor: a dozen lines that go round a few hundred thousand times a second. Has the clock rung? Is there an
 * interrupt to deliver? Then in, until it traps; then deal with the trap; then again. Every hypervisor you have heard of has this loop
 * somewhere, under more hair.
 *
 * Three ways lead out of it. The Guest needs something that only its Launcher can do. It sleeps, and nobody wants to wake it. Or its
 * turn is over. The fourth way is `GuestDied`, which leaves by the window.
 */
import { EAGAIN, ERESTARTSYS } from '../1-preparation/errno.ts';
import { checkClock, untilLook } from './clock.ts';
import type { Guest } from './guest.ts';
import { deliverInterrupt } from './interrupts.ts';
import { newTurn, notePace } from './pace.ts';
import { type Exit, handleTrap } from './traps.ts';

/*
 * ## Everybody's turn
 *
 * Several Guests may share this processor, and nobody has been put in charge of them: each has a Launcher that calls `run` in a loop, and
 * lets go of JavaScript's one thread when it is told to. So it depends on when we tell it. A Guest has a *turn*, some
 * four milliseconds of instructions, and keeps it from one call to the next. Had we begun a new one at each call, the
 * Guest that bothers its devices most would have had most of the processor; half a thousand calls may go by before its Launcher
 * lets go of its own accord.
 *
 * Turns are of one length for all, since the pace is the machine's and not a Guest's. Whoever has used up theirs goes to the end of the event loop's
 * queue, and everybody else in it comes first. So two Guests that compute have the same number of instructions, to within a turn; and one that
 * sleeps leaves all of it to the others. That is the whole scheduler. There is no list of Guests in it.
 */
/**
 * Runs a Guest until it needs somebody.
 *
 * @returns what its Launcher must do; or -EAGAIN when it sleeps, -ERESTARTSYS when its turn is over
 * @throws GuestDied
 */
export function run(guest: Guest): Exit | number {
  const { machine, world, pace } = guest.ground;
  const { turn } = guest;
  const began = world.now();
  const first = machine.retired;
  const outcome = runUntil(guest, first + turn.left);
  const done = machine.retired - first;
  guest.retired += done;
  turn.left -= done;
  turn.done += done;
  turn.nanoseconds += world.now() - began;
  if (outcome === -ERESTARTSYS) {
    notePace(pace, turn.done, turn.nanoseconds);
    guest.turn = newTurn(pace);
  }
  return outcome;
}

function runUntil(guest: Guest, end: number): Exit | number {
  const { machine, switcher, statistics } = guest.ground;
  checkClock(guest);
  for (;;) {
    if (untilLook(guest) <= 0) checkClock(guest);
    deliverInterrupt(guest);
    if (guest.halted) return -EAGAIN;

    const left = end - machine.retired;
    if (left <= 0) return -ERESTARTSYS;
    const trap = switcher.switchTo(guest, Math.min(left, untilLook(guest)));
    statistics.traps[trap]!++;
    const exit = handleTrap(guest, trap);
    if (exit !== undefined) return exit;
  }
}
