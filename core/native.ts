import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { spawn } from 'node:child_process';

/**
 * The seam for work that the event loop cannot see: files, child processes, the EVM.
 * It counts what is in flight, so that a scheduler of virtual time knows when the world stands still.
 */
export interface Native {
  /** Runs file or EVM work, counted while it lasts. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Starts a child process, counted until it has exited. */
  spawn(command: string, args: readonly string[], options: SpawnOptions): ChildProcess;
  inFlight(): number;
}

export function createNative(): Native {
  let inFlight = 0;
  return {
    async run(work) {
      inFlight++;
      try {
        return await work();
      } finally {
        inFlight--;
      }
    },
    spawn(command, args, options) {
      const child = spawn(command, args, options);
      let isCounted = true;
      inFlight++;
      const settle = (): void => {
        if (isCounted) inFlight--;
        isCounted = false;
      };
      child.once('exit', settle);
      child.once('error', settle);
      return child;
    },
    inFlight: () => inFlight,
  };
}
