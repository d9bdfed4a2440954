import type { AdmissionPlugin, AdmissionRequest } from '../api-core.ts';
import { arrayAt, objectAt, stringAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { forbidden } from '../kube-status.ts';
import { nameBefore } from './name-before.ts';

/** The classes that every cluster has. Differs from kube-apiserver: there are no others, since PriorityClass is not served. */
const PRIORITY_CLASSES: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
};
const PREEMPTION = 'PreemptLowerPriority';

/** How long a pod stays on a node that is not ready or not reached. */
const LOST_NODE_SECONDS = 300;
const LOST_NODE_TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/** What admission adds to every new pod: its priority, and tolerations for a node that is lost for a while. */
export const podDefaults: AdmissionPlugin = {
  mutate(request) {
    const { operation, served, object } = request;
    if (served.key !== '/pods' || object === undefined || request.subresource !== '' || operation === 'DELETE') return;
    const spec = objectAt(object, 'spec');
    if (operation === 'CREATE') {
      refuseRuntimeClass(request, spec);
      setPriority(request, spec);
    } else keepPriority(spec, objectAt(request.previous, 'spec'));
    addTolerations(spec);
  },
  validate({ operation, served, subresource, name, object }) {
    if (operation !== 'CREATE' || served.key !== '/pods' || subresource !== '') return;
    if (objectAt(object, 'spec')['overhead'] === undefined) return;
    throw forbidden(served, name, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
  },
};

function setPriority(request: AdmissionRequest, spec: JsonObject): void {
  const { served } = request;
  const name = nameBefore(request);
  const className = stringAt(spec, 'priorityClassName') ?? '';
  const priority = className === '' ? 0 : PRIORITY_CLASSES[className];
  if (priority === undefined) throw forbidden(served, name, `no PriorityClass with name ${className} was found`);
  const asked = [
    ['integer value of priority', spec['priority'], priority],
    ['string value of PreemptionPolicy', spec['preemptionPolicy'], PREEMPTION],
  ] as const;
  for (const [what, value, computed] of asked) {
    if (value === undefined || value === computed) continue;
    throw forbidden(
      served,
      name,
      `the ${what} (${String(value)}) must not be provided in pod spec; priority admission controller computed ${computed} from the given PriorityClass name`,
    );
  }
  Object.assign(spec, { priority, preemptionPolicy: PREEMPTION });
}

/** What was computed need not be sent again. */
function keepPriority(spec: JsonObject, before: JsonObject): void {
  for (const field of ['priority', 'preemptionPolicy']) {
    spec[field] ??= before[field];
    if (spec[field] === undefined) delete spec[field];
  }
}

/** Runtime classes choose another way to run containers: there is none here. */
function refuseRuntimeClass(request: AdmissionRequest, spec: JsonObject): void {
  const { served } = request;
  const name = nameBefore(request);
  const className = stringAt(spec, 'runtimeClassName');
  if (className !== undefined) throw forbidden(served, name, `pod rejected: RuntimeClass "${className}" not found`);
}

function addTolerations(spec: JsonObject): void {
  const own = arrayAt(spec, 'tolerations');
  const missing = LOST_NODE_TAINTS.filter((taint) => !own.some((toleration) => tolerates(toleration, taint)));
  if (missing.length === 0) return;
  const added = missing.map((key) => ({
    key,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: LOST_NODE_SECONDS,
  }));
  spec['tolerations'] = [...own, ...added];
}

function tolerates(toleration: unknown, taint: string): boolean {
  const key = stringAt(toleration, 'key') ?? '';
  const effect = stringAt(toleration, 'effect') ?? '';
  return (key === '' || key === taint) && (effect === '' || effect === 'NoExecute');
}
