import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';

export interface CommandRun {
  /** From the spawn to the exit. */
  readonly ms: number;
  /** Of the command and all its children that it waited for: user and system time. */
  readonly cpuMs: number;
  /** When the first line came on standard output. */
  readonly firstLineMs: number | undefined;
}

/** Says how much processor time its child took, on descriptor 3. */
const TIMED = '"$@"; wt_code=$?; times >&3; exit $wt_code';
/** More output than this says nothing new about a failure. */
const KEPT_CHARS = 4000;

/**
 * Runs a command as a user would and times it.
 * @throws Error with the end of its output when it ends with anything but 0
 */
export async function runCommand(
  command: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<CommandRun> {
  const startedAt = performance.now();
  const child = spawn('/bin/sh', ['-c', TIMED, 'sh', ...command], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  let firstLineMs: number | undefined;
  let said = '';
  let times = '';
  const keep = (text: string): void => void (said = (said + text).slice(-KEPT_CHARS));
  createInterface({ input: child.stdout as Readable }).on('line', (line) => {
    firstLineMs ??= performance.now() - startedAt;
    keep(`${line}\n`);
  });
  child.stderr?.on('data', (chunk: Buffer) => keep(chunk.toString()));
  child.stdio[3]?.on('data', (chunk: Buffer) => (times += chunk.toString()));
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject);
  child.once('close', resolve);
  const code = await promise;
  const ms = performance.now() - startedAt;
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${said}`);
  return { ms, cpuMs: cpuMsOf(times), firstLineMs };
}

/** The second line of `times`: user and system time of all children, as `0m1.250000s 0m0.320000s`. */
function cpuMsOf(times: string): number {
  const [, children = ''] = times.split('\n');
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1000,
    0,
  );
}
