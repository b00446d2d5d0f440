import { defineConfig } from 'vitest/config';
import everyday from '../vitest.config.ts';

/** The tests of the exercises run like all others, but only when somebody asks for them; in one tree, or in several side by side. */
export default defineConfig({
  test: {
    ...everyday.test,
    include: ['**/exercises/*/exercise.test.ts'],
    // What was found and what was expected is told to the reader, in full.
    chaiConfig: { truncateThreshold: 0 },
  },
});
