/**
 * What kind of failure an error is; the command line turns it into its exit code.
 * usage: the caller asked for something wrong · environment: this machine lacks what was asked for ·
 * check: a check of a scenario failed · internal: wavetank itself broke · interrupted: the user stopped it.
 */
export type ErrorCategory = 'usage' | 'environment' | 'check' | 'internal' | 'interrupted';

export interface ErrorOptions {
  readonly category?: ErrorCategory;
  /** What to do about it, as one sentence. */
  readonly hint?: string;
  /** Structured facts. Never a private key, a decrypted URL or a token. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The one error class. `code` is stable (tests and scripts match it), the message is for people. */
export class WavetankError extends Error {
  readonly code: string;
  readonly category: ErrorCategory;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'WavetankError';
    this.code = code;
    this.category = options.category ?? 'internal';
    this.hint = options.hint;
    this.details = options.details ?? {};
  }
}

export function isWavetankError(error: unknown, code?: string): error is WavetankError {
  return error instanceof WavetankError && (code === undefined || error.code === code);
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** An invariant: its failure is a mistake of ours, never of a user. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new WavetankError('INVARIANT', message);
}
