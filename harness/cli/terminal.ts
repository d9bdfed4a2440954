import { isWavetankError, messageOf } from '../../core/errors.ts';
import { redact } from '../../core/redact.ts';
import { EXIT, exitCodeOf } from '../report/exit-code.ts';

/** What a command may touch of the process that runs it. */
export interface Terminal {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly env: NodeJS.ProcessEnv;
  /** Aborted by the first Ctrl-C. */
  readonly interrupted: AbortSignal;
}

/** Says what went wrong and what to do, and gives the exit code; a stack only with `WAVETANK_DEBUG`. */
export function reportError(error: unknown, { stderr, env, interrupted }: Terminal): number {
  if (interrupted.aborted && isInterruption(error, interrupted.reason)) {
    stderr.write('wavetank: interrupted; everything was stopped\n');
    return EXIT.interrupted;
  }
  const code = isWavetankError(error) ? ` [${error.code}]` : '';
  stderr.write(`wavetank: ${redact(messageOf(error))}${code}\n`);
  if (isWavetankError(error) && error.hint) stderr.write(`  ${error.hint}\n`);
  for (const cause of causesOf(error)) {
    // Many a message ends with that of its cause.
    if (!messageOf(error).includes(messageOf(cause))) stderr.write(`  because: ${redact(messageOf(cause))}\n`);
  }
  if (env['WAVETANK_DEBUG'] && error instanceof Error) stderr.write(`${redact(error.stack ?? '')}\n`);
  return exitCodeOf(error);
}

/** Ctrl-C, or what it cut off. What went wrong before it, or on the way down, is told as ever. */
function isInterruption(error: unknown, reason: unknown): boolean {
  if (exitCodeOf(reason) !== EXIT.interrupted) return false;
  return [error, ...causesOf(error)].some((one) => exitCodeOf(one) === EXIT.interrupted || isAbort(one));
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

function causesOf(error: unknown): unknown[] {
  const causes: unknown[] = [];
  for (let cause = (error as Error).cause; cause !== undefined && causes.length < 5; cause = (cause as Error).cause)
    causes.push(cause);
  if (error instanceof AggregateError) causes.push(...error.errors);
  return causes;
}
