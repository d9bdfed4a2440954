import type { ApiCore } from '../api-core.ts';
import { arrayAt, isObject, objectAt, stringAt, valueAt } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import { labelSelectorFromObject, matchesLabels } from '../selectors/label-selector.ts';
import { parseQuantity } from '../validation/quantity.ts';

/** Fields that ask for placement rules which are not evaluated here: such a pod waits with that reason instead of running anywhere. */
const UNSUPPORTED = ['podAffinity', 'podAntiAffinity'] as const;

/** Why a pod does not fit a node, in the scheduler's words; [] when it fits. */
export function judgeNode(core: ApiCore, pod: KubeObject, node: KubeObject): readonly string[] {
  const taint = untolerated(pod, node);
  if (valueAt(node, 'spec', 'unschedulable') === true && !toleratesAll(pod)) return ['node(s) were unschedulable'];
  if (taint !== undefined) return [`node(s) had untolerated taint {${taint}}`];
  if (!matchesNodeSelector(pod, node)) return ["node(s) didn't match Pod's node affinity/selector"];
  const unsupported = unsupportedRules(pod);
  if (unsupported !== undefined) return [`node(s) of a cluster that does not evaluate ${unsupported}`];
  const claims = claimProblems(core, pod);
  if (claims.length > 0) return claims;
  return shortages(core, pod, node);
}

function untolerated(pod: KubeObject, node: KubeObject): string | undefined {
  for (const taint of arrayAt(node, 'spec', 'taints')) {
    const effect = stringAt(taint, 'effect');
    if (effect !== 'NoSchedule' && effect !== 'NoExecute') continue;
    const isTolerated = arrayAt(pod, 'spec', 'tolerations').some((toleration) => {
      const key = stringAt(toleration, 'key');
      const sameEffect = !stringAt(toleration, 'effect') || stringAt(toleration, 'effect') === effect;
      if (!sameEffect || (key && key !== stringAt(taint, 'key'))) return false;
      return (
        stringAt(toleration, 'operator') === 'Exists' ||
        (stringAt(toleration, 'value') ?? '') === (stringAt(taint, 'value') ?? '')
      );
    });
    if (!isTolerated) return `${stringAt(taint, 'key')}: ${stringAt(taint, 'value') ?? ''}`;
  }
  return undefined;
}

function toleratesAll(pod: KubeObject): boolean {
  return arrayAt(pod, 'spec', 'tolerations').some(
    (toleration) => stringAt(toleration, 'operator') === 'Exists' && !stringAt(toleration, 'key'),
  );
}

function matchesNodeSelector(pod: KubeObject, node: KubeObject): boolean {
  const labels = node.metadata.labels ?? {};
  const selector = labelSelectorFromObject({ matchLabels: objectAt(pod, 'spec', 'nodeSelector') });
  if (!matchesLabels(selector, labels)) return false;
  const required = valueAt(pod, 'spec', 'affinity', 'nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution');
  if (!isObject(required)) return true;
  // Terms are alternatives, the expressions within one must all hold.
  return arrayAt(required, 'nodeSelectorTerms').some((term) => {
    const fields = arrayAt(term, 'matchFields');
    const nameFits = fields.every(
      (field) =>
        stringAt(field, 'key') === 'metadata.name' &&
        arrayAt(field, 'values').includes(node.metadata.name) === (stringAt(field, 'operator') === 'In'),
    );
    return (
      nameFits &&
      matchesLabels(labelSelectorFromObject({ matchExpressions: arrayAt(term, 'matchExpressions') }), labels)
    );
  });
}

/** Gt and Lt compare numbers, which label selectors cannot. */
function unsupportedRules(pod: KubeObject): string | undefined {
  const affinity = objectAt(pod, 'spec', 'affinity');
  const rule = UNSUPPORTED.find(
    (name) => valueAt(affinity, name, 'requiredDuringSchedulingIgnoredDuringExecution') !== undefined,
  );
  if (rule !== undefined) return rule;
  if (/"operator":"(Gt|Lt)"/.test(JSON.stringify(affinity))) return 'the operators Gt and Lt';
  const spreads = arrayAt(pod, 'spec', 'topologySpreadConstraints').some(
    (item) => stringAt(item, 'whenUnsatisfiable') === 'DoNotSchedule',
  );
  return spreads ? 'topologySpreadConstraints' : undefined;
}

/** A claim must exist and be bound, or wait for its first consumer: this pod. */
function claimProblems(core: ApiCore, pod: KubeObject): readonly string[] {
  return arrayAt(pod, 'spec', 'volumes').flatMap((volume) => {
    const name = stringAt(volume, 'persistentVolumeClaim', 'claimName');
    if (name === undefined) return [];
    const claim = core.store.get('/persistentvolumeclaims', pod.metadata.namespace, name);
    if (claim === undefined) return [`persistentvolumeclaim ${JSON.stringify(name)} not found`];
    if (claim.metadata.deletionTimestamp !== undefined)
      return [`persistentvolumeclaim ${JSON.stringify(name)} is being deleted`];
    if (stringAt(claim, 'spec', 'volumeName') && stringAt(claim, 'status', 'phase') === 'Bound') return [];
    const storageClass = core.store.get(
      'storage.k8s.io/storageclasses',
      undefined,
      stringAt(claim, 'spec', 'storageClassName') ?? '',
    );
    return stringAt(storageClass, 'volumeBindingMode') === 'WaitForFirstConsumer'
      ? []
      : ['pod has unbound immediate PersistentVolumeClaims'];
  });
}

function shortages(core: ApiCore, pod: KubeObject, node: KubeObject): readonly string[] {
  const allocatable = objectAt(node, 'status', 'allocatable');
  const others = core.store
    .list('/pods')
    .filter(
      (other) =>
        stringAt(other, 'spec', 'nodeName') === node.metadata.name &&
        !['Succeeded', 'Failed'].includes(stringAt(other, 'status', 'phase') ?? ''),
    );
  const wanted = requestsOf(pod);
  const short: string[] = [];
  const mostPods = parseQuantity(allocatable['pods']);
  if (mostPods !== undefined && others.length + 1 > mostPods) short.push('Too many pods');
  const names = Object.keys(wanted).filter((name) => (wanted[name] ?? 0) > 0);
  const used = others.map(requestsOf);
  for (const name of names) {
    const free =
      (parseQuantity(allocatable[name]) ?? 0) - used.reduce((sum, requests) => sum + (requests[name] ?? 0), 0);
    if ((wanted[name] ?? 0) > free + 1e-9) short.push(`Insufficient ${name}`);
  }
  return short;
}

/** Stored pods never change, so what one requests is added up once. */
const requests = new WeakMap<KubeObject, Readonly<Record<string, number>>>();

/** The larger of what the containers need together and what any init container needs alone. */
export function requestsOf(pod: KubeObject): Readonly<Record<string, number>> {
  const known = requests.get(pod);
  if (known !== undefined) return known;
  const total: Record<string, number> = {};
  for (const container of arrayAt(pod, 'spec', 'containers')) {
    for (const [name, value] of Object.entries(objectAt(container, 'resources', 'requests'))) {
      total[name] = (total[name] ?? 0) + (parseQuantity(value) ?? 0);
    }
  }
  for (const container of arrayAt(pod, 'spec', 'initContainers')) {
    for (const [name, value] of Object.entries(objectAt(container, 'resources', 'requests'))) {
      total[name] = Math.max(total[name] ?? 0, parseQuantity(value) ?? 0);
    }
  }
  if (Object.isFrozen(pod)) requests.set(pod, total);
  return total;
}
