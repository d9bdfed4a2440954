import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { randomHex, systemEntropy } from '../../../core/entropy.ts';
import { systemSeams } from '../../../core/seams.ts';
import { afterAll } from 'vitest';
import { describeObjectStorage } from '../object-storage.contract.ts';
import { startMinio, whyThereIsNoMinio } from './start-minio.ts';

const stateRoot = mkdtempSync(path.join(tmpdir(), 'wavetank-minio-contract-'));
const seams = systemSeams();
afterAll(async () => {
  await seams.net.close();
  rmSync(stateRoot, { recursive: true, force: true });
});

describeObjectStorage('minio', {
  start: () => startMinio({ ...seams, stateRoot, instance: `contract-${randomHex(systemEntropy, 4)}` }),
  unavailable: await whyThereIsNoMinio(),
  capabilities: {
    enforcesSmallestChunk: false,
    refusesOtherSubresources: false,
    refusesUnknownParameters: false,
    wantsOwnHeadersSigned: false,
    takesEveryKey: false,
    checksumsCopiedParts: false,
    tagsOutrankDates: false,
    codes: {
      checksumMismatch: 'XAmzContentChecksumMismatch',
      emptyPartList: 'InvalidRequest',
      badPartNumber: 'InvalidPart',
      unknownMethod: { status: 400, code: 'BadRequest' },
    },
  },
});
