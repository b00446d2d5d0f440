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
