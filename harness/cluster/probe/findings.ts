import { z } from 'zod';
import type { Capability, ClusterCapabilities } from '../cluster.ts';

/** What a probe pod wrote about itself. */
export const triedSchema = z.object({
  targets: z.record(z.string(), z.object({ word: z.string(), deniedAfterMs: z.number().nullable() })),
  local: z.string(),
  uid: z.number(),
  becomeRoot: z.string(),
  capabilities: z.string().optional(),
  noNewPrivileges: z.string().optional(),
  seccomp: z.string().optional(),
  readOnlyRoot: z.string(),
  readOnlyMount: z.string().optional(),
  volume: z.string().optional(),
});
export type Tried = z.infer<typeof triedSchema>;

/** Everything that the probe pods showed; undefined where one did not end as it should, with the reason beside it. */
export interface Findings {
  /** Behind a policy that denies everything. */
  readonly restricted: Tried | undefined;
  /** The same attempts without a policy. */
  readonly control: Tried | undefined;
  readonly memory: { readonly isOomKilled: boolean; readonly said: string };
  /** Null where the pod cannot see its own control group. */
  readonly throttledPeriods: number | null | undefined;
  readonly pids: { readonly startedAll: boolean; readonly said: string };
  readonly problems: Readonly<Record<string, string>>;
}

export interface ProbeSizes {
  readonly uid: number;
  readonly processes: number;
  readonly volumeMib: number;
  readonly memoryMib: number;
}

/** Says of each capability whether it held, and how that was seen. */
export function judge(findings: Findings, sizes: ProbeSizes): ClusterCapabilities {
  const { restricted, throttledPeriods, memory, pids, problems } = findings;
  const problem = (...names: string[]): string => names.flatMap((name) => problems[name] ?? []).join('; ');
  if (restricted === undefined) return none(`the probe pod gave no answer: ${problem('restricted')}`);
  return {
    network: network(findings),
    localhost: held(restricted.local === 'own', `a connection of the pod to itself: ${restricted.local}`),
    memory: limit(
      memory.isOomKilled,
      `a container that took more than its limit of ${sizes.memoryMib} MiB was OOMKilled`,
      `a container took more than its limit of ${sizes.memoryMib} MiB (${memory.said || problem('limits')})`,
    ),
    cpu: limit(
      (throttledPeriods ?? 0) > 0,
      `a busy loop under a limit of 0.2 cores was held back ${throttledPeriods} times`,
      throttledPeriods === null
        ? 'the pod does not see its control group'
        : `a busy loop under a limit of 0.2 cores was not held back (${problem('limits')})`,
    ),
    pids: limit(
      !pids.startedAll && problems['pids'] === undefined,
      `a pod could not start ${sizes.processes} processes`,
      `a pod started ${sizes.processes} processes (${problem('pids') || "the node's podPidsLimit allows it"})`,
    ),
    'volume-size': limit(
      restricted.volume === 'ENOSPC' || restricted.volume === 'EDQUOT',
      `${sizes.volumeMib * 2} MiB on a volume of ${sizes.volumeMib} MiB ended with ${restricted.volume}`,
      `${sizes.volumeMib * 2} MiB on a volume of ${sizes.volumeMib} MiB: ${restricted.volume ?? 'not tried'}`,
    ),
    readonly: held(
      restricted.readOnlyRoot === 'EROFS' && restricted.readOnlyMount === 'EROFS',
      `writing to the root: ${restricted.readOnlyRoot}, to a read-only volume: ${restricted.readOnlyMount ?? 'not tried'}`,
    ),
    user: user(restricted, sizes.uid),
    seccomp: held(
      Number(restricted.seccomp ?? 0) > 0,
      `Seccomp: ${restricted.seccomp ?? 'unknown'} in /proc/self/status`,
    ),
  };
}

/** Enforced when nothing was reached that a pod without a policy does reach, and something of each kind was. */
function network({ restricted, control, problems }: Findings): Capability {
  if (control === undefined)
    return { enforcement: 'absent', evidence: `there was no control: ${problems['control'] ?? ''}` };
  const names = Object.keys(restricted?.targets ?? {});
  const isReached = (tried: Tried | undefined, name: string): boolean => tried?.targets[name]?.word === 'reached';
  const proven = names.filter((name) => isReached(control, name));
  const reached = names.filter((name) => isReached(restricted, name));
  if (reached.length > 0) {
    const rest = proven.filter((name) => !reached.includes(name));
    return {
      enforcement: 'absent',
      evidence: `behind a policy that denies everything a pod still reached: ${reached.join(', ')}${rest.length > 0 ? `; refused: ${rest.join(', ')}` : ''}`,
    };
  }
  if (proven.length === 0)
    return {
      enforcement: 'absent',
      evidence: 'nothing could be reached without a policy either, so nothing is proven',
    };
  const slowest = Math.max(...proven.map((name) => restricted?.targets[name]?.deniedAfterMs ?? 0));
  const others = names.filter((name) => !proven.includes(name));
  return {
    enforcement: 'enforced',
    evidence:
      `a policy that denies everything cut off ${proven.join(', ')}; without it they were reached. In force ${slowest} ms after the pod began` +
      (others.length > 0 ? `. Reached by nobody: ${others.join(', ')}` : ''),
  };
}

function user({ uid, becomeRoot, capabilities, noNewPrivileges }: Tried, asked: number): Capability {
  const isHeld =
    uid === asked &&
    ['EPERM', 'EINVAL'].includes(becomeRoot) &&
    /^0+$/.test(capabilities ?? '') &&
    noNewPrivileges === '1';
  return held(
    isHeld,
    `uid ${uid}, setuid(0): ${becomeRoot}, capabilities: ${capabilities ?? 'unknown'}, NoNewPrivs: ${noNewPrivileges ?? 'unknown'}`,
  );
}

function held(isHeld: boolean, evidence: string): Capability {
  return { enforcement: isHeld ? 'enforced' : 'absent', evidence };
}

/** A limit that does not hold is still in the pod's spec. */
function limit(isHeld: boolean, how: string, otherwise: string): Capability {
  return isHeld ? { enforcement: 'enforced', evidence: how } : { enforcement: 'recorded', evidence: otherwise };
}

function none(why: string): ClusterCapabilities {
  const absent: Capability = { enforcement: 'absent', evidence: why };
  return {
    network: absent,
    localhost: absent,
    memory: absent,
    cpu: absent,
    pids: absent,
    'volume-size': absent,
    readonly: absent,
    user: absent,
    seccomp: absent,
  };
}
