import { expect, test } from 'vitest';
import type { ComputeJob } from '../core/protocol/job-status.ts';
import { checkedDocument, jobView } from './quirks.ts';
import { assetOf } from './testing/assets.ts';

const job = {
  jobId: 'a',
  status: 41,
  statusText: 'Algorithm failed',
  dateFinished: '1.5',
  results: [{ index: 0, filename: 'secret.txt', filesize: 3, type: 'output' }],
} as unknown as ComputeJob;

test('without a quirk an end is told as it was, and names only to the owner', () => {
  expect(jobView(new Set(), false)(job)).toMatchObject({ status: 41, statusText: 'Algorithm failed' });
  expect(JSON.stringify(jobView(new Set(), false)(job))).not.toContain('secret');
  expect(jobView(new Set(), true)(job)).toBe(job);
});

test('public-result-names tells them to everybody', () => {
  expect(jobView(new Set(['public-result-names']), false)(job)).toBe(job);
});

test('ended-is-70 says so of every end but a failed provisioning, and of nothing that still runs', () => {
  const view = jobView(new Set(['ended-is-70']), false);
  expect(view(job)).toMatchObject({ status: 70, statusText: 'Job finished' });
  expect(view({ ...job, status: 31, statusText: 'Data provisioning failed' })).toMatchObject({ status: 31 });
  expect(view({ ...job, status: 40, dateFinished: null })).toMatchObject({ status: 40 });
  expect(JSON.stringify(view(job))).not.toContain('secret');
});

test('unchecked-parameters hides what a publisher declared from the checks, everywhere it may stand', () => {
  const parameter = { name: 'n', type: 'text', label: '', required: true, description: '', default: '' } as const;
  const { ddo } = assetOf({ type: 'algorithm', service: { consumerParameters: [parameter] } }).asset;
  expect(JSON.stringify(checkedDocument(new Set(), ddo))).toContain('"required":true');
  expect(JSON.stringify(checkedDocument(new Set(['unchecked-parameters']), ddo))).not.toContain('"required":true');
  expect(checkedDocument(new Set(), ddo)).toBe(ddo);
});
