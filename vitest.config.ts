import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    // Those need a Docker engine: `npm run test:kind`.
    exclude: ['**/*.kind.test.ts', 'node_modules/**', '.wavetank/**', 'artifacts/**', 'cache/**'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    retry: 0,
    // Vitest leaves one core to itself, which on two cores is half of the machine.
    maxWorkers: '100%',
    allowOnly: false,
    // ocean.js prints every nonce that it fetches, whatever its log level.
    onConsoleLog: (text) => !text.startsWith('[getNonce]'),
  },
});
