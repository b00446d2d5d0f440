/*
 * # The short way to the compiler
 *
 * Nine megabytes of JavaScript in a single file, and there are two ways to load it. `import` it, and the loader
 * that lets us run TypeScript without building it takes every one of those bytes through its hands to see whether
 * it needs translating: 1.5 seconds here, before the first line of ours has run. `require` it, as was done in the
 * old days, and Node has it in half a second.
 *
 * The types come by `import type`, which costs nothing, being gone by then.
 */

import { createRequire } from 'node:module';

import type typescript from 'typescript';

/** The TypeScript compiler, loaded as the CommonJS module it is. */
const ts = createRequire(import.meta.url)('typescript') as typeof typescript;

export default ts;
