import type {
  Container,
  ContainerState,
  ContainerStatus,
  Pod,
  PodCondition,
  PodPhase,
  PodStatus,
  RestartPolicy,
} from './pod-types.ts';

/** What the kubelet knows of one container. Replaced, never changed in place. */
export interface ContainerRecord {
  readonly state: ContainerState;
  readonly lastState: ContainerState;
  readonly restartCount: number;
  readonly imageId: string;
  readonly containerId: string | undefined;
}

export interface PodRecord {
  readonly init: ReadonlyMap<string, ContainerRecord>;
  readonly main: ReadonlyMap<string, ContainerRecord>;
  /** The sandbox exists. */
  readonly hasSandbox: boolean;
  readonly podIp: string | undefined;
  readonly hostIp: string;
  readonly startTime: string;
  /** Set when the pod as a whole was ended: a deadline, an unsupported spec. */
  readonly verdict: { readonly reason: string; readonly message: string } | undefined;
  /** Nothing of a deleted pod runs or will run any more. */
  readonly isEnded: boolean;
}

export const NEW_CONTAINER: ContainerRecord = {
  state: { waiting: { reason: 'ContainerCreating' } },
  lastState: {},
  restartCount: 0,
  imageId: '',
  containerId: undefined,
};

/** Pure: the status that the record means. `previous` keeps what others wrote and the times of old transitions. */
export function podStatus(pod: Pod, record: PodRecord, previous: PodStatus | undefined, now: string): PodStatus {
  const phase = phaseOf(pod, record);
  const ips = record.podIp === undefined ? {} : { podIP: record.podIp, podIPs: [{ ip: record.podIp }] };
  const inits = pod.spec.initContainers ?? [];
  return {
    ...previous,
    ...observedBy(pod),
    phase,
    ...record.verdict,
    conditions: conditionsOf(pod, record, phase, previous?.conditions ?? [], now),
    hostIP: record.hostIp,
    hostIPs: [{ ip: record.hostIp }],
    ...ips,
    startTime: record.startTime,
    qosClass: previous?.qosClass ?? qosClassOf(pod),
    ...(inits.length > 0
      ? { initContainerStatuses: inits.map((container) => statusOf(container, record.init, true, true)) }
      : {}),
    containerStatuses: pod.spec.containers.map((container) =>
      statusOf(container, record.main, false, inits.length > 0),
    ),
  };
}

function statusOf(
  container: Container,
  records: ReadonlyMap<string, ContainerRecord>,
  isInit: boolean,
  hasInits: boolean,
): ContainerStatus {
  const record =
    records.get(container.name) ??
    (hasInits ? { ...NEW_CONTAINER, state: { waiting: { reason: 'PodInitializing' } } } : NEW_CONTAINER);
  const { state } = record;
  const hasSucceeded = state.terminated?.exitCode === 0;
  return {
    name: container.name,
    image: container.image,
    imageID: record.imageId,
    ...(record.containerId === undefined ? {} : { containerID: record.containerId }),
    // An init container is "ready" once it has done its work.
    ready: isInit ? hasSucceeded : state.running !== undefined,
    started: !isInit && state.running !== undefined,
    restartCount: record.restartCount,
    state,
    lastState: record.lastState,
  };
}

/** The phase as Kubernetes defines it. */
export function phaseOf(pod: Pod, record: PodRecord): PodPhase {
  const policy = pod.spec.restartPolicy ?? 'Always';
  const main = pod.spec.containers.map(({ name }) => record.main.get(name));
  const isBusy = [...record.main.values(), ...record.init.values()].some(({ state }) => state.running !== undefined);
  // A deadline counts once its containers are gone: a pod that still computes is not Failed.
  if (record.verdict) return isBusy ? 'Running' : 'Failed';
  if (record.isEnded)
    return main.every((container) => container?.state.terminated?.exitCode === 0) ? 'Succeeded' : 'Failed';
  const initFailed = [...record.init.values()].some(({ state }) => (state.terminated?.exitCode ?? 0) !== 0);
  if (initFailed && policy === 'Never') return 'Failed';
  const ended = main.filter((container) => container?.state.terminated !== undefined);
  if (ended.length === main.length && main.length > 0 && policy !== 'Always') {
    const failed = ended.some((container) => container?.state.terminated?.exitCode !== 0);
    if (!failed) return 'Succeeded';
    if (policy === 'Never') return 'Failed';
  }
  const hasStarted = main.some(
    (container) =>
      container && (container.state.running ?? container.state.terminated ?? container.lastState.terminated),
  );
  return hasStarted ? 'Running' : 'Pending';
}

function conditionsOf(
  pod: Pod,
  record: PodRecord,
  phase: PodPhase,
  previous: readonly PodCondition[],
  now: string,
): PodCondition[] {
  const isOver = phase === 'Succeeded' || phase === 'Failed';
  const inits = pod.spec.initContainers ?? [];
  const waitingInits = inits
    .filter(({ name }) => record.init.get(name)?.state.terminated?.exitCode !== 0)
    .map(({ name }) => name);
  const unready = pod.spec.containers
    .filter(({ name }) => !record.main.get(name)?.state.running)
    .map(({ name }) => name);
  const over =
    phase === 'Succeeded' ? { reason: 'PodCompleted' } : phase === 'Failed' ? { reason: 'PodFailed' } : undefined;
  const initialized: Fact =
    waitingInits.length === 0
      ? { status: 'True', ...(phase === 'Succeeded' ? { reason: 'PodCompleted' } : {}) }
      : {
          status: 'False',
          reason: 'ContainersNotInitialized',
          message: `containers with incomplete status: [${waitingInits.join(' ')}]`,
        };
  const ready: Fact =
    unready.length === 0 && !isOver
      ? { status: 'True' }
      : {
          status: 'False',
          ...(over ?? {
            reason: 'ContainersNotReady',
            message: `containers with unready status: [${unready.join(' ')}]`,
          }),
        };
  const own: readonly (readonly [string, Fact])[] = [
    ['PodReadyToStartContainers', { status: record.hasSandbox && !isOver ? 'True' : 'False' }],
    ['Initialized', initialized],
    ['Ready', ready],
    ['ContainersReady', ready],
  ];
  const names = new Set(own.map(([type]) => type));
  return [
    ...own.map(([type, fact]) => ({ ...withTransition(type, fact, previous, now), ...observedBy(pod) })),
    // A pod that is here was scheduled: that condition is the kubelet's too.
    ...previous
      .filter(({ type }) => !names.has(type))
      .map((condition) => (condition.type === 'PodScheduled' ? { ...condition, ...observedBy(pod) } : condition)),
  ];
}

/** Which version of the spec a status or a condition is about. */
function observedBy({ metadata: { generation } }: Pod): { observedGeneration?: number } {
  return generation === undefined ? {} : { observedGeneration: generation };
}

type Fact = Pick<PodCondition, 'status' | 'reason' | 'message'>;

function withTransition(type: string, fact: Fact, previous: readonly PodCondition[], now: string): PodCondition {
  const old = previous.find((condition) => condition.type === type);
  const isSame = old?.status === fact.status;
  return { type, ...fact, lastProbeTime: null, lastTransitionTime: isSame ? (old.lastTransitionTime ?? now) : now };
}

/** Guaranteed: limits for cpu and memory everywhere, requests equal to them. BestEffort: none at all. */
export function qosClassOf(pod: Pod): string {
  const resources = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].map(
    (container) => container.resources ?? {},
  );
  const count = ({
    limits = {},
    requests = {},
  }: {
    limits?: Record<string, string>;
    requests?: Record<string, string>;
  }): number => Object.keys({ ...limits, ...requests }).filter((name) => name === 'cpu' || name === 'memory').length;
  if (resources.every((each) => count(each) === 0)) return 'BestEffort';
  const isGuaranteed = resources.every(({ limits = {}, requests = {} }) =>
    ['cpu', 'memory'].every((name) => limits[name] !== undefined && (requests[name] ?? limits[name]) === limits[name]),
  );
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
}

/** Whether a container that ended is started again. An init container of an Always pod restarts on failure only. */
export function shouldRestart(policy: RestartPolicy, exitCode: number, isInit: boolean): boolean {
  if (policy === 'Never') return false;
  if (policy === 'OnFailure' || isInit) return exitCode !== 0;
  return true;
}

const FIRST_BACKOFF_MS = 10_000;
const LONGEST_BACKOFF_MS = 300_000;

/** The kubelet's own back-off: the first restart at once, then 10 s, doubling to 5 min. */
export function restartDelayMs(restartCount: number): number {
  return restartCount === 0 ? 0 : Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (restartCount - 1));
}
