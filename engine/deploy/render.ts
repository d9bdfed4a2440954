import { stringify } from 'yaml';
import { COMPUTE_ENVIRONMENTS, LABELS, MANAGED_BY } from '../api/names.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import { apiVersionOf } from '../kubernetes/objects.ts';
import { manifestsOf } from './install.ts';
import type { DeploySettings } from './settings.ts';
import type { Manifest } from './manifest.ts';
import { workloadsOf } from './workloads.ts';

/** Everything that a cluster owner applies, in an order in which it can be applied. */
export function operatorManifests(settings: DeploySettings): Manifest[] {
  const { jobsNamespace, operatorNamespace } = settings;
  return [
    ...manifestsOf({ namespace: jobsNamespace, operatorNamespace }),
    ...Object.entries(settings.environments).map(([name, spec]) => ({
      resource: COMPUTE_ENVIRONMENTS,
      object: {
        metadata: { name, namespace: jobsNamespace, labels: { [LABELS.managedBy]: MANAGED_BY } },
        spec: { ...spec, isolation: settings.isolation },
      } as KubeObject,
    })),
    ...workloadsOf(settings),
  ];
}

/** For `kubectl apply -f -`. */
export function renderManifests(manifests: readonly Manifest[]): string {
  return manifests
    .map(({ resource, object }) => stringify({ apiVersion: apiVersionOf(resource), kind: resource.kind, ...object }))
    .join('---\n');
}
