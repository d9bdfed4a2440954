import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { constants as os } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { WavetankError } from '../../../../core/errors.ts';
import type { Native } from '../../../../core/native.ts';
import { runningResource } from '../../../../core/resource.ts';
import { createFifoPool, runInChild } from './fifo-pool.ts';
import type { FifoPool } from './fifo-pool.ts';
import type { BackedVolume, ContainerSpec, Launcher, LauncherFacts, PodSandbox, RunningContainer } from './launcher.ts';
import type { Journal } from './journal.ts';
import { sourceOf } from './container-root.ts';
import { TOOL_ENV, findTool, isExecutable } from './tools.ts';

export interface NoIsolationOptions {
  readonly native: Native;
  readonly runtimeDir: string;
  /** Why nothing better is used. */
  readonly why: string;
  readonly journal?: Journal;
}

/**
 * Plain processes, for machines that refuse namespaces. Nothing is kept apart, and `facts` says so. A container's
 * mounts become a directory per container, and paths in its command, arguments and environment that name a mount are
 * turned into paths below that directory.
 */
export async function startNoIsolationLauncher(options: NoIsolationOptions): Promise<Launcher> {
  const { native, runtimeDir } = options;
  for (const dir of ['pods', 'volumes', 'fifo']) mkdirSync(join(runtimeDir, dir), { recursive: true, mode: 0o700 });
  const fifos = createFifoPool(runInChild(native), join(runtimeDir, 'fifo'));
  const running = new Set<RunningContainer>();
  const facts: LauncherFacts = {
    isolated: false,
    users: 'own',
    cgroups: 'absent',
    sizedVolumes: 'absent',
    why: options.why,
  };
  return runningResource(
    {
      kind: 'none' as const,
      facts,
      runtimeDir,
      own: () => undefined,
      expose: async (path: string) => path,
      createVolume: async (spec): Promise<BackedVolume> => {
        const path = join(runtimeDir, 'volumes', spec.id);
        mkdirSync(path);
        return {
          path,
          setGroup: async () => undefined,
          remove: async () => rmSync(path, { recursive: true, force: true }),
        };
      },
      createPodSandbox: async (spec): Promise<PodSandbox> => {
        const dir = join(runtimeDir, 'pods', spec.id);
        mkdirSync(dir);
        return {
          dir,
          ip: '127.0.0.1',
          enterNetwork: undefined,
          createMessageFile(name) {
            const path = join(dir, `message-${name}`);
            writeFileSync(path, '');
            return { path, read: () => readFileSync(path).subarray(0, LONGEST_MESSAGE).toString('utf8') };
          },
          startContainer: async (container) => {
            const started = await startPlainProcess(native, fifos, dir, container);
            options.journal?.addProcess(started.pid);
            running.add(started);
            void started.exited.then(() => running.delete(started));
            return started;
          },
          remove: async () => rmSync(dir, { recursive: true, force: true }),
        };
      },
    } satisfies Omit<Launcher, 'stop' | typeof Symbol.asyncDispose>,
    async () => {
      for (const container of running) container.signal('SIGKILL');
      await Promise.all([...running].map((container) => container.exited));
      for (const entry of readdirSync(join(runtimeDir, 'fifo'))) rmSync(join(runtimeDir, 'fifo', entry));
    },
  );
}

const LONGEST_MESSAGE = 4096;

async function startPlainProcess(
  native: Native,
  fifos: FifoPool,
  podDir: string,
  spec: ContainerSpec,
): Promise<RunningContainer> {
  const root = join(podDir, spec.id);
  const paths = layOutPaths(root, spec);
  const translate = (word: string): string => translated(word, paths);
  const argv = spec.argv.map(translate);
  refuseFixedPaths(argv, spec);
  const env = Object.fromEntries(Object.entries(spec.env).map(([name, value]) => [name, translate(value)]));
  const program = programPath(argv[0] ?? '', spec);
  const [stdout, stderr] = await Promise.all([fifos.take(), fifos.take()]);
  // setpriv makes the process die with the harness; where it is missing, the janitor finds it at the next start.
  const setpriv = findTool('setpriv');
  const command = [
    ...(setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL', '--no-new-privs', '--']),
    program,
    ...argv.slice(1),
  ];
  const [file = '', ...args] = command;
  const child = native.spawn(file, args, {
    cwd: translate(spec.workingDir) === spec.workingDir ? root : translate(spec.workingDir),
    env: { ...env, PATH: searchPath(env['PATH'] ?? TOOL_ENV['PATH'] ?? '', spec), ...volumePaths(paths) },
    stdio: ['ignore', stdout.writeFd, stderr.writeFd],
    detached: true,
  });
  stdout.closeWriter();
  stderr.closeWriter();
  const { promise: exited, resolve } = Promise.withResolvers<Awaited<RunningContainer['exited']>>();
  const failed = Promise.withResolvers<never>();
  child.once('error', (error) => failed.reject(new WavetankError('CONTAINER_CANNOT_RUN', error.message)));
  const signal = (name: 'SIGTERM' | 'SIGKILL'): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, name);
    } catch {
      // The group is gone.
    }
  };
  child.once('exit', (code, name) => {
    const number = name === null ? 0 : os.signals[name];
    // What its children left running in its group ends with it, as in a container.
    signal('SIGKILL');
    resolve({ code: code ?? 128 + number, signal: number, oomKilled: false, throttledPeriods: 0 });
  });
  if (child.pid === undefined) await failed.promise;
  return { pid: child.pid ?? 0, stdout: stdout.reader as Readable, stderr: stderr.reader as Readable, exited, signal };
}

/** Mount path in the container → path on this machine, longest first. */
type Paths = readonly (readonly [string, string])[];

function layOutPaths(root: string, spec: ContainerSpec): Paths {
  mkdirSync(root, { recursive: true });
  const paths: [string, string][] = [];
  for (const mount of spec.image.mounts) if (!isSystem(mount.target)) paths.push([mount.target, mount.source]);
  for (const mount of spec.mounts) {
    const source = sourceOf(mount);
    if (mount.subPath !== undefined && !existsSync(source)) mkdirSync(source, { recursive: true });
    const here = join(root, mount.target);
    mkdirSync(dirname(here), { recursive: true });
    if (mount.ownTmpfs) mkdirSync(here, { recursive: true });
    else if (mount.isFile) copyOrLink(source, here);
    else symlinkSync(source, here);
    paths.push([mount.target, here]);
  }
  return paths.toSorted((a, b) => b[0].length - a[0].length);
}

function copyOrLink(source: string, target: string): void {
  if (source.includes('/message-')) symlinkSync(source, target);
  else copyFileSync(source, target);
}

function isSystem(target: string): boolean {
  return /^\/(?:usr|etc|lib|bin|sbin)(?:\/|$)/.test(target);
}

/** A word that is a mounted path, or starts with one, or is NAME=path. */
function translated(word: string, paths: Paths): string {
  for (const [target, here] of paths) {
    if (word === target || word.startsWith(`${target}/`)) return here + word.slice(target.length);
  }
  return word;
}

/** A path buried in a script cannot be turned into another one; saying so beats a program that finds nothing. */
function refuseFixedPaths(argv: readonly string[], spec: ContainerSpec): void {
  for (const { target } of spec.mounts) {
    if (target === '/tmp' || target.startsWith('/dev/')) continue;
    const isFixed = argv.some(
      (word) =>
        !word.startsWith('/') &&
        new RegExp(`(?<![\\w/.-])${target.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-])`).test(word),
    );
    if (isFixed) {
      throw new WavetankError(
        'CONTAINER_CANNOT_RUN',
        `the command insists on the absolute path ${target}, which needs a mount namespace`,
        {
          hint: 'Use the paths in VOLUME, INPUTS and OUTPUTS, or run on a machine that allows user namespaces.',
        },
      );
    }
  }
}

/** Where a folder of the search path is one of the image, that one before this machine's: its `node` may be another one, or none. */
function searchPath(path: string, { image }: ContainerSpec): string {
  const sources = new Map(image.mounts.map(({ target, source }) => [target, source]));
  return path
    .split(':')
    .flatMap((folder) => [sources.get(folder) ?? folder, folder])
    .filter((folder, index, all) => all.indexOf(folder) === index)
    .join(':');
}

/** The image's own programs before the system's. */
function programPath(program: string, spec: ContainerSpec): string {
  if (program.includes('/')) return program;
  const bins = spec.image.mounts.filter(({ target }) => target.endsWith('/bin')).map(({ source }) => source);
  return bins.map((dir) => join(dir, program)).find(isExecutable) ?? findTool(program) ?? program;
}

const VOLUME_VARIABLES: Readonly<Record<string, string>> = {
  inputs: 'INPUTS',
  outputs: 'OUTPUTS',
  ddos: 'DDOS',
  transformations: 'TRANSFORMATIONS',
  logs: 'LOGS',
};

/** Where the job's folders are, for programs that ask instead of assuming. */
function volumePaths(paths: Paths): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [target, here] of paths) {
    const name = VOLUME_VARIABLES[target.split('/').pop() ?? ''];
    if (name === undefined || !target.startsWith('/data/')) continue;
    found[name] = here;
    found['VOLUME'] = dirname(here);
  }
  const whole = paths.find(([target]) => target === '/data');
  return whole ? { VOLUME: whole[1], ...found } : found;
}
