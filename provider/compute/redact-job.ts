import type { ComputeJob, JobResult } from '../../core/protocol/job-status.ts';

/** A result without its name. Index, kind and size are what polling clients need. */
export type RedactedResult = Omit<JobResult, 'filename'>;

export type RedactedJob = Omit<ComputeJob, 'results'> & { readonly results: '' | readonly RedactedResult[] };

/** What anybody may see of a job: the status route takes no signature, and names are chosen by the algorithm (A11). */
export function redactJob(job: ComputeJob): RedactedJob {
  if (!Array.isArray(job.results)) return { ...job, results: '' };
  const results = (job.results as readonly JobResult[]).map(({ index, filesize, type }) => ({ index, filesize, type }));
  return { ...job, results };
}
