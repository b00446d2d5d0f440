/*
 * # pup from its sources
 *
 * The tangler does not know what a file is, as it also runs in a page. Here it is told.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildPup } from '../../tools/tangle/pup.ts';
import { ROOT } from './root.ts';

/** Tangles pup from chapters 2 and 3 as they stand on this disk. */
export function tanglePup(): ReturnType<typeof buildPup> {
  return buildPup((path) => readFileSync(join(ROOT, path), 'utf8'));
}
