import { expect, test } from 'vitest';
import { runFuzz } from './run-fuzz.ts';

const SEED = 20_261_122;

test(
  '2000 hostile requests: documented answers only, no fault, no forbidden dial, no growth',
  { timeout: 600_000 },
  async () => {
    const { failure, answers, requests, dials, heapMib, warmHeapMib } = await runFuzz({ requests: 2000, seed: SEED });
    expect(failure).toBeUndefined();
    expect(requests).toBe(2000);
    expect(heapMib).toBeLessThanOrEqual(warmHeapMib * 1.1);
    // It means something only while requests get somewhere: files are fetched, jobs start, forbidden files are met.
    expect(dials).toBeGreaterThan(100);
    const seen = [...answers.keys()].join('\n');
    for (const wanted of [
      'provider 200',
      'provider 201',
      'FILE_UNREACHABLE',
      'ADDRESS_FORBIDDEN',
      'SIGNATURE_INVALID',
      'FOREIGN_PROVIDER_UNREACHABLE',
      'FOREIGN_PROVIDER_REFUSED',
      'FOREIGN_QUOTE_INVALID',
      'operator 200',
    ])
      expect(seen).toContain(wanted);
  },
);
