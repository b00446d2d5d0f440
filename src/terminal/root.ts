import { fileURLToPath } from 'node:url';

/** The top folder of Lantern. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
