import { constants } from 'node:os';
import { systemClock } from '../../core/clock.ts';
import { WavetankError } from '../../core/errors.ts';
import type { ProcessOwner } from '../../core/process/process-owner.ts';
import { ownerOf } from '../../core/process/process-owner.ts';
import { descendantsOf } from '../../core/process/process-stat.ts';
import { EXIT } from '../report/exit-code.ts';
import { endProcesses } from './end-processes.ts';
import type { Terminal } from './terminal.ts';

/** For a command that was asked to end, and then for what it leaves running. */
const GRACE_MS = 5000;

/**
 * Runs a command with further variables. Its exit code is the result, counted as shells do where a signal ended it. When the user interrupts,
 * it is asked to end and waited for, and so is what it started: a shell that ends leaves its children running.
 * @throws WavetankError COMMAND_NOT_RUN (usage)
 */
export async function runInside(
  command: readonly string[],
  variables: Readonly<Record<string, string>>,
  { stderr, interrupted }: Pick<Terminal, 'stderr' | 'interrupted'>,
): Promise<number> {
  // Loaded when the testbed runs already: its hundred modules would only hold up the start.
  const { execa } = await import('execa');
  if (interrupted.aborted) return EXIT.interrupted;
  const [file = '', ...args] = command;
  const started: ProcessOwner[] = [];
  // Before the command hears of it, since the children of a process that has ended cannot be told any more.
  const remember = (): void => void started.push(...descendantsOf(running.pid ?? -1).map(ownerOf));
  interrupted.addEventListener('abort', remember, { once: true });
  const running = execa(file, args, {
    stdio: 'inherit',
    env: { ...variables },
    reject: false,
    cancelSignal: interrupted,
    forceKillAfterDelay: GRACE_MS,
  });
  const result = await running;
  interrupted.removeEventListener('abort', remember);
  await endProcesses(started, systemClock, GRACE_MS);
  if (result.exitCode !== undefined) return result.exitCode;
  if (interrupted.aborted) return EXIT.interrupted;
  if (result.signal !== undefined) {
    stderr.write(`wavetank: ${file} was ended by ${result.signal}\n`);
    return 128 + constants.signals[result.signal];
  }
  throw new WavetankError('COMMAND_NOT_RUN', `${file} did not run: ${result.shortMessage ?? 'nobody knows why'}`, {
    category: 'usage',
    hint: 'What stands behind -- is the command and its arguments.',
  });
}
