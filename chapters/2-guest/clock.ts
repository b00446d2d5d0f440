/*
 * # Time, by appointment only
 *
 * What does a kernel do when there is nothing to do? The old ones were woken a hundred times a second to be asked
 * whether there was still nothing to do. That is bearable with one kernel on one machine. Put fifty guests on it
 * and the machine is busy with nothing five thousand times a second, which is how tickless kernels came into
 * fashion.
 *
 * You have an alarm that rings once. While a program runs it is set to ten milliseconds, its fair share. While
 * nobody runs it is set to the moment when the first sleeper wants to get up, or not at all.
 */
import { BARE } from './bare.ts';
import type { i32, u32 } from './language.ts';
import { addressOf, struct } from './language.ts';
import { lguestData } from './lguest-data.ts';
import { setAlarm, setLineBlocked } from './paravirt.ts';
import { PROCESSES, SLEEPING, RUNNABLE, cpu, processes } from './process.ts';
import { sleepOn } from './scheduler.ts';

/** A turn at the processor, in nanoseconds, and the same in milliseconds. */
const TICK_NANOSECONDS = 10_000_000;
const TICK_MILLISECONDS = 10;

/** No alarm is set further ahead than this: the wish has to fit 32 bits of nanoseconds. */
const LONGEST_ALARM = 4000;
const NANOSECONDS_PER_MILLISECOND = 1_000_000;

let startedAt: u32 = 0;

/** Opens the line of the clock and starts counting. */
export function startClock(): void {
  startedAt = milliseconds();
  setLineBlocked(0, false);
  setAlarm(TICK_NANOSECONDS);
}

/*
 * There is no clock to read, either. The Host writes the time into the shared page whenever he sends you to one of your
 * handlers, for an interrupt or for a fault (and, before there are any, at your introduction and with each gate you
 * set), and in between it stands still. Nobody minds, since nothing that matters happens between two interrupts; a
 * program that runs is interrupted every ten milliseconds, and a kernel that sleeps is woken *by* one. (On the bare
 * silicon there is not even that. Ticks are counted, and a tick is taken to be a hundredth of a second.)
 *
 * Seconds since 1970 times a thousand does not fit 32 bits. It need not: only differences are ever looked at, and
 * those come out right up to 49 days; or up to 24, where somebody asks which of two moments comes first.
 */

/** The Host's clock in milliseconds, modulo 2^32: as of the last time that the Host wrote it. */
function milliseconds(): u32 {
  if (BARE) return cpu.ticks * TICK_MILLISECONDS;
  return lguestData.seconds * 1000 + lguestData.nanoseconds / NANOSECONDS_PER_MILLISECOND;
}

/** Milliseconds since the clock was started. */
export function uptime(): u32 {
  return milliseconds() - startedAt;
}

/*
 * ## The tick
 *
 * The alarm rings. Charge the running process for a tick (it may have had the processor for a moment only; over a
 * thousand ticks it evens out, and this is how Unix has always counted), wake who has slept enough, and ask for a
 * change of turns on the way out.
 */

/** The alarm went off. Whoever slept long enough wakes; whoever ran may give way; and the next alarm is set. */
export function clockInterrupt(fromUser: boolean): void {
  cpu.ticks++;
  if (fromUser) cpu.process.ticks++;
  cpu.reschedule = true;
  wakeSleepers();
  setAlarm(TICK_NANOSECONDS);
}

function wakeSleepers(): void {
  const now: u32 = uptime();
  for (let i: u32 = 0; i < PROCESSES; i++) {
    const process = processes[i];
    if (
      process.state === SLEEPING &&
      process.channel === addressOf(sleepers) &&
      late(process.wakeTime, now)
    ) {
      process.state = RUNNABLE;
    }
  }
}

/*
 * Is it later than `time`? Subtract, and look at the *sign*. The comparison that one writes first, `now >= time`,
 * is right for the first 49 days and 17 hours, and then Windows 95 stops. (It did. It was fixed in 1999, once
 * somebody had managed to keep one running for that long.)
 */

/** Whether `time` has come at `now`: the difference is signed, so it survives the 49th day, when the counter wraps. */
function late(time: u32, now: u32): boolean {
  return ((now - time) as i32) >= 0;
}

/*
 * ## Sleeping, and sleeping in
 *
 * Sleeping is waiting for nothing in particular to happen, for a while. All who do it wait on one address and look
 * at their own clock when woken.
 */

/** Something to wait on: only its address matters. */
interface Channel {
  unused: u32;
}

/** All who wait for the clock wait on this. */
const sleepers = struct<Channel>();

/** Puts the current process to sleep for `duration` milliseconds. Returns early if it is killed. */
export function sleepFor(duration: u32): void {
  cpu.process.wakeTime = uptime() + duration;
  while (!late(cpu.process.wakeTime, uptime()) && !cpu.process.killed) sleepOn(addressOf(sleepers));
}

/*
 * When nobody wants to run, the alarm is set for the first sleeper. If there are none, the wish is zero nanoseconds,
 * which cancels it, and this machine could be forgotten in a drawer until a key is pressed.
 */

/** Nobody wants to run: sets the alarm for the first sleeper, or none at all. */
export function setIdleAlarm(): void {
  const now: u32 = uptime();
  let wait: u32 = 0;
  for (let i: u32 = 0; i < PROCESSES; i++) {
    const process = processes[i];
    if (process.state === SLEEPING && process.channel === addressOf(sleepers)) {
      let left: u32 = late(process.wakeTime, now) ? 1 : process.wakeTime - now;
      if (left > LONGEST_ALARM) left = LONGEST_ALARM;
      if (wait === 0 || left < wait) wait = left;
    }
  }
  setAlarm(wait * NANOSECONDS_PER_MILLISECOND);
}

/** Somebody wants to run again: back to regular turns. */
export function setTick(): void {
  setAlarm(TICK_NANOSECONDS);
}
