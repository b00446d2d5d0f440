/*
 * # Hearsay
 *
 * There is no timer chip. A Guest says *wake me in four million nanoseconds*, and gets IRQ 0 when the World says that
 * they have gone by. One wish at a time; a new one replaces the old.
 *
 * The time of day it gets in passing: two words in the shared page, written whenever we send it to one of its handlers.
 * A clock that is right only when somebody knocks: enough for a kernel that looks at it when it has been woken. Linux
 * reads the seconds twice, to see whether they changed while it read the nanoseconds. It need not worry, for it does
 * not run while we write.
 *
 * lguest wrote them at the beginning, and then whenever an interrupt came. So did we, and the clock stood still between
 * two of the Guest's own ticks, for ten milliseconds: whoever asked twice heard the same twice. One who did was a
 * program that looks up names. It sends two questions at once, and for the number that tells the answers apart it takes
 * the nanoseconds. They were the same; it took the second answer for the first one again, and waited five seconds for a
 * letter that it had in its hand. A Linux from 4.4 on comes by the Host with every system call. It is no trouble to
 * tell it. An older one takes its system calls without us, and its clock still goes from tick to tick: there,
 * each name takes five seconds.
 *
 * A Linux looks for the first time before any interrupt has come, finds what it was told at LGUEST_INIT, and sets its
 * own clock by that, once and for all. lguest's Guests were behind by as long as a kernel needs to look around in its
 * memory, which is no time; ours need some tenths of a second. Just before it looks, a Linux loads its IDT, entry by
 * entry; so with each entry it is told the time again.
 */
import { LGUEST_DATA_TIME_NANOSECONDS, LGUEST_DATA_TIME_SECONDS } from '../1-preparation/abi.ts';
import type { Guest } from './guest.ts';
import { instructionsIn } from './pace.ts';

/** The timer's interrupt. */
export const CLOCK_IRQ = 0;

/** LHCALL_SET_CLOCKEVENT: IRQ 0 in `delta` nanoseconds, once; 0 takes the wish back. */
export function setClockEvent(guest: Guest, delta: number): void {
  guest.clockDue = delta === 0 ? undefined : guest.ground.world.now() + delta;
  if (delta !== 0) planLook(guest, delta);
}

/** Raises IRQ 0 if its time has come, or plans the next look. */
export function checkClock(guest: Guest): void {
  if (guest.clockDue === undefined) return;
  const left = guest.clockDue - guest.ground.world.now();
  if (left > 0) {
    planLook(guest, left);
    return;
  }
  guest.clockDue = undefined;
  guest.raised |= 1 << CLOCK_IRQ;
}

/*
 * ## When to look
 *
 * To look at the clock the Guest must be out, and if it is not, must be fetched. So when it says *ten milliseconds*, we
 * run it for what we take for five. Then it may be that two have gone by, or six; we look, and run it for half of the
 * rest. Whoever has been told how Achilles never overtakes the tortoise knows the method, and knows what is wrong with
 * it. The last twenty thousand instructions are run in one go.
 *
 * In a second of computing that comes to a thousand looks, where there were eighty thousand when we looked every twenty
 * thousand instructions.
 */
/** What is not divided any more. */
const LAST_STRETCH = 20_000;
/** And what is always run, however little time is left: there is no point in going in for less. */
const SHORTEST_STRETCH = 1_000;

function planLook(guest: Guest, nanoseconds: number): void {
  const { machine } = guest.ground;
  const rest = instructionsIn(guest.pace, nanoseconds);
  const stretch = rest > 2 * LAST_STRETCH ? rest / 2 : Math.min(rest, LAST_STRETCH);
  guest.nextLook = machine.retired + Math.max(SHORTEST_STRETCH, Math.floor(stretch));
}

/** Instructions that a Guest may run before somebody should look at the clock for it. */
export function untilLook(guest: Guest): number {
  return guest.clockDue === undefined ? Infinity : guest.nextLook - guest.ground.machine.retired;
}

/** Writes the time of day where the Guest reads it. */
export function tellTime(guest: Guest): void {
  const { seconds, nanoseconds } = guest.ground.world.wallClock();
  guest.writeData(LGUEST_DATA_TIME_SECONDS, seconds >>> 0);
  guest.writeData(LGUEST_DATA_TIME_NANOSECONDS, nanoseconds);
}
