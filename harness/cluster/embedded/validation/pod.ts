import { arrayAt, stringAt, valueAt } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import type { FieldCause } from '../schema-face.ts';
import { forbidden } from '../schema/validate/field-causes.ts';
import type { KindStrategy } from './kind-strategy.ts';
import { completePodStatus, podStatusWarnings } from './pod-status.ts';
import { podWarnings } from './warnings/pod-warnings.ts';
import { parseQuantity } from './quantity.ts';

const DEFAULT_GRACE_SECONDS = 30;

export const podStrategy: KindStrategy = {
  warnings: podWarnings,
  statusWarnings: podStatusWarnings,
  prepareCreate(object) {
    object['status'] = { phase: 'Pending', qosClass: qosClassOf(object) };
    object.metadata.generation = 1;
  },
  prepareUpdate(object, previous, subresource) {
    if (subresource === 'status') completePodStatus(object, previous);
  },
  validate: tokensWithoutAccount,
  graceSeconds(object, asked) {
    // A pod that never reached a node, or has ended, needs no kubelet to finish it.
    const phase = stringAt(object, 'status', 'phase');
    if (!stringAt(object, 'spec', 'nodeName') || phase === 'Succeeded' || phase === 'Failed') return 0;
    const own = valueAt(object, 'spec', 'terminationGracePeriodSeconds');
    return asked ?? (typeof own === 'number' ? own : DEFAULT_GRACE_SECONDS);
  },
};

/** A token is somebody's: admission gives a new pod an account, an update may take it away. */
function tokensWithoutAccount(pod: KubeObject): FieldCause[] {
  if (stringAt(pod, 'spec', 'serviceAccountName')) return [];
  return arrayAt(pod, 'spec', 'volumes').flatMap((volume, index) =>
    arrayAt(volume, 'projected', 'sources').flatMap((source, at) => {
      const field = `spec.volumes[${index}].projected.sources[${at}].serviceAccountToken`;
      const isToken = valueAt(source, 'serviceAccountToken') !== undefined;
      return isToken ? [forbidden(field, 'must not be specified when serviceAccountName is not set')] : [];
    }),
  );
}

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
