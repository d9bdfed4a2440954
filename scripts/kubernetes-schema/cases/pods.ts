import type { Sample } from '../samples.ts';
import { podOf } from '../samples.ts';
import type { Json } from '../schema-walk.ts';

function pod(name: string, spec: Json, metadata: Json = {}): Sample {
  return { resource: 'pods', name, object: podOf('a', spec, metadata) };
}

const MAIN = { name: 'main', image: 'example/app:1' };
const affinity = (name: string, value: Json): Sample => pod(`affinity ${name}`, { affinity: value });
const terms = (nodeSelectorTerms: Json[]): Json => ({
  nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
});
const security = (name: string, securityContext: Json): Sample => pod(`pod security ${name}`, { securityContext });
const toleration = (name: string, value: Json): Sample => pod(`toleration ${name}`, { tolerations: [value] });

export const POD_CASES: readonly Sample[] = [
  { resource: 'pods', name: 'no spec', object: { metadata: { name: 'a' } } },
  { resource: 'pods', name: 'spec of a wrong type', object: { metadata: { name: 'a' }, spec: [] } },
  pod('no containers', { containers: [] }),
  pod('containers null', { containers: null }),
  pod('containers of a wrong type', { containers: {} }),
  pod('a container of a wrong type', { containers: ['main'] }),
  pod('an empty container', { containers: [{}] }),
  pod('a null container', { containers: [null] }),
  pod('two containers of one name', { containers: [MAIN, MAIN] }),
  pod('init container of the same name', { initContainers: [MAIN] }),
  pod('init container with a probe', {
    initContainers: [
      {
        ...MAIN,
        name: 'init',
        livenessProbe: { tcpSocket: { port: 80 } },
        lifecycle: { preStop: { exec: { command: ['a'] } } },
      },
    ],
  }),
  pod('init container that restarts', { initContainers: [{ ...MAIN, name: 'init', restartPolicy: 'Always' }] }),
  pod('init container restart policy unknown', { initContainers: [{ ...MAIN, name: 'init', restartPolicy: 'Never' }] }),
  pod('ephemeral containers', { ephemeralContainers: [{ ...MAIN, name: 'debug' }] }),
  pod('name too long', {}, { name: 'a'.repeat(254) }),
  pod('name with dots', {}, { name: 'a.b-c' }),
  pod('restart policy unknown', { restartPolicy: 'Sometimes' }),
  pod('restart policy empty', { restartPolicy: '' }),
  pod('restart policy Never', { restartPolicy: 'Never' }),
  pod('dns policy unknown', { dnsPolicy: 'Host' }),
  pod('dns policy None without servers', { dnsPolicy: 'None' }),
  pod('dns policy None', { dnsPolicy: 'None', dnsConfig: { nameservers: ['127.0.0.1'] } }),
  pod('dns servers that are no addresses', {
    dnsConfig: { nameservers: ['a', '10.0.0.1'], searches: ['A_'], options: [{}] },
  }),
  pod('grace period negative', { terminationGracePeriodSeconds: -1 }),
  pod('grace period 0', { terminationGracePeriodSeconds: 0 }),
  pod('grace period of a wrong type', { terminationGracePeriodSeconds: '30' }),
  pod('grace period with a fraction', { terminationGracePeriodSeconds: 0.5 }),
  pod('deadline 0', { activeDeadlineSeconds: 0 }),
  pod('deadline too large', { activeDeadlineSeconds: 2147483648 }),
  pod('deadline', { activeDeadlineSeconds: 60 }),
  pod('hostname with a dot', { hostname: 'a.b', subdomain: 'C' }),
  pod('hostname', { hostname: 'a', subdomain: 'b' }),
  pod('node selector', { nodeSelector: { 'kubernetes.io/hostname': 'a' } }),
  pod('node selector that is bad', { nodeSelector: { 'a b': 'c d' } }),
  pod('node name that is bad', { nodeName: 'A_' }),
  pod('node name', { nodeName: 'some-node' }),
  pod('service account that is bad', { serviceAccountName: 'A_' }),
  pod('service account that does not exist', { serviceAccountName: 'absent' }),
  pod('service account by its old name', { serviceAccount: 'default' }),
  pod('priority', { priority: 5 }),
  pod('priority class unknown', { priorityClassName: 'absent' }),
  pod('priority class of the system', { priorityClassName: 'system-node-critical' }),
  pod('preemption policy unknown', { preemptionPolicy: 'Maybe' }),
  pod('scheduler', { schedulerName: 'mine' }),
  pod('image pull secret without a name', { imagePullSecrets: [{}] }),
  pod('host aliases', { hostAliases: [{ ip: 'a', hostnames: ['A_'] }, { ip: '' }] }),
  pod('share and host processes', { shareProcessNamespace: true, hostPID: true }),
  pod('host users off on the host network', { hostUsers: false, hostNetwork: true }),
  pod('host users off', { hostUsers: false }),
  pod('os', { os: { name: 'linux' } }),
  pod('os unknown', { os: { name: 'plan9' } }),
  pod('os without a name', { os: {} }),
  pod('os windows', { os: { name: 'windows' } }),
  pod('readiness gate that is bad', { readinessGates: [{ conditionType: 'a b' }] }),
  pod('scheduling gate', { schedulingGates: [{ name: 'example.com/wait' }] }),
  pod('scheduling gates that are bad', {
    schedulingGates: [{ name: '' }, { name: 'a b' }, { name: 'a' }, { name: 'a' }],
  }),
  pod('scheduling gate with a node', { nodeName: 'a', schedulingGates: [{ name: 'a' }] }),
  pod('runtime class', { runtimeClassName: 'absent' }),
  pod('overhead without a class', { overhead: { cpu: '1' } }),
  pod('fqdn', { setHostnameAsFQDN: true, enableServiceLinks: false }),
  pod('unknown fields', { unknown: 1, containers: [{ ...MAIN, extra: { a: 1 }, resources: { limit: {} } }] }),
  pod('a field in capitals', { Containers: [] }),
  pod('status that is sent', {}, {}),
  { resource: 'pods', name: 'status', object: { ...podOf('a', {}), status: { phase: 'Running', podIP: '10.0.0.1' } } },
  {
    resource: 'pods',
    name: 'guaranteed',
    object: podOf('a', { containers: [{ ...MAIN, resources: { limits: { cpu: '1', memory: '1Gi' } } }] }),
  },
  {
    resource: 'pods',
    name: 'burstable',
    object: podOf('a', {
      containers: [
        { ...MAIN, resources: { limits: { cpu: '1', memory: '1Gi' } } },
        { ...MAIN, name: 'other' },
      ],
    }),
  },
  security('users and groups that are negative', {
    runAsUser: -1,
    runAsGroup: -1,
    fsGroup: -1,
    supplementalGroups: [-1],
  }),
  security('all', {
    runAsUser: 1000,
    runAsGroup: 1000,
    fsGroup: 1000,
    runAsNonRoot: true,
    supplementalGroups: [1],
    fsGroupChangePolicy: 'OnRootMismatch',
  }),
  security('policies unknown', { fsGroupChangePolicy: 'Never', supplementalGroupsPolicy: 'Loose' }),
  security('sysctls that are bad', { sysctls: [{ name: 'A b', value: 'c' }, { name: '' }] }),
  security('sysctl twice', {
    sysctls: [
      { name: 'kernel.a', value: '1' },
      { name: 'kernel.a', value: '1' },
    ],
  }),
  security('seccomp unknown', { seccompProfile: { type: 'Off' } }),
  toleration('without a key', { effect: 'NoSchedule' }),
  toleration('for all', { operator: 'Exists' }),
  toleration('operator unknown', { key: 'a', operator: 'In' }),
  toleration('exists with a value', { key: 'a', operator: 'Exists', value: 'b' }),
  toleration('effect unknown', { key: 'a', effect: 'Never' }),
  toleration('seconds without NoExecute', { key: 'a', effect: 'NoSchedule', tolerationSeconds: 5 }),
  toleration('key and value that are bad', { key: 'a b', value: 'c d' }),
  toleration('seconds of its own', {
    key: 'node.kubernetes.io/not-ready',
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: 5,
  }),
  affinity('of nodes without terms', terms([])),
  affinity(
    'of nodes with an operator unknown',
    terms([{ matchExpressions: [{ key: 'a', operator: 'Like', values: ['b'] }] }]),
  ),
  affinity('of nodes In without values', terms([{ matchExpressions: [{ key: 'a', operator: 'In' }] }])),
  affinity(
    'of nodes Exists with values',
    terms([{ matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] }]),
  ),
  affinity('of nodes Gt with two', terms([{ matchExpressions: [{ key: 'a', operator: 'Gt', values: ['1', '2'] }] }])),
  affinity('of nodes by a field unknown', terms([{ matchFields: [{ key: 'a', operator: 'In', values: ['b'] }] }])),
  affinity('of nodes by name', terms([{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] }])),
  affinity('of nodes with a weight too large', {
    nodeAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 101, preference: { matchExpressions: [{ key: 'a', operator: 'Exists' }] } },
      ],
    },
  }),
  affinity('of pods without a topology', {
    podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: '' }] },
  }),
  affinity('of pods with a selector that is bad', {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        {
          topologyKey: 'a',
          labelSelector: {
            matchLabels: { 'a b': 'c' },
            matchExpressions: [
              { key: 'a', operator: 'Exists', values: ['b'] },
              { key: 'a', operator: 'In' },
              { key: 'a', operator: 'Gt' },
            ],
          },
        },
      ],
    },
  }),
  pod('topology spread that is bad', {
    topologySpreadConstraints: [{ maxSkew: 0, topologyKey: '', whenUnsatisfiable: 'Maybe' }],
  }),
  pod(
    'annotations of AppArmor',
    {},
    { annotations: { 'container.apparmor.security.beta.kubernetes.io/main': 'unconfined' } },
  ),
  pod('everything wrong at once', {
    restartPolicy: 'x',
    dnsPolicy: 'y',
    activeDeadlineSeconds: -5,
    terminationGracePeriodSeconds: -5,
    volumes: [{ name: 'V' }, { name: 'v', configMap: {} }],
    initContainers: [{ name: 'I' }],
    containers: [
      { name: 'M', volumeMounts: [{ name: 'w' }], env: [{}], ports: [{}], resources: { limits: { x: '1' } } },
    ],
    tolerations: [{}],
  }),
];
