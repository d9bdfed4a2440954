import { arrayAt, stringAt, valueAt } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import { ageOf } from './cell-text.ts';

const count = (value: unknown): number => (typeof value === 'number' ? value : 0);

export const podCells: Readonly<Record<string, (pod: KubeObject, now: number) => unknown>> = {
  Ready: (pod) => {
    const ready = arrayAt(pod, 'status', 'containerStatuses').filter(
      (status) => valueAt(status, 'ready') === true,
    ).length;
    return `${ready}/${arrayAt(pod, 'spec', 'containers').length}`;
  },
  Status: podStatusText,
  Restarts: (pod, now) => {
    const statuses = arrayAt(pod, 'status', 'containerStatuses');
    const total = statuses.reduce((sum: number, status) => sum + count(valueAt(status, 'restartCount')), 0);
    const ends = statuses
      .map((status) => stringAt(status, 'lastState', 'terminated', 'finishedAt'))
      .filter((end) => end !== undefined);
    const last = ends.toSorted().at(-1);
    return total > 0 && last ? `${total} (${ageOf(last, now)} ago)` : String(total);
  },
  IP: (pod) => stringAt(pod, 'status', 'podIP') ?? '<none>',
  Node: (pod) => stringAt(pod, 'spec', 'nodeName') ?? '<none>',
  'Nominated Node': (pod) => stringAt(pod, 'status', 'nominatedNodeName') ?? '<none>',
  'Readiness Gates': () => '<none>',
};

/** The most telling of phase, reason and container states, as kubectl shows it. */
export function podStatusText(pod: KubeObject): string {
  const unfinishedInit = initText(pod);
  let text = unfinishedInit ?? stringAt(pod, 'status', 'reason') ?? stringAt(pod, 'status', 'phase') ?? 'Pending';
  if (unfinishedInit === undefined) text = containersText(pod) ?? text;
  if (pod.metadata.deletionTimestamp === undefined) return text;
  return stringAt(pod, 'status', 'reason') === 'NodeLost' ? 'Unknown' : 'Terminating';
}

function initText(pod: KubeObject): string | undefined {
  const statuses = arrayAt(pod, 'status', 'initContainerStatuses');
  for (const [index, status] of statuses.entries()) {
    const terminated = valueAt(status, 'state', 'terminated');
    if (valueAt(terminated, 'exitCode') === 0) continue;
    if (terminated !== undefined) return `Init:${endText(terminated)}`;
    const waiting = stringAt(status, 'state', 'waiting', 'reason');
    if (waiting && waiting !== 'PodInitializing') return `Init:${waiting}`;
    return `Init:${index}/${arrayAt(pod, 'spec', 'initContainers').length}`;
  }
  return undefined;
}

function containersText(pod: KubeObject): string | undefined {
  let text: string | undefined;
  for (const status of arrayAt(pod, 'status', 'containerStatuses').toReversed()) {
    const terminated = valueAt(status, 'state', 'terminated');
    const waiting = stringAt(status, 'state', 'waiting', 'reason');
    if (waiting) text = waiting;
    else if (terminated !== undefined) text = endText(terminated);
    else if (valueAt(status, 'ready') === true && valueAt(status, 'state', 'running') !== undefined) text = 'Running';
  }
  return text;
}

function endText(terminated: unknown): string {
  const reason = stringAt(terminated, 'reason');
  if (reason) return reason;
  const signal = count(valueAt(terminated, 'signal'));
  return signal !== 0 ? `Signal:${signal}` : `ExitCode:${count(valueAt(terminated, 'exitCode'))}`;
}
