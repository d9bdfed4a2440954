import { expect, test } from 'vitest';
import type { RequestedSpec } from './create-job.ts';
import { identityOf } from './create-job.ts';

const SPEC: RequestedSpec = {
  jobId: 'j',
  owner: '0xaa',
  agreementId: '0x1',
  chainId: 8996,
  provider: '0xbb',
  environment: 'lab',
  algorithm: { did: 'did:op:1', image: 'node:24', entrypoint: 'node $ALGO' },
  inputs: [{ did: 'did:op:2', serviceId: 's', fileCount: 1 }],
  networkAccess: false,
  maxDurationSeconds: 60,
  validUntil: 0,
};

test('a job is the same in whatever order an API server gives its fields back', () => {
  const sorted: RequestedSpec = {
    ...SPEC,
    algorithm: { did: 'did:op:1', entrypoint: 'node $ALGO', image: 'node:24' },
    inputs: [{ did: 'did:op:2', fileCount: 1, serviceId: 's' }],
  };
  expect(JSON.stringify(sorted)).not.toBe(JSON.stringify(SPEC));
  expect(identityOf(sorted)).toBe(identityOf(SPEC));
});

test.each<[string, Partial<RequestedSpec>]>([
  ['owner', { owner: '0xcc' }],
  ['algorithm', { algorithm: { ...SPEC.algorithm, image: 'node:25' } }],
  ['number of files', { inputs: [{ did: 'did:op:2', serviceId: 's', fileCount: 2 }] }],
  ['dataset', { inputs: [...SPEC.inputs, ...SPEC.inputs] }],
])('another %s makes it another job', (_what, change) => {
  expect(identityOf({ ...SPEC, ...change })).not.toBe(identityOf(SPEC));
});
