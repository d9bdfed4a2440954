import { arrayAt, stringAt, valueAt } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import { ageOf } from './cell-text.ts';

const count = (value: unknown): number => (typeof value === 'number' ? value : 0);

export const podCells: Readonly<Record<string, (pod: KubeObject, now: number) => unknown>> = {
  Ready: (pod) => {
    const { ready } = summaryOf(pod);
    return `${ready}/${arrayAt(pod, 'spec', 'containers').length + sidecarNames(pod).size}`;
  },
  Status: (pod) => summaryOf(pod).text,
  Restarts: (pod, now) => {
    const { restarts, lastEnd } = summaryOf(pod);
    return restarts > 0 && lastEnd ? `${restarts} (${ageOf(lastEnd, now)} ago)` : String(restarts);
  },
  IP: (pod) => stringAt(pod, 'status', 'podIP') ?? '<none>',
  Node: (pod) => stringAt(pod, 'spec', 'nodeName') ?? '<none>',
  'Nominated Node': (pod) => stringAt(pod, 'status', 'nominatedNodeName') ?? '<none>',
  'Readiness Gates': (pod) => {
    const gates = arrayAt(pod, 'spec', 'readinessGates').map((gate) => stringAt(gate, 'conditionType'));
    if (gates.length === 0) return '<none>';
    const met = arrayAt(pod, 'status', 'conditions').filter(
      (condition) => gates.includes(stringAt(condition, 'type')) && stringAt(condition, 'status') === 'True',
    );
    return `${met.length}/${gates.length}`;
  },
};

/** What a row tells of a pod's containers. */
interface PodSummary {
  /** The most telling of phase, reason and container states. */
  readonly text: string;
  readonly ready: number;
  readonly restarts: number;
  /** When the last of the restarted containers ended. */
  readonly lastEnd: string | undefined;
}

interface InitSummary extends PodSummary {
  readonly isInitializing: boolean;
}

function summaryOf(pod: KubeObject): PodSummary {
  const init = initSummary(pod);
  const summary = !init.isInitializing || hasTrueCondition(pod, 'Initialized') ? mainSummary(pod, init) : init;
  if (pod.metadata.deletionTimestamp === undefined) return summary;
  if (stringAt(pod, 'status', 'reason') === 'NodeLost') return { ...summary, text: 'Unknown' };
  const hasEnded = ['Succeeded', 'Failed'].includes(stringAt(pod, 'status', 'phase') ?? '');
  return hasEnded ? summary : { ...summary, text: 'Terminating' };
}

function hasTrueCondition(pod: KubeObject, type: string): boolean {
  const conditions = arrayAt(pod, 'status', 'conditions');
  return conditions.some((entry) => stringAt(entry, 'type') === type && stringAt(entry, 'status') === 'True');
}

/** Init containers that go on running: they count among the containers of the pod. */
function sidecarNames(pod: KubeObject): ReadonlySet<string | undefined> {
  const sidecars = arrayAt(pod, 'spec', 'initContainers').filter(
    (entry) => stringAt(entry, 'restartPolicy') === 'Always',
  );
  return new Set(sidecars.map((entry) => stringAt(entry, 'name')));
}

function phaseText(pod: KubeObject): string {
  const isGated = arrayAt(pod, 'status', 'conditions').some(
    (entry) => stringAt(entry, 'type') === 'PodScheduled' && stringAt(entry, 'reason') === 'SchedulingGated',
  );
  if (isGated) return 'SchedulingGated';
  return stringAt(pod, 'status', 'reason') || (stringAt(pod, 'status', 'phase') ?? '');
}

/** As far as the init containers have come: up to the first that is not done. */
function initSummary(pod: KubeObject): InitSummary {
  const sidecars = sidecarNames(pod);
  const seen: unknown[] = [];
  let ready = 0;
  for (const [index, status] of arrayAt(pod, 'status', 'initContainerStatuses').entries()) {
    seen.push(status);
    if (valueAt(status, 'state', 'terminated', 'exitCode') === 0) continue;
    if (sidecars.has(stringAt(status, 'name')) && valueAt(status, 'started') === true) {
      if (valueAt(status, 'ready') === true) ready++;
      continue;
    }
    const total = arrayAt(pod, 'spec', 'initContainers').length;
    return {
      text: `Init:${initText(status) ?? `${index}/${total}`}`,
      ready,
      ...restartsOf(seen),
      isInitializing: true,
    };
  }
  const running = seen.filter((status) => sidecars.has(stringAt(status, 'name')));
  return { text: phaseText(pod), ready, ...restartsOf(running), isInitializing: false };
}

function initText(status: unknown): string | undefined {
  const terminated = valueAt(status, 'state', 'terminated');
  if (terminated !== undefined) return endText(terminated);
  const waiting = stringAt(status, 'state', 'waiting', 'reason');
  return waiting && waiting !== 'PodInitializing' ? waiting : undefined;
}

function mainSummary(pod: KubeObject, init: PodSummary): PodSummary {
  const statuses = arrayAt(pod, 'status', 'containerStatuses');
  let text = phaseText(pod);
  let { ready } = init;
  let isAnyRunning = false;
  // From the last to the first: the first container has the last word.
  for (const status of statuses.toReversed()) {
    const terminated = valueAt(status, 'state', 'terminated');
    const waiting = stringAt(status, 'state', 'waiting', 'reason');
    if (waiting) text = waiting;
    else if (terminated !== undefined) text = endText(terminated);
    else if (valueAt(status, 'ready') === true && valueAt(status, 'state', 'running') !== undefined) {
      isAnyRunning = true;
      ready++;
    }
  }
  if (text === 'Completed' && isAnyRunning) text = hasTrueCondition(pod, 'Ready') ? 'Running' : 'NotReady';
  const own = restartsOf(statuses);
  return {
    text,
    ready,
    restarts: init.restarts + own.restarts,
    lastEnd: [init.lastEnd, own.lastEnd]
      .filter((end) => end !== undefined)
      .toSorted()
      .at(-1),
  };
}

function restartsOf(statuses: readonly unknown[]): Pick<PodSummary, 'restarts' | 'lastEnd'> {
  const ends = statuses.map((status) => stringAt(status, 'lastState', 'terminated', 'finishedAt'));
  return {
    restarts: statuses.reduce((sum: number, status) => sum + count(valueAt(status, 'restartCount')), 0),
    lastEnd: ends
      .filter((end) => end !== undefined)
      .toSorted()
      .at(-1),
  };
}

function endText(terminated: unknown): string {
  const reason = stringAt(terminated, 'reason');
  if (reason) return reason;
  const signal = count(valueAt(terminated, 'signal'));
  return signal !== 0 ? `Signal:${signal}` : `ExitCode:${count(valueAt(terminated, 'exitCode'))}`;
}
