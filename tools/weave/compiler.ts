import { createRequire } from 'node:module';

import type typescript from 'typescript';

/** The TypeScript compiler, loaded as the CommonJS module it is. */
const ts = createRequire(import.meta.url)('typescript') as typeof typescript;

export default ts;
