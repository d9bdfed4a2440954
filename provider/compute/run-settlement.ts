import type { Clock } from '../../core/clock.ts';
import type { ComputeJob } from '../../core/protocol/job-status.ts';
import { JOB_STATUS } from '../../core/protocol/job-status.ts';
import type { Chains } from '../chain/chains.ts';
import type { OperatorClient } from '../operator-client.ts';
import type { Run, UsageLedger } from '../stores/usage-ledger.ts';

/** Ends in which the algorithm never ran through, by no doing of the consumer's: such a run does not count. */
const GIVEN_BACK = new Set<number>([
  JOB_STATUS.volumeCreationFailed.code,
  JOB_STATUS.containerCreationFailed.code,
  JOB_STATUS.dataProvisioningFailed.code,
  JOB_STATUS.algorithmProvisioningFailed.code,
  JOB_STATUS.interrupted.code,
  JOB_STATUS.isolationUnavailable.code,
]);

/**
 * Brings the ledger up to date with what became of a run: the Operator Service knows jobs by their deterministic ids,
 * so that nothing has to be remembered between a reservation and its outcome.
 */
export interface RunSettlement {
  /**
   * Whether the run's orders are free now; never while its start is under way, here or at the Operator Service.
   * @throws Refused OPERATOR_UNREACHABLE: then nothing was changed
   */
  settle(run: Run): Promise<boolean>;
  /**
   * Keeps a job's run from being settled until `end` is called: "there is no such job" would soon be wrong. A settlement
   * that is under way comes first. Undefined while another start of the job is under way.
   */
  beginStart(jobId: string): Promise<{ end(): void } | undefined>;
}

export function createRunSettlement(
  ledger: UsageLedger,
  operator: OperatorClient,
  chains: Chains,
  clock: Clock,
): RunSettlement {
  const starts = new Set<string>();
  const settlements = new Map<string, Promise<boolean>>();

  async function ask(run: Run): Promise<boolean> {
    const chain = chains.get(run.chainId);
    if (!chain) return false;
    const { owner, jobId, chainId } = run;
    const { job, isUnfinished } = await operator.outcome(chain.signer, { owner, jobId, chainId });
    // Given back now, the run would be one that nobody counts when the job comes after all; and the same request, sent again, would be refused.
    if (isUnfinished) return false;
    return applyOutcome(ledger, run, job, clock.now());
  }

  return {
    async settle({ jobId }) {
      const known = settlements.get(jobId);
      if (known) return known;
      if (starts.has(jobId)) return false;
      // Read anew: since its reader looked, the run may have been confirmed.
      const run = ledger.find(jobId);
      if (!run) return true;
      const settlement = ask(run).finally(() => settlements.delete(jobId));
      settlements.set(jobId, settlement);
      return settlement;
    },
    async beginStart(jobId) {
      if (starts.has(jobId)) return undefined;
      starts.add(jobId);
      await settlements.get(jobId)?.catch(() => undefined);
      return { end: () => void starts.delete(jobId) };
    },
  };
}

/** Pure but for the ledger: what a job's state, or its absence, means for its run. */
export function applyOutcome(ledger: UsageLedger, run: Run, job: ComputeJob | undefined, now: number): boolean {
  if (!job) {
    // Reserved and unknown: it never arrived. Confirmed and unknown: it ended and was removed.
    if (run.state === 'reserved') ledger.giveBack(run.jobId, now);
    else ledger.end(run.jobId, now);
    return true;
  }
  if (job.dateFinished === null) {
    ledger.confirm(run.jobId, now);
    return false;
  }
  if (GIVEN_BACK.has(job.status)) ledger.giveBack(run.jobId, now);
  else ledger.end(run.jobId, now);
  return true;
}
