import { mkdirSync, writeFileSync } from 'node:fs';
import { constants as os } from 'node:os';
import type { Readable } from 'node:stream';
import type { ChildProcess } from 'node:child_process';
import { WavetankError } from '../../../../core/errors.ts';
import type { Native } from '../../../../core/native.ts';
import type { Cgroup, Cgroups } from './cgroups.ts';
import { layOutRoot, mountTable } from './container-root.ts';
import type { FifoPool, OutputPipe } from './fifo-pool.ts';
import type { ContainerExit, ContainerSpec, LauncherFacts, RunningContainer } from './launcher.ts';
import type { SandboxNode } from './sandbox-node.ts';
import { environmentFile, startScript } from './start-script.ts';
import { TOOL_ENV, findTool, inheritableDescriptors, needTool, shellWord } from './tools.ts';

export interface Surroundings {
  readonly native: Native;
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
  try {
    const child = spawnStart(around, cgroup, script, stdout, stderr);
    return await untilStarted(child, cgroup, stdout, stderr, around.cgroups.version);
  } catch (error) {
    cgroup.remove();
    throw error;
  }
}

async function exposeAll(node: SandboxNode, spec: ContainerSpec): Promise<ContainerSpec['image']['mounts']> {
  return Promise.all(spec.image.mounts.map(async (mount) => ({ ...mount, source: await node.expose(mount.source) })));
}

/** Writes what the start needs; only root of the node may read it, since the environment holds secrets. */
function layOut(around: Surroundings, spec: ContainerSpec, dir: string): string {
  mkdirSync(dir, { mode: 0o711 });
  const [root, skeleton] = [`${dir}/root`, spec.readOnlyRoot ? `${dir}/root` : `${dir}/skeleton`];
  mkdirSync(root, { mode: 0o755 });
  layOutRoot(skeleton, spec);
  const files = { fstab: `${dir}/fstab`, envFile: `${dir}/env`, script: `${dir}/start` };
  writeFileSync(files.fstab, mountTable(root, spec, around.flagsOf), { mode: 0o600 });
  writeFileSync(files.envFile, environmentFile(spec.env), { mode: 0o600 });
  const script = {
    root,
    skeleton,
    fstab: files.fstab,
    envFile: files.envFile,
    hostname: around.hostname,
    users: around.users,
    spec,
  };
  writeFileSync(files.script, startScript(script), { mode: 0o600 });
  for (const file of Object.values(files)) around.node.own(file, 0, 0);
  return files.script;
}

function spawnStart(
  around: Surroundings,
  cgroup: Cgroup,
  script: string,
  stdout: OutputPipe,
  stderr: OutputPipe,
): ChildProcess {
  const surplus = inheritableDescriptors();
  const shell = surplus.some((fd) => fd > 9) ? (findTool('bash') ?? '/bin/sh') : '/bin/sh';
  const join = cgroup.procsFiles.map((file) => `echo $$ > ${shellWord(file)} && `).join('');
  const close = surplus
    .filter((fd) => fd > 3)
    .map((fd) => `exec ${fd}>&-; `)
    .join('');
  // Not `unshare --fork`: some versions forget that the child was killed. timeout (with none) forks the first
  // process of the new PID namespace and ends as it ended.
  const unshare = [
    needTool('unshare'),
    '--mount',
    '--pid',
    '--cgroup',
    '--',
    needTool('timeout'),
    '--foreground',
    '0',
    '/bin/sh',
    script,
  ];
  const command = [...around.node.enter, ...around.enter, '--', ...unshare];
  try {
    return around.native.spawn(shell, ['-c', `${close}${join}exec "$@"`, 'sh', ...command], {
      stdio: ['ignore', stdout.writeFd, stderr.writeFd, 'pipe'],
      env: TOOL_ENV,
      cwd: '/',
    });
  } finally {
    stdout.closeWriter();
    stderr.closeWriter();
  }
}

async function untilStarted(
  child: ChildProcess,
  cgroup: Cgroup,
  stdout: OutputPipe,
  stderr: OutputPipe,
  cgroupVersion: string,
): Promise<RunningContainer> {
  const exited = exitOf(child, cgroup, cgroupVersion);
  const { pid, why } = await progressOf(child);
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
      if (child.exitCode !== null || child.signalCode !== null) return;
      try {
        process.kill(pid, signal);
      } catch {
        // It ended in the meantime.
      }
    },
  };
}

/** Reads the start script's descriptor 3: `pid N`, then `go`, or `fail WHY`. */
function progressOf(child: ChildProcess): Promise<{ pid: number; why: string | undefined }> {
  const { promise, resolve } = Promise.withResolvers<{ pid: number; why: string | undefined }>();
  let text = '';
  const pidIn = (): number => Number(/^pid (\d+)$/m.exec(text)?.[1] ?? 0);
  const pipe = child.stdio[3] as Readable;
  pipe.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (/^go$/m.test(text)) resolve({ pid: pidIn(), why: undefined });
  });
  pipe.once('close', () =>
    resolve({ pid: pidIn(), why: /^fail (.*)$/m.exec(text)?.[1] ?? 'the container could not be set up' }),
  );
  child.once('error', (error) => resolve({ pid: 0, why: error.message }));
  return promise;
}

function exitOf(child: ChildProcess, cgroup: Cgroup, cgroupVersion: string): Promise<ContainerExit> {
  return new Promise((resolve) => {
    const settle = (code: number | null, signal: NodeJS.Signals | null): void => {
      const number = signal === null ? 0 : os.signals[signal];
      const oomKilled = cgroupVersion !== 'absent' && cgroup.oomKills() > 0;
      const throttledPeriods = cgroup.throttledPeriods();
      cgroup.remove();
      resolve({
        code: code ?? 128 + number,
        signal: number,
        oomKilled: oomKilled && (number === 9 || code === 137),
        throttledPeriods,
      });
    };
    child.once('exit', settle);
    child.once('error', () => settle(128, null));
  });
}

const MOST_WORDS = 2000;

async function drain(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream) text = `${text}${String(chunk)}`.slice(0, MOST_WORDS);
  return text.trim().replaceAll('\n', ' ');
}
