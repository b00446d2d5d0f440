import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Who waits so long waits for ever. A computer that does five other things at once shall pass, too.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    maxWorkers: '100%',
    // A process for each file would spend half of its time loading the sources; no test leaves anything behind.
    isolate: false,
    // Tests import the sources as Node does: the module runner turns each use of an imported constant into a
    // property access, and the silicon then runs at a tenth of its speed.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    // There is a worker for each core: helpers of V8's, one for each core as well, would only take turns with them.
    execArgv: ['--import', 'tsx', '--v8-pool-size=1'],
  },
});
