/**
 * What takes longest, in this order: a core that begins the longest file last is the only one at work in the end. Vitest
 * knows it from the run before only; in a fresh clone it goes by the size of a file, and the longest are of the shortest.
 */
export const LONGEST = [
  'harness/cli/process.test.ts',
  'harness/integration/crash/crash-matrix.test.ts',
  'harness/integration/ocean-js/ocean-js.test.ts',
  'harness/integration/testbed.test.ts',
  'harness/integration/fuzz/fuzz.test.ts',
  'harness/integration/engine/crash-matrix.test.ts',
  'harness/metadata-cache/metadata-cache.test.ts',
];
