import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    // The processor runs as plain modules: vitest's own module runner makes each imported name a property access, and it five times slower.
    execArgv: ['--import', 'tsx'],
    server: { deps: { external: [/src\/processor\//] } },
  },
});
