import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { AlgorithmName } from '../../fixtures/algorithms/catalogue.ts';
import { runPlain } from '../../fixtures/algorithms/run-plain.ts';
import { generateRecordings } from '../../fixtures/datasets/generate.ts';
import { createLeakDetector, type LeakFinding } from '../leak-detector.ts';

const recordings = generateRecordings({ seed: 'leaks' });
const files = [recordings.trainTs, recordings.heldOutTs, recordings.participantsTsv];
const detector = createLeakDetector(recordings.canaries);

async function findingsOf(name: AlgorithmName): Promise<Map<string, LeakFinding[]>> {
  const run = await runPlain(name, { files });
  try {
    const folder = join(run.volume, 'outputs');
    const found = new Map([['log', await detector.scan(run.log, 'log')]]);
    for (const file of await readdir(folder))
      found.set(file, await detector.scan(await readFile(join(folder, file)), file));
    return found;
  } finally {
    await run.remove();
  }
}

it.each(['cohort-statistics', 'logistic-regression'] as const)('%s leaks no canary', async (name) => {
  const found = await findingsOf(name);
  expect(found.size).toBeGreaterThan(1);
  expect([...found.values()].flat()).toEqual([]);
});

it('the leaky algorithm is caught in every encoding that it knows, for every row it took', async () => {
  const found = await findingsOf('leaky');
  expect(found.size).toBe(13);
  for (const findings of found.values()) expect(new Set(findings.map((f) => f.canary)).size).toBe(3 * 6);
});
