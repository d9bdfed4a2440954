import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { createNative } from '../../../../core/native.ts';
import { findKindTools } from '../availability.ts';
import { commandRunner } from '../command.ts';
import { sweepClusters } from '../remove-cluster.ts';
import { endChildren, removeEmptyState, removeState } from './remove-state.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** State root of all tests of this run: they take turns with one kept cluster. */
    readonly kindStateRoot: string;
    /** Why there can be no kind cluster here; '' where there can. */
    readonly whyNoKind: string;
  }
}

/**
 * One cluster for all test files, and nothing of it afterwards. Whoever works on such a test may name a folder in `WAVETANK_TEST_KIND_STATE`: what is
 * kept there stays for the next run, and `wavetank down --state FOLDER` removes it.
 */
export default async function keepState(project: TestProject): Promise<() => Promise<void>> {
  const run = commandRunner(createNative());
  const tools = await findKindTools(run);
  const { WAVETANK_TEST_KIND_STATE: kept } = process.env;
  const stateRoot = kept ? path.resolve(kept) : mkdtempSync(path.join(tmpdir(), 'wavetank-kind-tests-'));
  project.provide('kindStateRoot', stateRoot);
  project.provide('whyNoKind', 'missing' in tools ? tools.missing : '');
  // Vitest waits for nobody after Ctrl-C; what may not wait is done before the process is gone.
  if (!kept) process.once('exit', () => removeNow(stateRoot));
  return async () => {
    if (kept) return;
    const { failed } = await sweepClusters(run, path.join(stateRoot, 'kind'), { kept: true });
    const [left] = failed;
    if (left) throw left.error;
    removeEmptyState(stateRoot);
  };
}

/** After a run that was cut off; a whole one has removed all by then. */
function removeNow(stateRoot: string): void {
  if (!existsSync(stateRoot)) return;
  endChildren(process.pid);
  const left = removeState(stateRoot);
  if (left !== undefined) process.stderr.write(left);
}
