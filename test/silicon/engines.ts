import { createMachine } from '../../src/processor/index.ts';
import type { Engine } from './lantern.ts';

/** Every engine there is, the plainest first. */
export const ENGINES: readonly Engine[] = [
  { name: 'interpreter', create: (ramBytes) => createMachine({ ramBytes }) },
];
