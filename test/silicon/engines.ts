import { EAGER, NEVER } from '../../src/processor/compiler/making.ts';
import { createMachine } from '../../src/processor/index.ts';
import type { Engine } from './lantern.ts';

/** The plainest engine. It goes first, since it is the quickest to try one instruction. */
export const INTERPRETER: Engine = {
  name: 'interpreter',
  plays: 1,
  create: (ramBytes) => createMachine({ ramBytes, engine: 'interpreter' }),
};

/** Compiles everything the first time it meets it, so that the second time it runs what it has compiled. */
export const COMPILER: Engine = {
  name: 'compiler',
  plays: 2,
  create: (ramBytes) => createMachine({ ramBytes, engine: 'compiler', hot: EAGER }),
};

/** Compiles nothing, so that whatever the sprinter can do, the sprinter does. */
export const SPRINTER: Engine = {
  name: 'sprinter',
  plays: 1,
  create: (ramBytes) => createMachine({ ramBytes, engine: 'compiler', hot: NEVER }),
};
