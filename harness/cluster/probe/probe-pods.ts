import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LABELS, MANAGED_BY } from '../../../engine/api/names.ts';
import { POD_NODE } from '../../../engine/api/pod-command.ts';
import type { KubeObject } from '../../../engine/kubernetes/objects.ts';
import type { Container, NetworkPolicy, Pod, VolumeClaim } from '../../../engine/kubernetes/pod-types.ts';
import type { ProbeSizes } from './findings.ts';

/** Where probe pods live, for as long as they are looked at. */
export const PROBE_NAMESPACE = 'wavetank-probe';

export const SIZES: ProbeSizes = { uid: 10_002, processes: 400, volumeMib: 4, memoryMib: 96 };
const MIB = 2 ** 20;
const RESTRICTED = { 'wavetank-probe': 'restricted' };
/** How long a policy may take to come into force. */
const SETTLE_MS = 8000;

/** `dns` asks the name server that the pod was given. */
export type ProbeTarget =
  | { readonly name: string; readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly name: string; readonly kind: 'dns' };

export interface ProbeSettings {
  /** An image with Node and a shell. */
  readonly image: string;
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  readonly targets: readonly ProbeTarget[];
  /** Default `wavetank-probe`. */
  readonly namespace?: string;
  /** On everything, besides our own. */
  readonly labels?: Readonly<Record<string, string>>;
}

type Place = Pick<ProbeSettings, 'namespace' | 'labels'>;

export const namespaceOf = ({ namespace = PROBE_NAMESPACE }: Place): string => namespace;
const labelsOf = ({ labels }: Place): Record<string, string> => ({ ...labels, [LABELS.managedBy]: MANAGED_BY });

export function probeNamespace(place: Place): KubeObject {
  const labels = { ...labelsOf(place), 'pod-security.kubernetes.io/enforce': 'restricted' };
  return { metadata: { name: namespaceOf(place), labels } };
}

export function denyAll(place: Place): NetworkPolicy {
  return {
    metadata: { name: 'deny-all', namespace: namespaceOf(place), labels: labelsOf(place) },
    spec: { podSelector: { matchLabels: RESTRICTED }, policyTypes: ['Ingress', 'Egress'] },
  };
}

const VOLUME = 'volume';

export function probeVolume(place: Place): VolumeClaim {
  return {
    metadata: { name: VOLUME, namespace: namespaceOf(place), labels: labelsOf(place) },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: `${SIZES.volumeMib}Mi` } } },
  };
}

/** Tries everything, behind a policy that denies everything, with a volume. */
export function restrictedPod(settings: ProbeSettings): Pod {
  const asked = {
    work: 'tries',
    targets: settings.targets,
    settleMs: SETTLE_MS,
    volume: '/volume',
    readOnly: '/readonly',
    volumeBytes: 2 * SIZES.volumeMib * MIB,
  };
  const container = {
    ...nodeContainer(settings, 'probe', asked),
    volumeMounts: [
      { name: 'volume', mountPath: '/volume' },
      { name: 'volume', mountPath: '/readonly', readOnly: true },
    ],
  };
  const made = podOf(settings, 'restricted', [container]);
  made.metadata.labels = { ...labelsOf(settings), ...RESTRICTED };
  made.spec.volumes = [{ name: 'volume', persistentVolumeClaim: { claimName: VOLUME } }];
  return made;
}

/** Tries the same once, without a policy: what it does not reach proves nothing about anybody. */
export function controlProbePod(settings: ProbeSettings): Pod {
  const asked = { work: 'tries', targets: settings.targets, once: true };
  return podOf(settings, 'control', [nodeContainer(settings, 'probe', asked)]);
}

export function limitsPod(settings: ProbeSettings): Pod {
  const cpu = nodeContainer(settings, 'cpu', { work: 'cpu' });
  const memory = nodeContainer(settings, 'memory', { work: 'memory', bytes: 3 * SIZES.memoryMib * MIB });
  return podOf(settings, 'limits', [
    { ...cpu, resources: resources({ cpu: '200m' }) },
    { ...memory, resources: resources({ memory: `${SIZES.memoryMib}Mi` }) },
  ]);
}

export function pidsPod(settings: ProbeSettings): Pod {
  const forks = `i=0; while [ $i -lt ${SIZES.processes} ]; do sleep 3 & i=$((i+1)); done; echo all`;
  return podOf(settings, 'pids', [{ ...container(settings, 'pids'), command: ['sh', '-c', forks] }]);
}

function nodeContainer(settings: ProbeSettings, name: string, asked: object): Container {
  const script = readFileSync(fileURLToPath(new URL('pod-probe.mjs', import.meta.url)), 'utf8');
  const command = [...POD_NODE, '--input-type=module', '-e', literal(script), literal(JSON.stringify(asked))];
  return { ...container(settings, name), command };
}

export function container(
  { image, imagePullPolicy }: Pick<ProbeSettings, 'image' | 'imagePullPolicy'>,
  name: string,
): Container {
  return {
    name,
    image,
    imagePullPolicy,
    env: [{ name: 'TZ', value: 'UTC' }],
    resources: resources({}),
    securityContext: {
      runAsNonRoot: true,
      runAsUser: SIZES.uid,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
  };
}

function resources(limits: Readonly<Record<string, string>>): NonNullable<Container['resources']> {
  return { requests: { cpu: '10m', memory: '32Mi' }, limits: { cpu: '1', memory: '512Mi', ...limits } };
}

export function podOf(place: Place, name: string, containers: Container[]): Pod {
  return {
    metadata: { name, namespace: namespaceOf(place), labels: labelsOf(place) },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      activeDeadlineSeconds: 60,
      terminationGracePeriodSeconds: 1,
      containers,
    },
  };
}

/** Kubernetes replaces `$(NAME)` and `$$` in commands. */
export function literal(text: string): string {
  return text.replaceAll(/\$(?=[$(])/g, '$$$$');
}
