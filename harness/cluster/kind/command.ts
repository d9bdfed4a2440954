import { execa } from 'execa';
import { WavetankError } from '../../../core/errors.ts';
import type { Native } from '../../../core/native.ts';

export interface CommandOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Each line as the program says it, of both outputs. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** In a process group of its own, which `signal` ends at once with all that the program has started. */
  readonly isGroup?: boolean;
  /** The program's process id, as soon as there is one. */
  readonly onStart?: ((pid: number) => void) | undefined;
}

/** Runs a program to its end and gives what it wrote to its standard output. */
export type RunCommand = (program: string, args: readonly string[], options: CommandOptions) => Promise<string>;

const KEPT_LINES = 12;

/** @throws (of the calls) WavetankError PROGRAM_MISSING (environment), COMMAND_FAILED with the command line and its last words */
export function commandRunner(native: Native): RunCommand {
  return (program, args, options) => native.run(() => run(program, args, options));
}

async function run(program: string, args: readonly string[], options: CommandOptions): Promise<string> {
  const { signal, isGroup = false } = options;
  const child = execa(program, args, {
    detached: isGroup,
    reject: false,
    all: true,
    timeout: options.timeoutMs,
    forceKillAfterDelay: 2000,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(signal === undefined || isGroup ? {} : { cancelSignal: signal }),
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  if (child.pid !== undefined) options.onStart?.(child.pid);
  const endGroup = (): void => void (child.pid === undefined || killGroup(child.pid));
  if (isGroup) signal?.addEventListener('abort', endGroup, { once: true });
  if (isGroup && signal?.aborted) endGroup();
  if (options.onLine) for await (const line of child.iterable({ from: 'all' })) options.onLine(line);
  const result = await child;
  signal?.removeEventListener('abort', endGroup);
  if (!result.failed) return result.stdout;
  // At a time limit execa has ended the program alone.
  if (isGroup) endGroup();
  if (result.isCanceled || (isGroup && signal?.aborted))
    throw new WavetankError('COMMAND_CANCELLED', `${program} was stopped.`);
  if (result.code === 'ENOENT') throw missing(program);
  const said = (result.all ?? '').split('\n').slice(-KEPT_LINES).join('\n').trim();
  const how = result.timedOut
    ? `did not end within ${options.timeoutMs} ms`
    : `ended with ${result.exitCode ?? result.signal ?? result.code}`;
  throw new WavetankError('COMMAND_FAILED', `\`${[program, ...args].join(' ')}\` ${how}: ${said}`, {
    category: 'environment',
    details: { exitCode: result.exitCode ?? null },
  });
}

/** A program that leads a process group, and all that it has started. Nothing when it has ended. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}

const WHERE: Readonly<Record<string, string>> = {
  docker: 'It comes with Docker Engine or Docker Desktop: https://docs.docker.com/engine/install/',
  kind: 'It is one file: https://kind.sigs.k8s.io/docs/user/quick-start/#installation',
};

function missing(program: string): WavetankError {
  return new WavetankError('PROGRAM_MISSING', `The program ${program} is not on the PATH.`, {
    category: 'environment',
    hint: WHERE[program] ?? `Install ${program}.`,
  });
}
