import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createNative } from '../../../../core/native.ts';
import { ResourceStack } from '../../../../core/resource.ts';
import { chooseLauncher } from './choose-launcher.ts';
import { claimDirectory } from './strays.ts';
import type { ContainerExit, ContainerSpec, Launcher, LauncherKind, PodSandbox, RunningContainer } from './launcher.ts';

export interface Bench extends AsyncDisposable {
  readonly launcher: Launcher;
  readonly dir: string;
  pod(): Promise<PodSandbox>;
  run(
    script: string,
    extra?: Partial<ContainerSpec>,
    pod?: PodSandbox,
  ): Promise<ContainerExit & { stdout: string; stderr: string }>;
  start(spec: Partial<ContainerSpec>, pod?: PodSandbox): Promise<RunningContainer>;
}

let made = 0;

/** A launcher in a directory of its own, for tests. */
export async function startBench(want?: LauncherKind): Promise<Bench> {
  const stack = new ResourceStack();
  const dir = mkdtempSync(join(tmpdir(), 'wt-'));
  claimDirectory(dir);
  chmodSync(dir, 0o711);
  stack.defer('directory', () => rmSync(dir, { recursive: true, force: true }));
  const instance = `test${process.pid}x${made++}`;
  const launcher = await stack.start('launcher', () =>
    chooseLauncher({ native: createNative(), instance, runtimeDir: dir, ...(want === undefined ? {} : { want }) }),
  );
  let pods = 0;
  let containers = 0;
  let shared: Promise<PodSandbox> | undefined;
  const pod = (): Promise<PodSandbox> => launcher.createPodSandbox({ id: `pod${pods++}`, hostname: `pod-${pods}` });
  const start: Bench['start'] = async (spec, on) => {
    const target = on ?? (await (shared ??= pod()));
    return target.startContainer({ ...shellContainer(`c${containers++}`), ...spec });
  };
  return {
    launcher,
    dir,
    pod,
    start,
    async run(script, extra, on) {
      const container = await start({ argv: ['/bin/sh', '-c', script], ...extra }, on);
      const [stdout, stderr, exit] = await Promise.all([
        text(container.stdout),
        text(container.stderr),
        container.exited,
      ]);
      return { ...exit, stdout: stdout.trim(), stderr: stderr.trim() };
    },
    [Symbol.asyncDispose]: () => stack.stop(),
  };
}

export function shellContainer(id: string): ContainerSpec {
  return {
    id,
    argv: ['/bin/sh'],
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    workingDir: '/',
    uid: 1000,
    gid: 1000,
    groups: [],
    image: {
      mounts: [{ source: '/usr', target: '/usr' }],
      links: { '/bin': 'usr/bin', '/sbin': 'usr/sbin', '/lib': 'usr/lib', '/lib64': 'usr/lib64' },
    },
    readOnlyRoot: true,
    noNewPrivileges: true,
    etc: { passwd: 'user:x:1000:1000::/tmp:/bin/sh\n' },
    mounts: [],
    limits: { memoryBytes: undefined, cpuMillis: undefined, pids: 64, openFiles: 256, scratchBytes: 4 * 1024 * 1024 },
  };
}
