import { existsSync, writeFileSync } from 'node:fs';
import { constants as os } from 'node:os';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { WavetankError } from '../../../../core/errors.ts';
import { makeDirectory } from '../exact-modes.ts';
import type { Cgroup, Cgroups } from './cgroups.ts';
import { layOutRoot, mountTable } from './container-root.ts';
import { environmentFile } from './environment-script.ts';
import type { FifoPool, OutputPipe } from './fifo-pool.ts';
import type { ContainerExit, ContainerSpec, LauncherFacts, RunningContainer } from './launcher.ts';
import type { SandboxNode } from './sandbox-node.ts';
import type { Spawned } from './spawn-shell.ts';
import { startScript } from './start-script.ts';
import { subPathsOf } from './sub-paths.ts';
import { needTool, shellWord } from './tools.ts';

export interface Surroundings {
  readonly node: SandboxNode;
  readonly fifos: FifoPool;
  readonly cgroups: Cgroups;
  readonly flagsOf: (path: string) => string;
  readonly users: LauncherFacts['users'];
  readonly dir: string;
  readonly podId: string;
  readonly hostname: string;
  readonly enter: readonly string[];
}

/** @throws WavetankError CONTAINER_CANNOT_RUN with a message as a container runtime words it. */
export async function startContainerProcess(around: Surroundings, asked: ContainerSpec): Promise<RunningContainer> {
  const spec = { ...asked, image: { ...asked.image, mounts: await exposeAll(around.node, asked) } };
  const dir = `${around.dir}/${spec.id}`;
  const script = layOut(around, spec, dir);
  const cgroup = around.cgroups.create(`${around.podId}-${spec.id}`, spec.limits);
  const [stdout, stderr] = await Promise.all([around.fifos.take(), around.fifos.take()]);
  const command = (eventPrefix: string): string => startCommand(around, cgroup, script, eventPrefix);
  return untilStarted(around.node.spawner.spawn(command, stdout.path, stderr.path), cgroup, stdout, stderr);
}

async function exposeAll(node: SandboxNode, spec: ContainerSpec): Promise<ContainerSpec['image']['mounts']> {
  return Promise.all(spec.image.mounts.map(async (mount) => ({ ...mount, source: await node.expose(mount.source) })));
}

/** Writes what the start needs; only root of the node may read it, since the environment holds secrets. */
function layOut(around: Surroundings, spec: ContainerSpec, dir: string): string {
  makeDirectory(dir, 0o711);
  const [root, skeleton] = [`${dir}/root`, spec.readOnlyRoot ? `${dir}/root` : `${dir}/skeleton`];
  makeDirectory(root, 0o755);
  layOutRoot(skeleton, spec);
  // Where a subPath turns out to be a file, root of the node makes its mount point one.
  const parents = subPathsOf(spec.mounts).map(({ target }) => dirname(`${skeleton}${target}`));
  for (const parent of parents.filter((path) => existsSync(path))) around.node.own(parent, 0, 0);
  const files = { fstab: `${dir}/fstab`, envFile: `${dir}/env`, script: `${dir}/start` };
  writeFileSync(files.fstab, mountTable(root, spec, around.flagsOf, around.users === 'range'), { mode: 0o600 });
  writeFileSync(files.envFile, environmentFile(spec.env), { mode: 0o600 });
  const script = {
    root,
    skeleton,
    fstab: files.fstab,
    envFile: files.envFile,
    hostname: around.hostname,
    users: around.users,
    cgroups: around.cgroups.version,
    spec,
  };
  writeFileSync(files.script, startScript(script), { mode: 0o600 });
  for (const file of Object.values(files)) around.node.own(file, 0, 0);
  return files.script;
}

/** Joins the cgroups, enters the pod's namespaces, makes the container's own, and runs the start script there. */
function startCommand(around: Surroundings, cgroup: Cgroup, script: string, eventPrefix: string): string {
  const join = cgroup.procsFiles.map((file) => `echo $wt_own > ${shellWord(file)} && `).join('');
  const command = [
    ...around.node.enter,
    ...around.enter,
    '--',
    needTool('unshare'),
    '--mount',
    '--pid',
    '--cgroup',
    '--',
    // Not `unshare --fork`: some versions forget that the child was killed. timeout (with none) forks the first
    // process of the new PID namespace, ends as it ended, and undoes what a background shell did to signals.
    needTool('timeout'),
    '--foreground',
    '0',
    '/bin/sh',
    script,
    eventPrefix.trim(),
  ];
  const own = join === '' ? '' : 'read -r wt_own wt_rest < /proc/self/stat && ';
  return `${own}${join}exec ${command.map(shellWord).join(' ')}`;
}

async function untilStarted(
  spawned: Spawned,
  cgroup: Cgroup,
  stdout: OutputPipe,
  stderr: OutputPipe,
): Promise<RunningContainer> {
  let isGone = false;
  const exited = spawned.exitCode.then((code) => {
    isGone = true;
    return exitOf(code, cgroup);
  });
  const { pid, why } = await progressOf(spawned, () => {
    // The container's side has them open now.
    stdout.closeWriter();
    stderr.closeWriter();
  });
  if (why !== undefined) {
    const words = await drain(stderr.reader);
    stdout.reader.destroy();
    await exited;
    throw new WavetankError('CONTAINER_CANNOT_RUN', [why, words].filter(Boolean).join(': '));
  }
  return {
    pid,
    stdout: stdout.reader,
    stderr: stderr.reader,
    exited,
    signal(signal) {
      if (isGone) return;
      try {
        process.kill(pid, signal);
      } catch {
        // It ended in the meantime.
      }
    },
  };
}

/** What the start script says: `pid N`, then `go`, or `fail WHY`. */
async function progressOf(spawned: Spawned, onOpened: () => void): Promise<{ pid: number; why: string | undefined }> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  let pid = 0;
  spawned.onSaid((line) => {
    const [word = '', ...rest] = line.split(' ');
    if (word === 'pid') {
      pid = Number(rest[0]);
      onOpened();
    }
    if (word === 'go') resolve(undefined);
    if (word === 'fail') resolve(rest.join(' '));
  });
  void spawned.exitCode.then(() => {
    onOpened();
    resolve('the container could not be set up');
  });
  const why = await promise;
  return { pid, why };
}

const SIGKILL = os.signals.SIGKILL;

function exitOf(code: number, cgroup: Cgroup): ContainerExit {
  const signal = code > 128 && code <= 128 + 64 ? code - 128 : 0;
  const isKilled = signal === SIGKILL;
  const exit = {
    code,
    signal,
    oomKilled: isKilled && cgroup.oomKills() > 0,
    throttledPeriods: cgroup.throttledPeriods(),
  };
  cgroup.remove();
  return exit;
}

const MOST_WORDS = 2000;

async function drain(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream) text = `${text}${String(chunk)}`.slice(0, MOST_WORDS);
  return text.trim().replaceAll('\n', ' ');
}
