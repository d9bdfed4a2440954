import type { Clock } from '../../core/clock.ts';
import type { ProcessOwner } from '../../core/process/process-owner.ts';
import { isAlive } from '../../core/process/process-owner.ts';

/** Asks them to end, and after a while no longer asks. */
export async function endProcesses(processes: readonly ProcessOwner[], clock: Clock, graceMs: number): Promise<void> {
  const alive = (): ProcessOwner[] => processes.filter(isAlive);
  for (const { pid } of alive()) tell(pid, 'SIGTERM');
  for (const until = clock.now() + graceMs; clock.now() < until && alive().length > 0;)
    await clock.sleep(LOOK_EVERY_MS);
  for (const { pid } of alive()) tell(pid, 'SIGKILL');
}

const LOOK_EVERY_MS = 20;

function tell(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended, or is somebody else's.
  }
}
