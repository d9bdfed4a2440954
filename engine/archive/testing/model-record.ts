import type { JobRecord } from '../record.ts';

/** A job that ended well and has no results, with what a test needs otherwise. */
export function modelRecord(change: Partial<JobRecord> & Pick<JobRecord, 'jobId' | 'owner'>): JobRecord {
  return {
    version: 1,
    provider: change.owner,
    agreementId: '0x1',
    chainId: 8996,
    environment: 'e',
    algorithmDid: '',
    inputDids: [],
    phase: 'finished',
    stop: 0,
    createdAt: '2026-01-01T00:00:00Z',
    finishedAt: '2026-01-01T00:00:01Z',
    results: [],
    expiresAt: 0,
    ...change,
  };
}
