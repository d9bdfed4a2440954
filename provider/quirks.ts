import type { Ddo } from '../core/protocol/ddo.ts';
import type { ComputeJob } from '../core/protocol/job-status.ts';
import { JOB_STATUS } from '../core/protocol/job-status.ts';
import { redactJob } from './compute/redact-job.ts';

/**
 * Ways of the classic Provider that clients have come to rely on although they are defects. Each is off unless it is
 * asked for by name; none of them lets anybody use what he did not order, and what each gives away its line says.
 */
export const QUIRKS = {
  'public-result-names': 'GET /compute tells names of results to whoever asks, without a signature (A11).',
  'ended-is-70':
    'A job that ended says 70, Job finished, however it ended: failed, stopped, out of time (E3, E6). Provisioning that failed keeps 31 and 32.',
  'unchecked-parameters': 'Consumer parameters that a publisher declared are not looked at.',
  'reuse-renews-time': "An order's time starts anew with every reuseOrder, as marketplaces renew access (P2).",
  'public-file-names': 'POST /fileinfo tells names, types and checksums of published files to whoever asks (T11).',
  'delete-keeps-results':
    'DELETE /compute is accepted and deletes nothing; suites delete a job and read it afterwards.',
} as const;

export type Quirk = keyof typeof QUIRKS;

export function isQuirk(name: string): name is Quirk {
  return Object.hasOwn(QUIRKS, name);
}

const PROVISIONING_ENDS: ReadonlySet<number> = new Set([
  JOB_STATUS.dataProvisioningFailed.code,
  JOB_STATUS.algorithmProvisioningFailed.code,
]);

/** How jobs are told of: to somebody who proved to be the owner, and to anybody. */
export function jobView(quirks: ReadonlySet<Quirk>, isProven: boolean): (job: ComputeJob) => unknown {
  const show = isProven || quirks.has('public-result-names') ? (job: ComputeJob) => job : redactJob;
  return quirks.has('ended-is-70') ? (job) => show(endedWell(job)) : show;
}

function endedWell(job: ComputeJob): ComputeJob {
  if (job.dateFinished === null || PROVISIONING_ENDS.has(job.status)) return job;
  return { ...job, status: JOB_STATUS.finished.code, statusText: JOB_STATUS.finished.text };
}

/** The document as the checks see it. */
export function checkedDocument(quirks: ReadonlySet<Quirk>, ddo: Ddo): Ddo {
  if (!quirks.has('unchecked-parameters')) return ddo;
  const { algorithm } = ddo.metadata;
  return {
    ...ddo,
    services: ddo.services.map((service) => ({ ...service, consumerParameters: null })),
    metadata: {
      ...ddo.metadata,
      ...(algorithm
        ? {
            algorithm: {
              ...algorithm,
              consumerParameters: null,
              container: { ...algorithm.container, consumerParameters: null },
            },
          }
        : {}),
    },
  };
}
