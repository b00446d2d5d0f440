/*
 * # Where we are
 *
 * `npm start` may be typed in any folder below this one, so paths start from where this file is.
 */

import { fileURLToPath } from 'node:url';

/** The top folder of Lantern. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
