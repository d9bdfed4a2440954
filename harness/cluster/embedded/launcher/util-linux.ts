import { chmodSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Native } from '../../../../core/native.ts';
import { ResourceStack, runningResource } from '../../../../core/resource.ts';
import { makeDirectories, makeDirectory } from '../exact-modes.ts';
import { openCgroups } from './cgroups.ts';
import { startContainerProcess } from './container-process.ts';
import { createFifoPool } from './fifo-pool.ts';
import type { Journal } from './journal.ts';
import type { Launcher, LauncherFacts, PodSandbox } from './launcher.ts';
import { readMountFlags } from './mount-flags.ts';
import type { PreparedNamespaces } from './pod-namespaces.ts';
import { createPodNamespaces } from './pod-namespaces.ts';
import type { SandboxNode } from './sandbox-node.ts';
import { startSandboxNode } from './sandbox-node.ts';
import { needTool } from './tools.ts';
import { createVolumes } from './volumes.ts';

/** For termination messages of all containers, so that one cannot fill the disk through its own. */
const MESSAGES_BYTES = 16 * 1024 * 1024;
export const NOBODY = 65_534;
/** As in Kubernetes. */
const LONGEST_MESSAGE = 4096;

export interface UtilLinuxOptions {
  readonly native: Native;
  /** Names the cgroups of this run. */
  readonly instance: string;
  /** An existing directory of ours with a short path. */
  readonly runtimeDir: string;
  /** For volumes' contents; default: `runtimeDir`, which may then not be in memory. */
  readonly diskDir?: string;
  readonly isRoot: boolean;
  readonly journal?: Journal;
}

/**
 * Containers from the tools that every Linux distribution has: unshare, nsenter, mount, pivot_root and setpriv.
 * @throws WavetankError when the machine does not allow it; nothing is left then.
 */
export async function startUtilLinuxLauncher(options: UtilLinuxOptions): Promise<Launcher> {
  const { native, runtimeDir } = options;
  const stack = new ResourceStack();
  chmodSync(runtimeDir, 0o711);
  const directories = ['pods', 'volumes', 'fifo', 'ns', 'host', 'messages'].map((name) => `${runtimeDir}/${name}`);
  stack.defer('directories', async () => {
    await Promise.all(directories.map((directory) => rm(directory, { recursive: true, force: true })));
  });
  try {
    for (const directory of directories) makeDirectories(directory, 0o711);
    const cgroups = openCgroups(options.instance);
    for (const path of cgroups.roots) options.journal?.add({ kind: 'cgroup', path });
    stack.defer('cgroups', () => cgroups.remove());
    const node = await startSandboxNode(native, runtimeDir, options.isRoot);
    options.journal?.addProcess(node.pid);
    stack.defer('node', () => node.stop());
    const mountMessages = `mount -n -t tmpfs -o size=${MESSAGES_BYTES},mode=711,nosuid,nodev,noexec tmpfs ${runtimeDir}/messages`;
    await (node.asRoot ?? node.inside).run(mountMessages);
    chmodSync(`${runtimeDir}/fifo`, 0o700);
    const fifos = createFifoPool((node.asRoot ?? node.inside).run, `${runtimeDir}/fifo`);
    const namespaces = createPodNamespaces(node, runtimeDir);
    const volumes = createVolumes(node, runtimeDir, options.diskDir ?? runtimeDir);
    const flagsOf = readMountFlags();
    const facts: LauncherFacts = {
      isolated: true,
      users: node.users,
      cgroups: cgroups.version,
      sizedVolumes: volumes.backing,
      why: `util-linux namespaces ${options.isRoot ? 'as root' : 'as an ordinary user'}; ${cgroups.why}`,
    };
    const surroundings = { node, fifos, cgroups, flagsOf, users: node.users };
    return runningResource(
      {
        kind: 'util-linux' as const,
        facts,
        runtimeDir,
        own: node.own,
        expose: node.expose,
        createVolume: volumes.create,
        async createPodSandbox(spec) {
          const dir = `${runtimeDir}/pods/${spec.id}`;
          makeDirectory(dir, 0o711);
          const prepared = await namespaces.take();
          const start: PodSandbox['startContainer'] = (container) =>
            startContainerProcess(
              { ...surroundings, dir, hostname: spec.hostname, podId: spec.id, enter: prepared.enter },
              container,
            );
          return podSandbox(spec.id, dir, node, prepared, start);
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
  id: string,
  dir: string,
  node: SandboxNode,
  prepared: PreparedNamespaces,
  startContainer: PodSandbox['startContainer'],
): PodSandbox {
  const messages: string[] = [];
  return {
    dir,
    ip: prepared.ip,
    enterNetwork: [...node.enter, ...prepared.enter, '--', ...asNobody(node)],
    startContainer,
    createMessageFile(name, uid, gid) {
      const path = `${dirname(dirname(dir))}/messages/${id}-${name}`;
      const seen = `/proc/${node.pid}/root${path}`;
      writeFileSync(seen, '', { mode: 0o600 });
      node.own(seen, uid, gid);
      messages.push(seen);
      return { path, read: () => readFileSync(seen).subarray(0, LONGEST_MESSAGE).toString('utf8') };
    },
    async remove() {
      for (const file of messages) unlinkSync(file);
      await prepared.remove();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Helpers in a pod's network have no more rights than its containers. */
function asNobody(node: SandboxNode): readonly string[] {
  const drop = ['--inh-caps=-all', '--ambient-caps=-all', '--bounding-set=-all', '--no-new-privs', '--'];
  const user = node.users === 'range' ? [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : [];
  return [needTool('setpriv'), ...user, ...drop];
}
