import { isWavetankError } from '../../core/errors.ts';

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
