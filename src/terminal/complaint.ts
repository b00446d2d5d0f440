/*
 * # In words
 *
 * Node says `ENOENT: no such file or directory, open '/nonexistent'`. There is a sentence in that, with a code in
 * front of it and a system call behind. We keep the sentence, and put in front of it what we were at.
 */

import { getSystemErrorMap } from 'node:util';
import { LauncherError } from '../../chapters/4-launcher/outside.ts';

/** What goes wrong in `attempt` as a LauncherError: `about`, and the system's own words for it. */
export function complaining<Result>(about: string, attempt: () => Result): Result {
  try {
    return attempt();
  } catch (error) {
    throw new LauncherError(`${about}: ${whatHappened(error)}`);
  }
}

/** The system's words for its error (`no such file or directory`), without its code, its call and its path. */
export function whatHappened(error: unknown): string {
  const number = (error as NodeJS.ErrnoException).errno;
  const known = number === undefined ? undefined : getSystemErrorMap().get(number);
  return known ? known[1] : (error as Error).message;
}
