import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', '.wavetank/**', 'artifacts/**', 'cache/**'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    retry: 0,
    // Vitest leaves one core to itself, which on two cores is half of the machine.
    maxWorkers: '100%',
    allowOnly: false,
  },
});
