import type { Clock } from '../../core/clock.ts';
import type { ComputeJob } from '../../core/protocol/job-status.ts';
import type { Chain } from '../chain/chains.ts';
import type { JobSelector, OperatorClient } from '../operator-client.ts';

/**
 * A consumer's jobs, as polling clients ask for them again and again: askers at the same moment share one question to
 * the Operator Service, and its answer serves for `keepMs` more. Each question costs two signatures' worth of work.
 */
export interface JobLists {
  list(selector: JobSelector): Promise<readonly ComputeJob[]>;
  /** What we know to have changed is asked for anew. */
  forget(owner: string): void;
}

interface Entry {
  readonly owner: string;
  readonly jobs: Promise<readonly ComputeJob[]>;
  readonly until: number;
}

const MAX_ENTRIES = 10_000;

export function createJobLists(
  operator: OperatorClient,
  chains: readonly Chain[],
  clock: Clock,
  keepMs: number,
): JobLists {
  const entries = new Map<string, Entry>();

  async function ask(selector: JobSelector): Promise<readonly ComputeJob[]> {
    const lists = await Promise.all(chains.map(({ signer }) => operator.status(signer, selector)));
    return lists.flat();
  }

  return {
    list(selector) {
      const key = `${selector.owner} ${selector.jobId ?? ''}`;
      const known = entries.get(key);
      if (known && known.until > clock.now()) return known.jobs;
      const jobs = ask(selector);
      if (entries.size >= MAX_ENTRIES) entries.clear();
      // Until the answer is there it is shared however long it takes; then it ages.
      entries.set(key, { owner: selector.owner.toLowerCase(), jobs, until: Number.POSITIVE_INFINITY });
      jobs.then(
        () => {
          if (entries.get(key)?.jobs === jobs)
            entries.set(key, { owner: selector.owner.toLowerCase(), jobs, until: clock.now() + keepMs });
        },
        () => {
          if (entries.get(key)?.jobs === jobs) entries.delete(key);
        },
      );
      return jobs;
    },
    forget(owner) {
      for (const [key, entry] of entries) if (entry.owner === owner.toLowerCase()) entries.delete(key);
    },
  };
}
