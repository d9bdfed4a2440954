import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { claimDirectory, sweepStrays } from '../cluster/embedded/launcher/strays.ts';

/**
 * Once per test run: all temporary folders of its tests lie in one, which says whose it is. Removed at the end; after a
 * kill the next test run, the next start of a testbed or `wavetank down` removes it. Its name is short, since the paths of
 * sockets are.
 */
export default function temporaryHome(): () => void {
  sweepStrays();
  const home = mkdtempSync(path.join(tmpdir(), 'wt-'));
  claimDirectory(home);
  // Some tests run as other users: it is a temporary folder like that of the machine.
  chmodSync(home, 0o1777);
  process.env['TMPDIR'] = home;
  return () => rmSync(home, { recursive: true, force: true, maxRetries: 3 });
}
