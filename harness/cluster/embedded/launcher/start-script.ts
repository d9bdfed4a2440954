import type { ContainerSpec, LauncherFacts } from './launcher.ts';
import { execWithEnvironment } from './environment-script.ts';
import { checkSubPaths, prepareSubPaths } from './sub-paths.ts';
import { shellWord } from './tools.ts';

export interface StartScript {
  readonly root: string;
  /** The laid-out root to copy from, when the root itself is a writable tmpfs. */
  readonly skeleton: string;
  readonly fstab: string;
  readonly envFile: string;
  readonly hostname: string;
  readonly users: LauncherFacts['users'];
  readonly cgroups: LauncherFacts['cgroups'];
  readonly spec: ContainerSpec;
}

/**
 * What the first process of a container does before it becomes the container's program. It gets a prefix as its argument and
 * speaks on descriptor 3, prefix first:
 * `pid N` (as the host numbers it: /proc is still the host's), then `go`, or `fail WHY`.
 * Only standard output, standard error and an empty standard input are left to the program.
 */
export function startScript(options: StartScript): string {
  const { spec, root } = options;
  return `wt_event=$1; fail() { echo "$wt_event fail $1" >&3; exit 125; }
read -r wt_pid wt_rest < /proc/self/stat; echo "$wt_event pid $wt_pid" >&3
hostname ${shellWord(options.hostname)} || fail 'cannot set the host name'
${spec.readOnlyRoot ? '' : writableRoot(options)}${prepareSubPaths(spec.mounts, root)}exec 4< ${shellWord(options.envFile)}
mount -n -a -T ${shellWord(options.fstab)} || fail 'cannot mount'
${checkSubPaths(spec.mounts, root)}cd ${shellWord(root)} && pivot_root . . && umount -l . && cd / || fail 'cannot change the root'
cd ${shellWord(spec.workingDir)} || fail ${shellWord(`cannot change to the working directory ${spec.workingDir}`)}
ulimit -c 0; ulimit -n ${spec.limits.openFiles} || fail 'cannot set limits'
${options.users === 'range' ? processLimit(options, "fail 'cannot set limits'") : ''}
${programCheck(spec)}
${becomeUser(options)}
`;
}

function writableRoot(options: StartScript): string {
  const size = options.spec.limits.scratchBytes;
  return (
    `mount -n -t tmpfs -o size=${size},mode=755,nosuid,nodev tmpfs ${shellWord(options.root)} || fail 'cannot mount the root'\n` +
    `cp -a --no-preserve=ownership ${shellWord(options.skeleton)}/. ${shellWord(options.root)}/ || fail 'cannot fill the root'\n`
  );
}

/**
 * Only where no cgroup counts: this limit is on all processes of a user in a user namespace, so that a fork bomb would keep
 * other containers of its user from starting threads. A Node that gets none at its start waits for them for ever.
 * dash calls the limit -p, other shells -u.
 */
function processLimit({ cgroups, spec: { limits } }: StartScript, orElse: string): string {
  return cgroups === 'absent' ? `ulimit -p ${limits.pids} 2>/dev/null || ulimit -u ${limits.pids} || ${orElse}` : '';
}

/** Says in a runtime's words when there is no such program, instead of an exit code nobody can place. */
function programCheck(spec: ContainerSpec): string {
  const program = spec.argv[0] ?? '';
  const path = shellWord(spec.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin');
  const message = shellWord(`exec: ${JSON.stringify(program)}: executable file not found in $PATH`);
  return `wt_path=$PATH; PATH=${path}; command -v ${shellWord(program)} >/dev/null || fail ${message}; PATH=$wt_path`;
}

const DROP = '--inh-caps=-all --ambient-caps=-all --bounding-set=-all';

function becomeUser(options: StartScript): string {
  const { spec, users } = options;
  const program = spec.argv.map(shellWord).join(' ');
  const privileges = spec.noNewPrivileges ? '--no-new-privs ' : '';
  const last = `/bin/sh -c ${shellWord(execWithEnvironment(spec.env))} sh ${program}`;
  if (users === 'range') {
    const groups = spec.groups.length > 0 ? `--groups ${spec.groups.join(',')}` : '--clear-groups';
    return `echo "$wt_event go" >&3\nexec setpriv --reuid ${spec.uid} --regid ${spec.gid} ${groups} ${DROP} ${privileges}-- ${last} 3>&-`;
  }
  // One user is all that this namespace may have: a second one inside shows it under the number that was asked for.
  const limit = processLimit(options, 'exit 125');
  const inner = `echo 0 > /proc/sys/user/max_user_namespaces; ${limit === '' ? '' : `${limit}; `}exec setpriv ${DROP} ${privileges}-- ${last}`;
  const map = `--map-user=${spec.uid} --map-group=${spec.gid}`;
  return `echo "$wt_event go" >&3\nexec unshare --user ${map} --keep-caps -- /bin/sh -c ${shellWord(inner)} 3>&-`;
}
