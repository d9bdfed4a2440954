import { chmodSync, chownSync, copyFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { WavetankError } from '../../../../core/errors.ts';
import type { Native } from '../../../../core/native.ts';
import type { CommandShell } from './command-shell.ts';
import { COMMAND_LOOP, startCommandShell } from './command-shell.ts';
import type { SpawnShell } from './spawn-shell.ts';
import { startSpawnShell } from './spawn-shell.ts';
import { needTool, shellWord } from './tools.ts';

/** The host's ids that containers' 0 to 65535 become when the harness runs as root: nobody's. */
const HOST_ID_BASE = 1_500_000_000;
const ID_COUNT = 65_536;

/**
 * The "machine" that all pods of one harness run on: a user, mount and PID namespace of its own. Its first process
 * is a shell that reads from the harness; when the harness dies, however it dies, the pipe closes, the shell ends,
 * and the kernel kills every process and drops every mount in it.
 */
export interface SandboxNode {
  readonly pid: number;
  readonly users: 'range' | 'one';
  /** Root of the namespace: tmpfs, network namespaces, subdirectories. */
  readonly inside: CommandShell;
  /** Real root in the same mount table: ext4, host paths that others may not enter. Absent for an ordinary user. */
  readonly asRoot: CommandShell | undefined;
  /** Forks containers. */
  readonly spawner: SpawnShell;
  /** A host path as mounts inside can reach it. */
  expose(path: string): Promise<string>;
  own(path: string, uid: number, gid: number): void;
  /** A command prefix that enters the node's namespaces. */
  readonly enter: readonly string[];
  stop(): Promise<void>;
}

/** @throws WavetankError SANDBOX_GONE, TOOL_MISSING when the machine does not let us. */
export async function startSandboxNode(native: Native, runtimeDir: string, isRoot: boolean): Promise<SandboxNode> {
  const namespaces = ['--user', '--mount', '--pid', '--fork', '--kill-child', '--keep-caps'];
  const loop = `read -r wt_go; ${isRoot ? `exec ${needTool('setpriv')} --reuid 0 --regid 0 --clear-groups ` : 'exec '}/bin/sh -c "$1"`;
  const hello = 'read -r wt_pid wt_rest < /proc/self/stat; echo "pid $wt_pid"; ';
  const map = isRoot ? [] : ['--map-root-user'];
  const argv = [needTool('unshare'), ...namespaces, ...map, '--', '/bin/sh', '-c', hello + loop, 'sh', COMMAND_LOOP];
  const inside = startCommandShell(native, argv);
  const pid = Number((await inside.greeting()).split(' ')[1]);
  if (isRoot) {
    for (const kind of ['uid', 'gid']) writeFileSync(`/proc/${pid}/${kind}_map`, `0 ${HOST_ID_BASE} ${ID_COUNT}\n`);
  }
  inside.say('go');
  const nsenter = needTool('nsenter');
  const asRoot = isRoot
    ? startCommandShell(native, [nsenter, `--mount=/proc/${pid}/ns/mnt`, '/bin/sh', '-c', COMMAND_LOOP])
    : undefined;
  const spawner = startSpawnShell(native, isRoot ? [nsenter, `--mount=/proc/${pid}/ns/mnt`] : []);
  const own = (path: string, uid: number, gid: number): void => {
    if (isRoot) chownSync(path, HOST_ID_BASE + uid, HOST_ID_BASE + gid);
  };
  // A range of users needs no second user namespace per container, so none may be made at all.
  await inside.run(isRoot ? 'echo 0 > /proc/sys/user/max_user_namespaces' : 'true');
  const exposed = new Map<string, Promise<string>>();
  return {
    pid,
    users: isRoot ? 'range' : 'one',
    inside,
    asRoot,
    spawner,
    own,
    expose(path) {
      if (!asRoot || isPublic(path)) return Promise.resolve(path);
      const known = exposed.get(path);
      if (known) return known;
      const exposing = exposeAsRoot(asRoot, path, `${runtimeDir}/host/${exposed.size}`);
      exposed.set(path, exposing);
      return exposing;
    },
    // One user is 0 inside already, and may not call setgroups.
    enter: [
      nsenter,
      ...(isRoot ? [] : ['--preserve-credentials']),
      `--user=/proc/${pid}/ns/user`,
      `--mount=/proc/${pid}/ns/mnt`,
      `--pid=/proc/${pid}/ns/pid`,
    ],
    async stop() {
      // With the first process of its PID namespace everything in the node ends.
      await Promise.all([inside.stop(), asRoot?.stop()]);
      await spawner.stop();
    },
  };
}

/** Paths that any user may enter need no help. */
function isPublic(path: string): boolean {
  const parts = path.split('/').slice(1);
  return parts.every((_part, index) => (statSync(`/${parts.slice(0, index + 1).join('/')}`).mode & 0o005) === 0o005);
}

async function exposeAsRoot(asRoot: CommandShell, path: string, point: string): Promise<string> {
  const source = statSync(path);
  const isDirectory = source.isDirectory();
  // As an installation under a strict umask leaves it. A mount would keep the mode, and pods run as others.
  if (isForOwnerOnly(source.mode)) {
    if (isDirectory) throw notForOthers(path);
    copyFileSync(path, point);
    chmodSync(point, 0o755);
    return point;
  }
  if (isDirectory) mkdirSync(point);
  else writeFileSync(point, '');
  await asRoot.run(`mount -n --bind ${shellWord(path)} ${shellWord(point)}`);
  return point;
}

function notForOthers(path: string): WavetankError {
  const hint = `chmod o+rx ${shellWord(path)}`;
  return new WavetankError('CONTAINER_CANNOT_RUN', `${path} is for its owner only, and containers run as others`, {
    hint,
  });
}

/** Its owner may read or run it, and others may not. */
function isForOwnerOnly(mode: number): boolean {
  return ((mode >> 6) & 0o5 & ~mode) !== 0;
}

/** By the packages that bring them, as Debian calls those. */
export const TOOLS_OF_THE_NODE: Readonly<Record<string, readonly string[]>> = {
  'util-linux': ['unshare', 'nsenter', 'setpriv', 'pivot_root'],
  mount: ['mount', 'umount'],
  coreutils: ['mkfifo', 'timeout'],
  hostname: ['hostname'],
  iproute2: ['ip'],
};
