import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createNative } from '../../core/native.ts';
import { createImageCatalogue } from '../../harness/cluster/embedded/kubelet/images.ts';
import { chooseLauncher } from '../../harness/cluster/embedded/launcher/choose-launcher.ts';
import type { ContainerSpec } from '../../harness/cluster/embedded/launcher/launcher.ts';

/** Starts sandboxes by themselves: what three pods of a job cost at least, without a cluster around them. */
export interface SandboxFloor {
  /** Three sandboxes with a Node program that does nothing, one after the other. Milliseconds. */
  threePods(): Promise<number>;
  stop(): Promise<void>;
}

const PODS_OF_A_JOB = 3;
const MIB = 1024 * 1024;

export async function startSandboxFloor(): Promise<SandboxFloor> {
  const runtimeDir = mkdtempSync(path.join('/dev/shm', 'wt-'));
  const diskDir = mkdtempSync(path.join(tmpdir(), 'wt-'));
  const launcher = await chooseLauncher({
    native: createNative(),
    instance: path.basename(runtimeDir),
    runtimeDir,
    diskDir,
  });
  const image = createImageCatalogue({ nodePath: process.execPath }).resolve('node');
  let started = 0;
  const spec: ContainerSpec = {
    id: 'main',
    argv: ['node', '-e', '0'],
    env: image.env,
    workingDir: '/',
    uid: 1000,
    gid: 1000,
    groups: [],
    image: image.root,
    readOnlyRoot: true,
    noNewPrivileges: true,
    etc: {},
    mounts: [],
    limits: { memoryBytes: undefined, cpuMillis: undefined, pids: 64, openFiles: 256, scratchBytes: MIB },
  };
  const onePod = async (): Promise<void> => {
    const sandbox = await launcher.createPodSandbox({ id: `floor-${started++}`, hostname: 'floor' });
    const container = await sandbox.startContainer(spec);
    container.stdout.resume();
    container.stderr.resume();
    const { code } = await container.exited;
    if (code !== 0) throw new Error(`A bare sandbox ended with ${code}.`);
    await sandbox.remove();
  };
  return {
    async threePods() {
      const startedAt = performance.now();
      for (let pod = 0; pod < PODS_OF_A_JOB; pod++) await onePod();
      return performance.now() - startedAt;
    },
    async stop() {
      await launcher.stop();
      for (const dir of [runtimeDir, diskDir]) rmSync(dir, { recursive: true, force: true });
    },
  };
}
