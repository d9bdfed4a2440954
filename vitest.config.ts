import { availableParallelism } from 'node:os';
import path from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './scripts/longest-first.ts';

// Every worker and every chain that a test starts loads the same packages: they compile them once. The CLI has the same folder.
process.env['NODE_COMPILE_CACHE'] ??= path.join(import.meta.dirname, 'node_modules/.cache/wavetank-compile');

const NEVER = ['node_modules/**', '.wavetank/**', 'artifacts/**', 'cache/**'];
/** Those need a Docker engine: `npm run test:kind`. */
const NEEDS_DOCKER = ['**/*.kind.test.ts'];
/**
 * Tests that count what their process has (children, sockets, mounts, open files) or set its environment: each file has a
 * process of its own. All others share a few processes, where a module is loaded once and not once per file: measured,
 * that is a third of their processor time.
 */
const OWN_PROCESS = [
  'harness/accounting/accounting.test.ts',
  'harness/observe/stray-connections.test.ts',
  'harness/integration/testbed.test.ts',
  'harness/integration/crash/**/*.test.ts',
  'harness/cluster/embedded/launcher/launcher.test.ts',
  'harness/cluster/embedded/launcher/strays.test.ts',
];

export default defineConfig({
  test: {
    exclude: [...NEVER, ...NEEDS_DOCKER],
    globalSetup: ['./harness/testing/temporary-home.ts', './harness/testing/bounded-compile-cache.ts'],
    testTimeout: 20_000,
    // A whole testbed starts in some hooks, in a fresh clone with nothing compiled, on a machine that may be busy: a limit for what hangs.
    hookTimeout: 60_000,
    retry: 0,
    // Vitest leaves one core to itself, which on two cores is half of the machine; and tests wait a sixth of their time.
    maxWorkers: availableParallelism() + 1,
    allowOnly: false,
    // Node itself imports tests and product, as it does for users: measured, a quarter less processor time than with Vite's modules.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    sequence: { sequencer: LongestFirst },
    // ocean.js prints every nonce that it fetches, whatever its log level.
    onConsoleLog: (text) => !text.startsWith('[getNonce]'),
    projects: [
      {
        extends: true,
        test: {
          name: 'shared process',
          include: ['**/*.test.ts'],
          exclude: [...NEVER, ...NEEDS_DOCKER, ...OWN_PROCESS],
          isolate: false,
        },
      },
      { extends: true, test: { name: 'own process', include: OWN_PROCESS, isolate: true } },
    ],
  },
});
