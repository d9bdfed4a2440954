import type { ApiCore, RequestContext } from '../api-core.ts';
import { timestamp } from '../api-core.ts';
import { arrayAt, cloneJson, objectAt, stringAt } from '../json.ts';
import { badRequest, conflict, notFound, unexplained } from '../kube-status.ts';
import type { UpdateTarget } from '../verbs/update.ts';

/** Assigns a pod to a node, as the scheduler does; once. */
export function bindPod(
  core: ApiCore,
  context: RequestContext,
  { served, namespace, name }: UpdateTarget,
  body: unknown,
): unknown {
  if (stringAt(body, 'metadata', 'name') !== name)
    throw badRequest('name in URL does not match name in Binding object');
  const faults = bindingFaults(body);
  // The real server wraps these into no status of its own.
  if (faults.length > 0) throw unexplained(faults.length === 1 ? faults.join('') : `[${faults.join(', ')}]`);
  const node = stringAt(body, 'target', 'name') ?? '';
  const pod = core.store.get(served.key, namespace, name);
  if (pod === undefined) throw notFound(served, name);
  const current = stringAt(pod, 'spec', 'nodeName');
  const about = { group: '', resource: 'pods/binding' };
  if (pod.metadata.deletionTimestamp !== undefined)
    throw conflict(about, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  if (current) throw conflict(about, name, `pod ${name} is already assigned to node ${JSON.stringify(current)}`);
  if (!context.isDryRun) {
    const bound = cloneJson(pod);
    objectAt(bound, 'spec')['nodeName'] = node;
    const annotations = objectAt(body, 'metadata', 'annotations') as Record<string, string>;
    if (Object.keys(annotations).length > 0)
      bound.metadata.annotations = { ...bound.metadata.annotations, ...annotations };
    const others = arrayAt(bound, 'status', 'conditions').filter(
      (condition) => stringAt(condition, 'type') !== 'PodScheduled',
    );
    const scheduled = {
      type: 'PodScheduled',
      status: 'True',
      lastProbeTime: null,
      lastTransitionTime: timestamp(core.clock.now()),
    };
    bound['status'] = { ...objectAt(bound, 'status'), conditions: [...others, scheduled] };
    core.store.put(served.key, bound);
  }
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
}

function bindingFaults(body: unknown): string[] {
  const kind = stringAt(body, 'target', 'kind') ?? '';
  const faults: string[] = [];
  if (kind !== '' && kind !== 'Node')
    faults.push(`target.kind: Unsupported value: ${JSON.stringify(kind)}: supported values: "Node", "<empty>"`);
  if (!stringAt(body, 'target', 'name')) faults.push('target.name: Required value');
  return faults;
}
