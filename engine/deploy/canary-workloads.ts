import { LABELS, MANAGED_BY } from '../api/names.ts';
import { podCommand } from '../api/pod-command.ts';
import type { KubeObject, Resource } from '../kubernetes/objects.ts';
import { NETWORK_POLICIES } from '../kubernetes/objects.ts';
import type { Manifest } from './manifest.ts';
import * as rbac from './rbac.ts';
import type { DeploySettings } from './settings.ts';

const STATEFUL_SETS: Resource = { group: 'apps', version: 'v1', resource: 'statefulsets', kind: 'StatefulSet' };
const SERVICES: Resource = { group: '', version: 'v1', resource: 'services', kind: 'Service' };
const CANARY = 'canary';
const CONTROL = 'canary-control';
const PORT = 8080;
/** A word that the control alone says. */
const GREETING = { secretKeyRef: { name: 'canary-greeting', key: 'greeting' } };

/**
 * What compute pods try to reach and must not, and who reaches it all the time. StatefulSets, since their pods keep their names: the engine may read
 * these two logs and no other.
 */
export function canaryManifests(settings: DeploySettings): Manifest[] {
  const { operatorNamespace: namespace } = settings;
  return [
    { resource: rbac.ROLES, object: rbac.canaryReader(namespace) },
    { resource: rbac.ROLE_BINDINGS, object: rbac.canaryReaderBinding(namespace) },
    { resource: SERVICES, object: service(namespace) },
    { resource: NETWORK_POLICIES, object: openToAll(namespace) },
    {
      resource: STATEFUL_SETS,
      object: statefulSet(CANARY, settings, [
        { name: 'CANARY_PORT', value: String(PORT) },
        { name: 'CANARY_SILENT_FOR', valueFrom: GREETING },
      ]),
    },
    {
      resource: STATEFUL_SETS,
      object: statefulSet(CONTROL, settings, [
        // Kubernetes puts in the address of the Service, which was there before.
        { name: 'GATE_TARGETS', value: `$(CANARY_SERVICE_HOST):${PORT}` },
        { name: 'GATE_GREETING', valueFrom: GREETING },
      ]),
    },
  ];
}

const metadata = (name: string, namespace: string): KubeObject['metadata'] => ({
  name,
  namespace,
  labels: { [LABELS.managedBy]: MANAGED_BY },
});
const selector = (name: string): Record<string, string> => ({ 'app.kubernetes.io/name': name });

function service(namespace: string): KubeObject {
  const ports = ['TCP', 'UDP'].map((protocol) => ({ name: protocol.toLowerCase(), protocol, port: PORT }));
  return { metadata: metadata(CANARY, namespace), spec: { selector: selector(CANARY), ports } } as KubeObject;
}

function openToAll(namespace: string): KubeObject {
  const spec = { podSelector: { matchLabels: selector(CANARY) }, policyTypes: ['Ingress'], ingress: [{}] };
  return { metadata: metadata('canary-open-to-all', namespace), spec } as KubeObject;
}

function statefulSet(name: string, settings: DeploySettings, env: readonly object[]): KubeObject {
  const script = name === CANARY ? 'canary' : 'control';
  return {
    metadata: metadata(name, settings.operatorNamespace),
    spec: {
      replicas: 1,
      serviceName: CANARY,
      selector: { matchLabels: selector(name) },
      template: {
        metadata: { labels: { ...selector(name), [LABELS.managedBy]: MANAGED_BY } },
        spec: {
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 1,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 10_001,
            runAsGroup: 10_001,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [
            {
              name,
              image: settings.image,
              imagePullPolicy: settings.imagePullPolicy,
              command: podCommand(script),
              env,
              resources: { requests: { cpu: '10m', memory: '48Mi' }, limits: { memory: '128Mi' } },
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
            },
          ],
        },
      },
    },
  } as KubeObject;
}
