/*
 * # The loop
 *
 * Here it is, the heart of the hypervisor: a dozen lines that go round a few hundred thousand times a second. Has the
 * clock rung? Is there an interrupt to deliver? Then in, until it traps; then deal with the trap; then again. Every
 * hypervisor you have heard of has this loop somewhere, under more hair.
 *
 * Three ways lead out of it. The Guest needs something that only its Launcher can do. It sleeps, and nobody wants to
 * wake it. Or its turn is over. The fourth way is `GuestDied`, which leaves by the window.
 */
import { EAGAIN, ERESTARTSYS } from '../1-preparation/errno.ts';
import { checkClock, untilLook } from './clock.ts';
import type { Guest } from './guest.ts';
import { deliverInterrupt } from './interrupts.ts';
import { LONGEST_STRETCH, newTurn, notePace, TURN_NANOSECONDS } from './pace.ts';
import { PREEMPTED } from '../6-switcher/switcher.ts';
import { type Exit, handleTrap } from './traps.ts';

/*
 * ## Everybody's turn
 *
 * Several Guests may share this processor, and nobody has been put in charge of them: each has a Launcher that calls
 * `run` in a loop, and lets go of JavaScript's one thread when it is told to. So it depends on when we tell it. A Guest
 * has a *turn*, four milliseconds, and keeps it from one call to the next. Had we begun a new one at each call, the
 * Guest that bothers its devices most would have had most of the processor; hundreds of calls may go by before its
 * Launcher lets go of its own accord.
 *
 * A turn is given out in instructions, as many as this Guest has lately done in that time, since instructions are what
 * a processor can count. But some of them are dear. A kernel that fills its ring with requests to forget all
 * translations, and rings, and fills it again, has us at work for thousands of instructions for each of its own; a
 * neighbour with sums to do was once left two thousandths of the processor. So every sixteen trips we look at the clock
 * as well, and whenever the processor comes back with no trap of the Guest's, which it does
 * [early](src/processor/processor.ts#dear-instructions) if its instructions were dear. A turn that has lasted long
 * enough is over, however little was done in it.
 *
 * Whoever has used up theirs goes to the end of the event loop's queue, and everybody else in it comes first. So two
 * Guests that have much to do have the same time, to within a turn; and one that sleeps leaves all of it to the others.
 * That is the whole scheduler. There is no list of Guests in it.
 */
/** Trips between two looks at whether a turn has lasted long enough. */
const TRIPS_TO_A_LOOK = 16;

/**
 * Runs a Guest until it needs somebody.
 *
 * @returns what its Launcher must do; or -EAGAIN when it sleeps, -ERESTARTSYS when its turn is over
 * @throws GuestDied
 */
export function run(guest: Guest): Exit | number {
  const { machine, world } = guest.ground;
  const { turn, pace } = guest;
  const began = world.now();
  const first = machine.retired;
  const outcome = runUntil(guest, first + turn.left, began + TURN_NANOSECONDS - turn.nanoseconds);
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

function runUntil(guest: Guest, end: number, deadline: number): Exit | number {
  const { machine, switcher, statistics, world } = guest.ground;
  checkClock(guest);
  for (let trips = 1; ; trips++) {
    if (untilLook(guest) <= 0) checkClock(guest);
    deliverInterrupt(guest);
    if (guest.halted) return -EAGAIN;

    const left = end - machine.retired;
    if (left <= 0 || (trips % TRIPS_TO_A_LOOK === 0 && world.now() >= deadline)) return -ERESTARTSYS;
    const trap = switcher.switchTo(guest, Math.min(left, untilLook(guest), LONGEST_STRETCH));
    statistics.traps[trap]!++;
    if (trap === PREEMPTED && world.now() >= deadline) return -ERESTARTSYS;
    const exit = handleTrap(guest, trap);
    if (exit !== undefined) return exit;
  }
}
