import type { Answer } from './step.ts';

/** An answer that tells of a busy machine, not of the request: the store behind a real server gave up. */
export function isOutOfTime({ code, body }: Answer): boolean {
  const message = (body as { message?: unknown } | null)?.message;
  return code >= 500 && typeof message === 'string' && /etcdserver: |context deadline exceeded/.test(message);
}
