import type { Clock } from './clock.ts';
import { WavetankError } from './errors.ts';

export interface WaitOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly intervalMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Polls `observe` until it returns something other than undefined.
 * For things that cannot notify; where there is a watch or an event, use that.
 * @throws WavetankError WAIT_TIMEOUT, with what was seen last.
 */
export async function waitUntil<T>(
  what: string,
  observe: () => Promise<T | undefined> | T | undefined,
  options: WaitOptions,
): Promise<T> {
  const deadline = options.clock.now() + options.timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const seen = await observe();
      if (seen !== undefined) return seen;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (options.clock.now() >= deadline) {
      throw new WavetankError('WAIT_TIMEOUT', `Waited ${options.timeoutMs} ms for ${what}.`, { cause: lastError });
    }
    await options.clock.sleep(options.intervalMs ?? 20, options.signal);
  }
}
