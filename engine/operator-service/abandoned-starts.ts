import type { Timer } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Seams } from '../../core/seams.ts';
import type { Claims } from './claims.ts';

/** After a sweep that failed. */
const RETRY_MS = 10_000;

export interface AbandonedStarts {
  /** A start has failed half-way: what it left is looked for once its time is over. */
  look(): void;
  stop(): void;
}

/**
 * Looks for starts that a crash cut off and that nobody repeated: at once for those of an earlier instance, and again when
 * a younger one has had its time. Nothing to wait for, nothing to do.
 */
export function removeAbandonedStarts(claims: Claims, { clock, log }: Pick<Seams, 'clock' | 'log'>): AbandonedStarts {
  let timer: Timer | undefined;
  let isStopped = false;
  const later = (ms: number): void => {
    timer?.cancel();
    if (!isStopped) timer = clock.after(ms, look);
  };
  function look(): void {
    claims.removeAbandoned().then(
      (lookAgainMs) => lookAgainMs !== undefined && later(lookAgainMs),
      (error: unknown) => {
        if (!isStopped) log.warn('what unfinished starts left could not be looked for', { reason: messageOf(error) });
        later(RETRY_MS);
      },
    );
  }
  look();
  return {
    look,
    stop() {
      isStopped = true;
      timer?.cancel();
    },
  };
}
