/*
 * # pup from its sources
 *
 * The tangler does not know what a file is, and so it could also run in a page. Here it is told.
 *
 * You will have changed a line of pup by now, and sooner or later the tangler will not like it. That is a mistake at
 * the keyboard like a misspelt file name, and it is told in the same way: one line, with the file and the place.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LauncherError } from '../../chapters/4-launcher/outside.ts';
import { TangleError } from '../../tools/tangle/errors.ts';
import { buildPup } from '../../tools/tangle/pup.ts';
import { ROOT } from './root.ts';

/**
 * Tangles pup from chapters 2 and 3 as they stand on this disk.
 *
 * @throws LauncherError with file, line and a hint, if its sources are not what the tangler takes
 */
export function tanglePup(): ReturnType<typeof buildPup> {
  try {
    return buildPup((path) => readFileSync(join(ROOT, path), 'utf8'));
  } catch (error) {
    throw error instanceof TangleError ? new LauncherError(error.message) : error;
  }
}
