import { messageOf } from '../../core/errors.ts';
import type { RunningResource } from '../../core/resource.ts';
import { runningResource } from '../../core/resource.ts';
import type { Seams } from '../../core/seams.ts';
import { Backoff } from '../kubernetes/backoff.ts';

export interface TermOptions {
  readonly seams: Pick<Seams, 'clock' | 'entropy' | 'log'>;
  /** Starts what a leader does; ends early when `over` says so. */
  readonly start: (over: AbortSignal) => Promise<RunningResource>;
  /** The end of the term before this one. */
  readonly after: Promise<void>;
}

/**
 * One term of a leader: a controller as soon as one starts, until the term is stopped. A leader whose controller does not start
 * keeps others from the lead, so it tries again for as long as it leads. Its stop never fails: what did not stop in time is told in the log.
 */
export function startTerm({ seams, start, after }: TermOptions): RunningResource {
  const over = new AbortController();
  const running = after.then(() => startPatiently(start, seams, over.signal));
  return runningResource({}, async () => {
    over.abort();
    try {
      const controller = await running;
      await controller?.stop();
    } catch (error) {
      seams.log.warn('the controller did not stop cleanly', { reason: messageOf(error) });
    }
  });
}

/** Undefined when the term is over before a controller runs. */
async function startPatiently(
  start: TermOptions['start'],
  { clock, entropy, log }: TermOptions['seams'],
  over: AbortSignal,
): Promise<RunningResource | undefined> {
  const backoff = new Backoff({ entropy, firstMs: 100, longestMs: 10_000 });
  while (!over.aborted) {
    try {
      return await start(over);
    } catch (error) {
      if (over.aborted) break;
      const waitMs = backoff.nextMs();
      log.warn('the controller did not start and is tried again', { reason: messageOf(error), waitMs });
      await clock.sleep(waitMs, over).catch(() => undefined);
    }
  }
  return undefined;
}
