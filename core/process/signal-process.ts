/**
 * Sends a signal to a process that may end at any moment, also since somebody looked whether it is there.
 * @returns false when it has ended
 * @throws what else the kernel says: EPERM for another user's process
 */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
