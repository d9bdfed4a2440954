import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { systemSeams } from '../../../core/seams.ts';
import { AS_AMAZON } from '../contract/subject.ts';
import { describeObjectStorage } from '../object-storage.contract.ts';
import { startEmbeddedS3 } from './start-embedded-s3.ts';

const dataDir = mkdtempSync(path.join(tmpdir(), 'wavetank-s3-contract-'));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

describeObjectStorage('embedded', {
  start: () => startEmbeddedS3({ ...systemSeams(), dataDir }),
  capabilities: { ...AS_AMAZON, refusesOtherSubresources: true, refusesUnknownParameters: true },
});
