import { describe } from 'vitest';
import { labConfigOnKind, whyNoLabOnKind } from '../../cluster/kind/testing/lab-kind.ts';
import { describeCrashMatrix } from './crash-matrix.contract.ts';

const reason = await whyNoLabOnKind();
describe.skipIf(reason !== undefined)(`on kind and MinIO${reason === undefined ? '' : ` (${reason})`}`, () => {
  describeCrashMatrix({
    config: labConfigOnKind(),
    timeoutMs: 1_800_000,
    paidSeconds: 90,
    patienceMs: 240_000,
    algorithmMs: 3000,
  });
});
