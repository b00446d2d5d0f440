import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['exercises/*/exercise.test.ts'],
    testTimeout: 60_000,
    experimental: { viteModuleRunner: false, nodeLoader: false },
    execArgv: ['--import', 'tsx'],
  },
});
