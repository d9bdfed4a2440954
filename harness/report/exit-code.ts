import { isWavetankError, messageOf } from '../../core/errors.ts';
import { redact } from '../../core/redact.ts';
import type { RunError } from '../scenario/events.ts';

/** What outside scripts read. */
export const EXIT = { ok: 0, checkFailed: 1, usage: 2, environment: 3, broken: 4, interrupted: 130 } as const;

export function exitCodeOf(error: unknown): number {
  if (!isWavetankError(error)) return EXIT.broken;
  switch (error.category) {
    case 'usage':
      return EXIT.usage;
    case 'environment':
      return EXIT.environment;
    case 'check':
      return EXIT.checkFailed;
    case 'interrupted':
      return EXIT.interrupted;
    case 'internal':
      return EXIT.broken;
  }
}

/** What scripts read of an error; one that nobody foresaw has the code INTERNAL. No secret is in it. */
export function runErrorOf(error: unknown): RunError {
  const message = redact(messageOf(error));
  if (!isWavetankError(error)) return { code: 'INTERNAL', message };
  return { code: error.code, message, ...(error.hint === undefined ? {} : { hint: redact(error.hint) }) };
}
