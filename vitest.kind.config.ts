import { defineConfig } from 'vitest/config';

/** What needs a Docker engine: kind, MinIO. A machine without one skips each test and says why. */
export default defineConfig({
  test: {
    include: ['**/*.kind.test.ts'],
    exclude: ['node_modules/**', '.wavetank/**', 'artifacts/**', 'cache/**'],
    globalSetup: ['harness/cluster/kind/testing/kept-state.ts'],
    testTimeout: 120_000,
    hookTimeout: 180_000,
    retry: 0,
    // They share one engine, and clusters are heavy.
    fileParallelism: false,
    // Of tests that say that they may run beside each other: each of those has a cluster of its own.
    maxConcurrency: 2,
    allowOnly: false,
    experimental: { viteModuleRunner: false, nodeLoader: false },
  },
});
