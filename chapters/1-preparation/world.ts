/*
 * # The hole in the wall
 *
 * Run the same program twice on the same input and it does the same thing, unless it looked at the clock. Or drew a
 * number from a hat. Or went to sleep and let the rest of the universe decide when to wake it.
 *
 * That is all there is, and here it is, four functions in one interface. Nothing else in these chapters may ask for the
 * time, roll dice or wait; for most of it the linter has a list. Two things follow that lguest could never do. Give the
 * program a World in which time is the number of instructions retired and sleep takes no time, and a boot of pup is the
 * same boot, to the last instruction, on every computer there is: that is how its tests run. And write down what passes
 * through this hole, and what is typed, and you can play a whole afternoon of a Guest's life again. We come back to
 * that in the last chapter.
 */

/** Everything that reaches the program from outside and is not a byte of input: time, sleep and chance. */
export interface World {
  /** Nanoseconds since this World began; never goes back. */
  now(): number;
  /** The time of day: seconds since 1970-01-01 00:00 UTC, and nanoseconds (0 to 999,999,999) into that second. */
  wallClock(): { seconds: number; nanoseconds: number };
  /** Fills `into` with random bytes. */
  entropy(into: Uint8Array): void;
  /** Resolves after `nanoseconds`. `sleep(0)` lets everyone else have a turn. */
  sleep(nanoseconds: number): Promise<void>;
}

/*
 * `sleep(0)` is the odd one. A page in a browser and a program in Node have one thread each; a Guest that computes for
 * an hour would freeze the very screen it prints to. So whoever runs a Guest runs it in slices and sleeps for no time
 * at all between them.
 */
