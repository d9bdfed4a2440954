import type { ApiAccess } from '../api-access.ts';
import type { ApiCore } from '../api-core.ts';
import { internalContext, timestamp } from '../api-core.ts';
import { arrayAt, cloneJson, equalJson, objectAt, stringAt } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import { bindPod } from '../subresources/binding.ts';
import { startLevelLoop } from './level-loop.ts';
import { judgeNode } from './node-fit.ts';

const WATCHED = new Set([
  '/pods',
  '/nodes',
  '/persistentvolumeclaims',
  '/persistentvolumes',
  'storage.k8s.io/storageclasses',
]);
const SCHEDULER_NAME = 'default-scheduler';
const COMPONENT = 'default-scheduler';

/** Binds pods to the first node that they fit on, or tells in their condition and an event why there is none. */
export function startScheduler(core: ApiCore, access: ApiAccess): { stop(): void } {
  /** uid -> where: pods that run cost the scheduler nothing. */
  const waiting = new Map<string, { namespace: string | undefined; name: string }>();
  const note = (pod: KubeObject): void => {
    const { uid = '', namespace, name = '' } = pod.metadata;
    if (isWaiting(pod)) waiting.set(uid, { namespace, name });
    else waiting.delete(uid);
  };
  return startLevelLoop(
    core,
    (resource) => WATCHED.has(resource),
    (changes) => {
      if (changes === undefined) core.store.list('/pods').forEach(note);
      for (const change of changes ?? []) if (change.resource === '/pods') note(change.object);
      for (const [uid, { namespace, name }] of waiting) {
        const pod = core.store.get('/pods', namespace, name);
        if (pod?.metadata.uid === uid && isWaiting(pod)) schedule(core, access, pod);
        else waiting.delete(uid);
      }
    },
  );
}

function isWaiting(pod: KubeObject): boolean {
  const name = stringAt(pod, 'spec', 'schedulerName') ?? SCHEDULER_NAME;
  return (
    !stringAt(pod, 'spec', 'nodeName') &&
    pod.metadata.deletionTimestamp === undefined &&
    name === SCHEDULER_NAME &&
    stringAt(pod, 'status', 'phase') === 'Pending' &&
    arrayAt(pod, 'spec', 'schedulingGates').length === 0
  );
}

function schedule(core: ApiCore, access: ApiAccess, pod: KubeObject): void {
  const nodes = core.store.list('/nodes');
  const verdicts = nodes.map((node) => ({ node, reasons: judgeNode(core, pod, node) }));
  const fitting = verdicts.find(({ reasons }) => reasons.length === 0);
  if (fitting === undefined)
    return reportUnschedulable(core, access, pod, messageOf(verdicts.map(({ reasons }) => reasons)));
  const served = core.resources.find('', 'v1', 'pods');
  if (served === undefined) return;
  const name = pod.metadata.name ?? '';
  const nodeName = fitting.node.metadata.name ?? '';
  selectNodeForClaims(core, pod, nodeName);
  bindPod(
    core,
    internalContext(),
    { served, namespace: pod.metadata.namespace, name, subresource: 'binding' },
    { metadata: { name }, target: { name: nodeName } },
  );
  access.recordEvent(
    pod,
    'Normal',
    'Scheduled',
    `Successfully assigned ${pod.metadata.namespace}/${name} to ${nodeName}`,
    COMPONENT,
  );
}

/** WaitForFirstConsumer: the provisioner acts on a claim once the scheduler has written the node into it. */
function selectNodeForClaims(core: ApiCore, pod: KubeObject, nodeName: string): void {
  for (const volume of arrayAt(pod, 'spec', 'volumes')) {
    const claim = core.store.get(
      '/persistentvolumeclaims',
      pod.metadata.namespace,
      stringAt(volume, 'persistentVolumeClaim', 'claimName') ?? '',
    );
    if (claim === undefined || stringAt(claim, 'spec', 'volumeName')) continue;
    if (claim.metadata.annotations?.['volume.kubernetes.io/selected-node'] === nodeName) continue;
    const selected = cloneJson(claim);
    selected.metadata.annotations = {
      ...selected.metadata.annotations,
      'volume.kubernetes.io/selected-node': nodeName,
    };
    core.store.put('/persistentvolumeclaims', selected);
  }
}

/** `0/1 nodes are available: 1 Insufficient memory.` */
function messageOf(reasons: readonly (readonly string[])[]): string {
  if (reasons.length === 0) return 'no nodes available to schedule pods';
  const counts = new Map<string, number>();
  for (const reason of reasons.flat()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const list = [...counts]
    .map(([reason, count]) => (reason.startsWith('persistentvolumeclaim ') ? reason : `${count} ${reason}`))
    .toSorted();
  return `0/${reasons.length} nodes are available: ${list.join(', ')}.`;
}

function reportUnschedulable(core: ApiCore, access: ApiAccess, pod: KubeObject, message: string): void {
  const previous = arrayAt(pod, 'status', 'conditions').find(
    (condition) => stringAt(condition, 'type') === 'PodScheduled',
  );
  if (stringAt(previous, 'message') === message) return;
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
    lastProbeTime: null,
    lastTransitionTime: timestamp(core.clock.now()),
    observedGeneration: pod.metadata.generation,
  };
  const others = arrayAt(pod, 'status', 'conditions').filter((item) => !equalJson(item, previous));
  const reported = cloneJson(pod);
  reported['status'] = { ...objectAt(pod, 'status'), conditions: [...others, condition] };
  core.store.put('/pods', reported);
  access.recordEvent(pod, 'Warning', 'FailedScheduling', message, COMPONENT);
}
