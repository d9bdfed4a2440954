import { messageOf } from '../../core/errors.ts';
import type { RunningResource } from '../../core/resource.ts';
import { runningResource } from '../../core/resource.ts';
import type { Seams } from '../../core/seams.ts';
import type { Archive } from '../archive/archive.ts';

const INTERVAL_MS = 60_000;

/** Removes results whose storage time is over (`storageExpirySeconds` of their environment): at the start, then every minute. */
export function startExpiry(archive: Archive, { clock, log }: Pick<Seams, 'clock' | 'log'>): RunningResource {
  let isStopped = false;
  let timer: { cancel(): void } | undefined;
  let sweeping: Promise<void> = Promise.resolve();
  const sweepAndWait = (): void => {
    sweeping = sweep(archive, clock.now(), () => isStopped)
      .catch((error: unknown) =>
        log.warn('results that ran out could not be removed yet', { reason: messageOf(error) }),
      )
      .then(() => {
        if (!isStopped) timer = clock.after(INTERVAL_MS, sweepAndWait);
      });
  };
  sweepAndWait();
  return runningResource({}, async () => {
    isStopped = true;
    timer?.cancel();
    await sweeping;
  });
}

async function sweep(archive: Archive, now: number, isStopped: () => boolean): Promise<void> {
  for (const jobId of await archive.expiredJobs(now)) {
    if (isStopped()) return;
    await archive.removeExpired(jobId, now);
  }
}
