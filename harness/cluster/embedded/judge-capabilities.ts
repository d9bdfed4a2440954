import { messageOf } from '../../../core/errors.ts';
import type { Capability, ClusterCapabilities } from '../cluster.ts';
import { CAPABILITY_NAMES } from '../cluster.ts';
import type { ContainerExit, LauncherFacts } from './launcher/launcher.ts';

const MIB = 1024 * 1024;

/** What one probe container did. */
export interface Outcome {
  readonly exit: ContainerExit;
  readonly output: string;
  /** It took longer than it may and was killed: what it did not do shows nothing. */
  readonly isOver: boolean;
}

export interface Outcomes {
  readonly tried: Outcome;
  readonly memory: Outcome;
  readonly pids: Outcome;
  readonly cpu: Outcome;
  /** What the canary on this machine heard. */
  readonly reached: readonly string[];
}

export interface ProbeSizes {
  readonly uid: number;
  readonly volumeMib: number;
  readonly memoryMib: number;
  /** What the memory hog takes, and says when it got it. */
  readonly hogMib: number;
  readonly pids: number;
}

type Seen = Readonly<Record<string, string | number>>;

/** Says of each capability whether it held, and how that was seen. */
export function judge(outcomes: Outcomes, sizes: ProbeSizes, facts: LauncherFacts): ClusterCapabilities {
  const { tried, memory, pids, cpu, reached } = outcomes;
  const seen = parseSeen(tried.output);
  const because = seen['error'] === undefined ? '' : ` (${seen['error']})`;
  const refused = (key: string): boolean =>
    !['connected', 'sent', 'answered', 'written', undefined].includes(seen[key] as string | undefined);
  const network =
    reached.length === 0 && refused('loopback') && refused('outward') && refused('looked') && refused('abstract');
  const words = (...keys: string[]): string =>
    keys.map((key) => `${key}: ${seen[key] ?? 'not tried'}`).join(', ') + because;
  const isUser =
    seen['uid'] === sizes.uid &&
    ['EPERM', 'EINVAL'].includes(String(seen['becomeRoot'])) &&
    /^0+$/.test(String(seen['capabilities'])) &&
    Number(seen['noNewPrivileges']) === 1;
  const hasSeccomp = Number(seen['seccomp'] ?? 0) > 0;
  return {
    network: held(
      network,
      reached.length > 0
        ? `reached: ${reached.join(', ')}`
        : `a canary on this machine heard nothing (${words('loopback', 'outward', 'looked', 'abstract')})`,
    ),
    localhost: held(seen['local'] === 'own', `a connection of the pod to itself: ${seen['local'] ?? 'not tried'}`),
    memory: limit(
      memory,
      memory.output !== String(sizes.hogMib * MIB),
      `a process that took ${sizes.hogMib} MiB under a limit of ${sizes.memoryMib} MiB`,
      'was killed',
      facts.why,
    ),
    cpu: limit(
      cpu,
      cpu.exit.throttledPeriods > 0,
      'a busy loop under a limit of 0.1 cores',
      `was held back ${cpu.exit.throttledPeriods} times`,
      facts.why,
    ),
    pids: limit(
      pids,
      !pids.output.includes('all'),
      `starting ${sizes.pids * 3} processes under a limit of ${sizes.pids}`,
      'failed',
      facts.why,
    ),
    'volume-size': limit(
      tried,
      seen['volume'] === 'ENOSPC',
      `${sizes.volumeMib * 2} MiB on a volume of ${sizes.volumeMib} MiB`,
      `ended with ${seen['volume']} (${facts.sizedVolumes})`,
      facts.why,
    ),
    readonly: held(refused('readOnlyMount') && refused('readOnlyRoot'), words('readOnlyMount', 'readOnlyRoot')),
    user: held(isUser, words('uid', 'becomeRoot', 'capabilities', 'noNewPrivileges')),
    seccomp: hasSeccomp
      ? { enforcement: 'enforced', evidence: 'a filter is active in /proc/self/status' }
      : {
          enforcement: 'recorded',
          evidence: 'no filter: util-linux cannot load one; the profile is kept in the pod spec only',
        },
  };
}

function held(isHeld: boolean, evidence: string): Capability {
  return { enforcement: isHeld ? 'enforced' : 'absent', evidence };
}

/** A limit that does not hold is still in the pod spec. */
function limit(outcome: Outcome, isHeld: boolean, what: string, how: string, why: string): Capability {
  if (isHeld && !outcome.isOver) return { enforcement: 'enforced', evidence: `${what} ${how}` };
  const shown = outcome.isOver ? 'had not ended when its time was over' : 'went through';
  return { enforcement: 'recorded', evidence: `${what} ${shown} (${why})` };
}

/** What this launcher has no means for falls short on every start; what else does may be a busy machine's doing. */
export function fellShort(measured: ClusterCapabilities, facts: LauncherFacts): boolean {
  const beyond = new Set<string>(facts.cgroups === 'absent' ? ['seccomp', 'memory', 'cpu'] : ['seccomp']);
  return CAPABILITY_NAMES.some((name) => !beyond.has(name) && measured[name].enforcement !== 'enforced');
}

function parseSeen(output: string): Seen {
  try {
    return JSON.parse(output) as Seen;
  } catch (error) {
    return { error: `${messageOf(error)}: ${output.slice(0, 200)}` };
  }
}
