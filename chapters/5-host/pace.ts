/*
 * # How long is a while?
 *
 * A Guest wants to be woken in ten milliseconds. The person at the keyboard wants their ^C to be noticed while it still
 * matters. Both are measured in time. But a processor can only be told *so many instructions*, and our own hardly knows
 * how long one takes: on the machine this was written on, a loop that has been compiled does two thousand in a
 * microsecond, and sixty processes that talk to each other, a hundred and fifty.
 *
 * For a long while the answer was to be careful. Twenty thousand instructions, look at the clock, twenty thousand more:
 * never late by more than a millisecond, and eighty thousand trips through the door each second to find that it was not
 * time yet. A third of the processor went into looking at the clock.
 *
 * So now we keep a figure: nanoseconds to the instruction, as they have lately been. Bad news is believed at once, good
 * news by quarters. A Guest that turns slow is cut short in its next turn, and one that turns fast is given its due
 * after a dozen.
 */

/** How fast a Guest has been of late. */
export interface Pace {
  nanosecondsPerInstruction: number;
}

/** Twenty-five million instructions a second: slower than anybody turned out to be, once warm. */
const CAUTIOUS = 40;

/** The pace of a Guest that has not yet done anything. */
export function createPace(): Pace {
  return { nanosecondsPerInstruction: CAUTIOUS };
}

/** Notes that `instructions` have taken so many nanoseconds. */
export function notePace(pace: Pace, instructions: number, nanoseconds: number): void {
  const seen = nanoseconds / Math.max(1, instructions);
  const known = pace.nanosecondsPerInstruction;
  pace.nanosecondsPerInstruction = seen > known ? seen : known + (seen - known) / 4;
}

/** Instructions that will fill so many nanoseconds, if it goes on like this. */
export function instructionsIn(pace: Pace, nanoseconds: number): number {
  return Math.floor(nanoseconds / pace.nanosecondsPerInstruction);
}

/*
 * ## Four milliseconds
 *
 * That is a turn: the time for which a Guest may have our one thread to itself. A fiftieth of what you would call *at
 * once*, and long enough that the way to the event loop and back, some ten microseconds, is lost in it.
 *
 * The figure may be wrong, so nobody is sent in for more than four million instructions at once. A loop that ran at two
 * thousand million a second may come to a page that nobody has decoded yet, and four million instructions of that are a
 * fifth of a second. When they are done, the clock says whether the turn is.
 *
 * All of this is still the same on each run of the same boot, as long as the World says that it is: what comes in here
 * is what the World says and what the processor has counted.
 */
export const TURN_NANOSECONDS = 4_000_000;
const SHORTEST_TURN = 100_000;
const LONGEST_TURN = 16_000_000; // for a World whose clock stands still
/** Instructions after which somebody looks at the clock. */
export const LONGEST_STRETCH = 4_000_000;

/** Instructions that a Guest still has before others have theirs; and what it has had since it last let them. */
export interface Turn {
  left: number;
  done: number;
  nanoseconds: number;
}

/** The next turn of a Guest of this pace. */
export function newTurn(pace: Pace): Turn {
  const length = Math.max(SHORTEST_TURN, instructionsIn(pace, TURN_NANOSECONDS));
  return { left: Math.min(LONGEST_TURN, length), done: 0, nanoseconds: 0 };
}
