import { LABELS, MANAGED_BY } from '../api/names.ts';
import type { KubeObject, Resource } from '../kubernetes/objects.ts';
import { NETWORK_POLICIES } from '../kubernetes/objects.ts';
import { podTemplateOf, portOf, PORTS } from './pod-template.ts';
import type { Component } from './rbac.ts';
import { COMPONENTS } from './rbac.ts';
import { canaryManifests } from './canary-workloads.ts';
import type { Manifest } from './manifest.ts';
import type { DeploySettings } from './settings.ts';

export const DEPLOYMENTS: Resource = { group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment' };
export const SERVICES: Resource = { group: '', version: 'v1', resource: 'services', kind: 'Service' };
export const POD_DISRUPTION_BUDGETS: Resource = {
  group: 'policy',
  version: 'v1',
  resource: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
};

type Listening = Exclude<Component, 'operator-engine'>;
const LISTENING: readonly Listening[] = ['operator-service', 'job-broker'];

/** The operator itself: what runs it, who finds it, who may talk to it. Services come before the pods that are told their addresses. */
export function workloadsOf(settings: DeploySettings): Manifest[] {
  return [
    ...LISTENING.map((one) => ({ resource: SERVICES, object: serviceOf(one, settings) })),
    ...(settings.gate === 'probe' ? canaryManifests(settings) : []),
    ...policiesOf(settings).map((object) => ({ resource: NETWORK_POLICIES, object })),
    ...COMPONENTS.map((one) => ({ resource: DEPLOYMENTS, object: deploymentOf(one, settings) })),
    ...COMPONENTS.filter((one) => replicasOf(one, settings) > 1).map((one) => ({
      resource: POD_DISRUPTION_BUDGETS,
      object: budgetOf(one, settings),
    })),
  ];
}

function selectorOf(component: Component): Record<string, string> {
  return { 'app.kubernetes.io/name': component };
}

function metadata(name: string, { operatorNamespace }: DeploySettings): KubeObject['metadata'] {
  return { name, namespace: operatorNamespace, labels: { [LABELS.managedBy]: MANAGED_BY } };
}

function replicasOf(component: Component, settings: DeploySettings): number {
  if (component === 'operator-engine') return settings.engineReplicas;
  return component === 'job-broker' ? settings.brokerReplicas : settings.serviceReplicas;
}

function serviceOf(component: Listening, settings: DeploySettings): KubeObject {
  const ports = [{ name: 'http', port: portOf(component), targetPort: 'http' }];
  return { metadata: metadata(component, settings), spec: { selector: selectorOf(component), ports } } as KubeObject;
}

function deploymentOf(component: Component, settings: DeploySettings): KubeObject {
  const labels = { ...selectorOf(component), [LABELS.managedBy]: MANAGED_BY };
  return {
    metadata: metadata(component, settings),
    spec: {
      replicas: replicasOf(component, settings),
      selector: { matchLabels: selectorOf(component) },
      template: podTemplateOf(component, settings, labels),
    },
  } as KubeObject;
}

function budgetOf(component: Component, settings: DeploySettings): KubeObject {
  const spec = { minAvailable: 1, selector: { matchLabels: selectorOf(component) } };
  return { metadata: metadata(component, settings), spec } as KubeObject;
}

/** Nobody talks to the operator but Providers to the service, and job pods of two stages to the broker. */
function policiesOf(settings: DeploySettings): KubeObject[] {
  const fromJobs = {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': settings.jobsNamespace } },
    podSelector: { matchExpressions: [{ key: LABELS.stage, operator: 'In', values: ['configure', 'publish'] }] },
  };
  return [
    policy('operator-deny-ingress', settings, { podSelector: {}, policyTypes: ['Ingress'] }),
    policy('operator-service-from-providers', settings, {
      podSelector: { matchLabels: selectorOf('operator-service') },
      policyTypes: ['Ingress'],
      ingress: [{ ports: [{ protocol: 'TCP', port: PORTS.service }] }],
    }),
    policy('job-broker-from-jobs', settings, {
      podSelector: { matchLabels: selectorOf('job-broker') },
      policyTypes: ['Ingress'],
      ingress: [{ from: [fromJobs], ports: [{ protocol: 'TCP', port: PORTS.broker }] }],
    }),
  ];
}

function policy(name: string, settings: DeploySettings, spec: object): KubeObject {
  return { metadata: metadata(name, settings), spec } as KubeObject;
}
