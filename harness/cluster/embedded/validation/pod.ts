import { arrayAt, cloneJson, equalJson, isObject, objectAt, stringAt, valueAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import type { FieldCause } from '../schema-face.ts';
import type { KindStrategy } from './kind-strategy.ts';
import {
  duplicate,
  forbiddenField,
  invalidValue,
  isDnsLabel,
  LABEL_MESSAGE,
  notSupported,
  required,
} from './metadata.ts';
import { parseQuantity, QUANTITY_MESSAGE } from './quantity.ts';

const DEFAULT_GRACE_SECONDS = 30;

export const podStrategy: KindStrategy = {
  prepareCreate(object) {
    object['status'] = { phase: 'Pending', qosClass: qosClassOf(object) };
    object.metadata.generation = 1;
  },
  prepareUpdate(object, _previous, subresource) {
    const status = object['status'];
    if (subresource === 'status' && isObject(status)) status['qosClass'] ??= qosClassOf(object);
  },
  validate: (object) => validatePodSpec(objectAt(object, 'spec')),
  validateUpdate: (object, previous, subresource) => (subresource === '' ? validatePodUpdate(object, previous) : []),
  graceSeconds(object, asked) {
    // A pod that never reached a node, or has ended, needs no kubelet to finish it.
    const phase = stringAt(object, 'status', 'phase');
    if (!stringAt(object, 'spec', 'nodeName') || phase === 'Succeeded' || phase === 'Failed') return 0;
    const own = valueAt(object, 'spec', 'terminationGracePeriodSeconds');
    return asked ?? (typeof own === 'number' ? own : DEFAULT_GRACE_SECONDS);
  },
};

/** Guaranteed: every container limits cpu and memory to what it requests; BestEffort: none asks for either. */
export function qosClassOf(pod: KubeObject): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const containers = [...arrayAt(pod, 'spec', 'containers'), ...arrayAt(pod, 'spec', 'initContainers')];
  let asksAny = false;
  let isGuaranteed = containers.length > 0;
  for (const container of containers) {
    for (const resource of ['cpu', 'memory']) {
      const limit = parseQuantity(valueAt(container, 'resources', 'limits', resource));
      const request = parseQuantity(valueAt(container, 'resources', 'requests', resource)) ?? limit;
      asksAny ||= limit !== undefined || request !== undefined;
      if (limit === undefined || request !== limit) isGuaranteed = false;
    }
  }
  return isGuaranteed ? 'Guaranteed' : asksAny ? 'Burstable' : 'BestEffort';
}

export function validatePodSpec(spec: JsonObject): FieldCause[] {
  const volumes = arrayAt(spec, 'volumes');
  const volumeNames = new Set(volumes.map((volume) => stringAt(volume, 'name') ?? ''));
  const names = new Set<string>();
  const causes: FieldCause[] = validateVolumes(volumes);
  for (const field of ['initContainers', 'containers'] as const) {
    const containers = arrayAt(spec, field);
    if (field === 'containers' && containers.length === 0) causes.push(required('spec.containers'));
    containers.forEach((container, index) =>
      causes.push(...validateContainer(container, `spec.${field}[${index}]`, names, volumeNames)),
    );
  }
  const deadline = spec['activeDeadlineSeconds'];
  if (typeof deadline === 'number' && (deadline < 1 || deadline > 2_147_483_647)) {
    causes.push(invalidValue('spec.activeDeadlineSeconds', deadline, 'must be between 1 and 2147483647, inclusive'));
  }
  const policy = spec['restartPolicy'];
  if (policy !== undefined && !['Always', 'OnFailure', 'Never'].includes(String(policy as string))) {
    causes.push(notSupported('spec.restartPolicy', policy, ['Always', 'OnFailure', 'Never']));
  }
  return causes;
}

function validateVolumes(volumes: readonly unknown[]): FieldCause[] {
  const seen = new Set<string>();
  return volumes.flatMap((volume, index) => {
    const field = `spec.volumes[${index}]`;
    const name = stringAt(volume, 'name') ?? '';
    const causes: FieldCause[] = [];
    if (name === '') causes.push(required(`${field}.name`));
    else if (!isDnsLabel(name)) causes.push(invalidValue(`${field}.name`, name, LABEL_MESSAGE));
    if (seen.has(name)) causes.push(duplicate(`${field}.name`, name));
    seen.add(name);
    const sources = Object.keys(isObject(volume) ? volume : {}).filter((key) => key !== 'name');
    if (sources.length > 1)
      causes.push(forbiddenField(`${field}.${sources[1]}`, 'may not specify more than 1 volume type'));
    return causes;
  });
}

function validateContainer(
  container: unknown,
  field: string,
  names: Set<string>,
  volumes: ReadonlySet<string>,
): FieldCause[] {
  const causes: FieldCause[] = [];
  const name = stringAt(container, 'name') ?? '';
  if (name === '') causes.push(required(`${field}.name`));
  else if (!isDnsLabel(name)) causes.push(invalidValue(`${field}.name`, name, LABEL_MESSAGE));
  if (name !== '' && names.has(name)) causes.push(duplicate(`${field}.name`, name));
  names.add(name);
  if (!stringAt(container, 'image')) causes.push(required(`${field}.image`));
  const mounts = arrayAt(container, 'volumeMounts');
  const paths = new Set<string>();
  mounts.forEach((mount, index) => {
    const volume = stringAt(mount, 'name') ?? '';
    const path = stringAt(mount, 'mountPath') ?? '';
    const at = `${field}.volumeMounts[${index}]`;
    if (!volumes.has(volume))
      causes.push({
        reason: 'FieldValueNotFound',
        field: `${at}.name`,
        message: `Not found: ${JSON.stringify(volume)}`,
      });
    if (path === '') causes.push(required(`${at}.mountPath`));
    if (paths.has(path)) causes.push(invalidValue(`${at}.mountPath`, path, 'must be unique'));
    paths.add(path);
    const subPath = stringAt(mount, 'subPath');
    if (subPath?.startsWith('/')) causes.push(invalidValue(`${at}.subPath`, subPath, 'must be a relative path'));
    if (subPath?.split('/').includes('..'))
      causes.push(invalidValue(`${at}.subPath`, subPath, "must not contain '..'"));
  });
  return [...causes, ...validateResources(objectAt(container, 'resources'), `${field}.resources`)];
}

function validateResources(resources: JsonObject, field: string): FieldCause[] {
  const causes: FieldCause[] = [];
  for (const side of ['limits', 'requests']) {
    for (const [name, value] of Object.entries(objectAt(resources, side))) {
      const amount = parseQuantity(value);
      if (amount === undefined) causes.push(invalidValue(`${field}.${side}[${name}]`, value, QUANTITY_MESSAGE));
      else if (amount < 0)
        causes.push(invalidValue(`${field}.${side}[${name}]`, value, 'must be greater than or equal to 0'));
    }
  }
  for (const [name, value] of Object.entries(objectAt(resources, 'requests'))) {
    const limit = parseQuantity(valueAt(resources, 'limits', name));
    if (limit !== undefined && (parseQuantity(value) ?? 0) > limit) {
      causes.push(
        invalidValue(
          `${field}.requests`,
          value,
          `must be less than or equal to ${name} limit of ${String(valueAt(resources, 'limits', name))}`,
        ),
      );
    }
  }
  return causes;
}

/** Only images, the deadline (shorter), the grace period and additional tolerations of a pod may change. */
function validatePodUpdate(object: KubeObject, previous: KubeObject): FieldCause[] {
  const causes: FieldCause[] = [];
  const before = valueAt(previous, 'spec', 'activeDeadlineSeconds');
  const after = valueAt(object, 'spec', 'activeDeadlineSeconds');
  if (typeof before === 'number' && typeof after === 'number' && after > before) {
    causes.push(invalidValue('spec.activeDeadlineSeconds', after, `must be less than or equal to previous value`));
  }
  if (typeof before === 'number' && after === undefined) {
    causes.push(
      invalidValue('spec.activeDeadlineSeconds', null, 'must not update from a positive integer to nil value'),
    );
  }
  if (!equalJson(fixedPart(object), fixedPart(previous))) {
    causes.push(
      forbiddenField(
        'spec',
        'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
      ),
    );
  }
  const tolerations = arrayAt(object, 'spec', 'tolerations');
  if (arrayAt(previous, 'spec', 'tolerations').some((old) => !tolerations.some((item) => equalJson(item, old)))) {
    causes.push(
      forbiddenField('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds'),
    );
  }
  return causes;
}

function fixedPart(pod: KubeObject): JsonObject {
  const spec = cloneJson(objectAt(pod, 'spec'));
  delete spec['activeDeadlineSeconds'];
  delete spec['tolerations'];
  for (const field of ['containers', 'initContainers']) {
    for (const container of arrayAt(spec, field)) if (isObject(container)) delete container['image'];
  }
  return spec;
}
