import { expect, test } from 'vitest';
import { modelWorkflow } from '../api/testing/model-workflow.ts';
import type { RequestedSpec } from './create-job.ts';
import { identityOf } from './create-job.ts';

const SPEC: RequestedSpec = modelWorkflow().spec;

test('a job is the same in whatever order an API server gives its fields back', () => {
  const sorted: RequestedSpec = {
    ...SPEC,
    algorithm: { did: 'did:op:a', entrypoint: 'node $ALGO', image: 'node:22' },
    inputs: [{ did: 'did:op:d', fileCount: 1, serviceId: 's' }],
  };
  expect(JSON.stringify(sorted)).not.toBe(JSON.stringify(SPEC));
  expect(identityOf(sorted)).toBe(identityOf(SPEC));
});

test.each<[string, Partial<RequestedSpec>]>([
  ['owner', { owner: '0xcc' }],
  ['algorithm', { algorithm: { ...SPEC.algorithm, image: 'node:25' } }],
  ['number of files', { inputs: [{ did: 'did:op:d', serviceId: 's', fileCount: 2 }] }],
  ['dataset', { inputs: [...SPEC.inputs, ...SPEC.inputs] }],
])('another %s makes it another job', (_what, change) => {
  expect(identityOf({ ...SPEC, ...change })).not.toBe(identityOf(SPEC));
});
