import type { Clock } from '../../core/clock.ts';
import { WavetankError, messageOf } from '../../core/errors.ts';
import type { ComputeJob } from '../../core/protocol/job-status.ts';
import type { FollowOptions } from './consumer.ts';
import { eventData } from './event-stream.ts';
import type { ProviderClient } from './provider-client.ts';

/** Between two tries when the stream cannot be had: the Provider may be on its way up again. */
const RETRY_MS = 50;

interface Selector {
  readonly consumerAddress: string;
  readonly jobId: string;
}

/**
 * Listens to the status stream until the job has ended; a stream that breaks off is opened again.
 * @throws WavetankError JOB_NOT_FINISHED with what was seen last
 */
export async function followJob(
  provider: ProviderClient,
  clock: Clock,
  selector: Selector,
  { timeoutMs = 60_000, onChange }: FollowOptions = {},
): Promise<ComputeJob> {
  const limit = new AbortController();
  const timer = clock.after(timeoutMs, () => limit.abort(new Error('the time is over')));
  let last: unknown = 'nothing';
  const see = (job: ComputeJob): void => {
    last = { status: job.status, statusText: job.statusText };
    onChange?.(job);
  };
  try {
    while (!limit.signal.aborted) {
      try {
        const ended = await readStream(provider, selector, limit.signal, see);
        if (ended) return ended;
      } catch (error) {
        if (!limit.signal.aborted) last = messageOf(error);
      }
      await clock.sleep(RETRY_MS, limit.signal).catch(() => undefined);
    }
  } finally {
    timer.cancel();
    limit.abort(new Error('the stream is no longer read'));
  }
  throw new WavetankError('JOB_NOT_FINISHED', `The job did not end within ${timeoutMs} ms.`, {
    details: { jobId: selector.jobId, last },
  });
}

async function readStream(
  provider: ProviderClient,
  selector: Selector,
  signal: AbortSignal,
  see: (job: ComputeJob) => void,
): Promise<ComputeJob | undefined> {
  const stream = await provider.open('compute', {
    query: { ...selector },
    headers: { accept: 'text/event-stream' },
    signal,
  });
  if (!stream.ok) throw new Error(stream.refusal.message ?? `status ${stream.refusal.status}`);
  for await (const data of eventData(stream.value.body)) {
    const job = JSON.parse(data) as ComputeJob;
    if (job.jobId !== selector.jobId) continue;
    see(job);
    if (job.dateFinished !== null) return job;
  }
  return undefined;
}
