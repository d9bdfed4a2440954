import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { createNative } from '../../../../core/native.ts';
import { findKindTools } from '../availability.ts';
import { commandRunner } from '../command.ts';
import { sweepClusters } from '../remove-cluster.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** State root of all tests of this run: they take turns with one kept cluster. */
    readonly kindStateRoot: string;
    /** Why there can be no kind cluster here; '' where there can. */
    readonly whyNoKind: string;
  }
}

/** One cluster for all test files, and nothing of it afterwards. */
export default async function keepState(project: TestProject): Promise<() => Promise<void>> {
  const run = commandRunner(createNative());
  const tools = await findKindTools(run);
  const stateRoot = mkdtempSync(path.join(tmpdir(), 'wavetank-kind-tests-'));
  project.provide('kindStateRoot', stateRoot);
  project.provide('whyNoKind', 'missing' in tools ? tools.missing : '');
  return async () => {
    await sweepClusters(run, path.join(stateRoot, 'kind'), { kept: true });
    rmSync(stateRoot, { recursive: true, force: true });
  };
}
