import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import type { Native } from '../../../../core/native.ts';
import { ResourceStack, runningResource } from '../../../../core/resource.ts';
import { openCgroups } from './cgroups.ts';
import { startContainerProcess } from './container-process.ts';
import { createFifoPool } from './fifo-pool.ts';
import type { Launcher, LauncherFacts, PodSandbox } from './launcher.ts';
import { readMountFlags } from './mount-flags.ts';
import type { PreparedNamespaces } from './pod-namespaces.ts';
import { createPodNamespaces } from './pod-namespaces.ts';
import { startSandboxNode } from './sandbox-node.ts';
import { createVolumes } from './volumes.ts';

export interface UtilLinuxOptions {
  readonly native: Native;
  /** Names the cgroups of this run. */
  readonly instance: string;
  /** An existing directory of ours with a short path. */
  readonly runtimeDir: string;
  readonly isRoot: boolean;
}

/**
 * Containers from the tools that every Linux distribution has: unshare, nsenter, mount, pivot_root and setpriv.
 * @throws WavetankError when the machine does not allow it; nothing is left then.
 */
export async function startUtilLinuxLauncher(options: UtilLinuxOptions): Promise<Launcher> {
  const { native, runtimeDir } = options;
  const stack = new ResourceStack();
  chmodSync(runtimeDir, 0o711);
  for (const dir of ['pods', 'volumes', 'fifo', 'ns', 'host'])
    mkdirSync(`${runtimeDir}/${dir}`, { recursive: true, mode: 0o711 });
  try {
    const cgroups = openCgroups(options.instance);
    stack.defer('cgroups', () => cgroups.remove());
    const node = await startSandboxNode(native, runtimeDir, options.isRoot);
    stack.defer('node', () => node.stop());
    const fifos = createFifoPool(native, `${runtimeDir}/fifo`);
    const namespaces = createPodNamespaces(node, runtimeDir);
    const volumes = createVolumes(node, runtimeDir);
    const flagsOf = readMountFlags();
    const facts: LauncherFacts = {
      isolated: true,
      users: node.users,
      cgroups: cgroups.version,
      sizedVolumes: volumes.backing,
      why: `util-linux namespaces ${options.isRoot ? 'as root' : 'as an ordinary user'}; ${cgroups.why}`,
    };
    const surroundings = { native, node, fifos, cgroups, flagsOf, users: node.users };
    return runningResource(
      {
        kind: 'util-linux' as const,
        facts,
        runtimeDir,
        own: async (path: string, uid: number, gid: number) => node.own(path, uid, gid),
        createVolume: volumes.create,
        async createPodSandbox(spec) {
          const dir = `${runtimeDir}/pods/${spec.id}`;
          mkdirSync(dir, { mode: 0o711 });
          const prepared = await namespaces.take();
          const start: PodSandbox['startContainer'] = (container) =>
            startContainerProcess(
              { ...surroundings, dir, hostname: spec.hostname, podId: spec.id, enter: prepared.enter },
              container,
            );
          return podSandbox(dir, prepared, [...node.enter, ...prepared.enter, '--'], start);
        },
      } satisfies Omit<Launcher, 'stop' | typeof Symbol.asyncDispose>,
      () => stack.stop(),
    );
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

function podSandbox(
  dir: string,
  prepared: PreparedNamespaces,
  enterNetwork: readonly string[],
  startContainer: PodSandbox['startContainer'],
): PodSandbox {
  return {
    dir,
    ip: prepared.ip,
    enterNetwork,
    startContainer,
    async remove() {
      await prepared.remove();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
