import { describe, test } from 'vitest';
import type { Pod } from '../../kubernetes/pod-types.ts';
import { DEFAULT_POD_SETTINGS } from '../settings.ts';
import type { PodSettings } from '../settings.ts';
import { modelWorkflow } from '../../api/testing/model-workflow.ts';
import { MODEL_ENVIRONMENT } from '../testing/model-world.ts';
import { OUTWARD, networkPolicies } from './network-policies.ts';
import { podOf } from './pods.ts';
import { stageTokenSecret, volumeClaimOf } from './volumes-and-secrets.ts';

const control = { isGreen: () => true, hasSeen: () => false, onChange: () => undefined };
const settings: PodSettings = {
  ...DEFAULT_POD_SETTINGS,
  namespace: 'ocean',
  podsImage: 'wavetank-pods:1',
  brokerUrlForPods: 'http://broker:1',
};
const workflow = modelWorkflow();
const request = { workflow, environment: { ...MODEL_ENVIRONMENT, cpuNumber: 2, ramGb: 4, diskGb: 8 }, settings };
const STAGES = ['configure', 'compute', 'publish'] as const;
const containersOf = (pod: Pod): Pod['spec']['containers'] => [
  ...(pod.spec.initContainers ?? []),
  ...pod.spec.containers,
];

describe.each(STAGES)('pod-%s', (stage) => {
  const gated = { ...settings, gate: { mode: 'probe', targets: ['10.0.0.1:80'], control } } as const;
  const pod = podOf(stage, { ...request, settings: gated, node: 'n1' });

  test('E11: has no power that its stage does not need', ({ expect }) => {
    expect(pod.spec).toMatchObject({
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 10_001,
        runAsGroup: 10_001,
        fsGroup: 10_001,
        seccompProfile: { type: 'RuntimeDefault' },
      },
    });
    expect(JSON.stringify(pod)).not.toMatch(/hostPath|hostNetwork|hostPID|hostIPC|serviceAccountName/);
    for (const container of containersOf(pod)) {
      expect(container.securityContext).toMatchObject({
        runAsNonRoot: true,
        privileged: false,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(Object.keys(container.resources?.limits ?? {})).toEqual(
        expect.arrayContaining(['cpu', 'memory', 'ephemeral-storage']),
      );
    }
  });

  test('the three pods share user, home and compute’s resources; later ones go where the volume is', ({ expect }) => {
    const [main] = pod.spec.containers;
    expect(main?.resources?.requests).toMatchObject({ cpu: '2', memory: '4096Mi' });
    expect(main?.env).toContainEqual({ name: 'HOME', value: '/tmp' });
    expect(JSON.stringify(pod.spec.affinity)).toContain('"values":["n1"]');
    expect(pod.spec.volumes).toContainEqual({ name: 'tmp', emptyDir: { sizeLimit: '256Mi' } });
    expect(pod.metadata).toMatchObject({
      name: `job-1-${stage}`,
      labels: { 'oceanprotocol.com/stage': stage, 'oceanprotocol.com/job': '1' },
    });
  });

  test('E12: no key, token or password is in its spec', ({ expect }) => {
    const names = containersOf(pod).flatMap(({ env }) => env?.map(({ name }) => name) ?? []);
    expect(names.filter((name) => /KEY|SECRET|PASSWORD|AWS|POSTGRES/i.test(name) || name === 'secret')).toEqual([]);
    expect(names.includes('BROKER_TOKEN_FILE')).toBe(stage !== 'compute');
  });
});

test('E13: compute sees inputs and code read-only, and no token', ({ expect }) => {
  const pod = podOf('compute', request);
  const mounts = pod.spec.containers[0]?.volumeMounts?.map(({ mountPath, subPath, readOnly }) => [
    mountPath,
    subPath,
    readOnly,
  ]);
  expect(mounts).toEqual([
    ['/data/inputs', 'inputs', true],
    ['/data/ddos', 'ddos', true],
    ['/data/transformations', 'transformations', true],
    ['/data/outputs', 'outputs', false],
    ['/data/logs', 'logs', false],
    ['/tmp', undefined, undefined],
  ]);
  expect(pod.spec.volumes?.map(({ name }) => name)).toEqual(['data', 'tmp']);
  expect(pod.metadata.finalizers).toEqual(['oceanprotocol.com/outcome']);
  expect(pod.metadata.labels).not.toHaveProperty('oceanprotocol.com/network');
});

test('publish sees outputs and logs alone, and cannot change them', ({ expect }) => {
  const mounts = podOf('publish', request).spec.containers[0]?.volumeMounts;
  expect(mounts?.filter(({ name }) => name === 'data').map(({ subPath, readOnly }) => [subPath, readOnly])).toEqual([
    ['outputs', true],
    ['logs', true],
  ]);
});

test('publish is told how much it may publish, as the engine was', ({ expect }) => {
  const envOf = (own: Partial<PodSettings>) =>
    podOf('publish', { ...request, settings: { ...settings, ...own } }).spec.containers[0]?.env;
  expect(envOf({})).toEqual(
    expect.arrayContaining([
      { name: 'MAX_OUTPUT_FILES', value: '10000' },
      { name: 'MAX_OUTPUT_BYTES', value: '10737418240' },
    ]),
  );
  expect(envOf({ maxOutputFiles: 3, maxOutputBytes: 9 })).toEqual(
    expect.arrayContaining([
      { name: 'MAX_OUTPUT_FILES', value: '3' },
      { name: 'MAX_OUTPUT_BYTES', value: '9' },
    ]),
  );
});

test('only a job whose datasets all allow it is labelled for the network', ({ expect }) => {
  const pod = podOf('compute', { ...request, workflow: modelWorkflow({ networkAccess: true }) });
  expect(pod.metadata.labels).toMatchObject({ 'oceanprotocol.com/network': 'allowed' });
});

test('the algorithm sees the classic environment, and no secret', ({ expect }) => {
  expect(
    Object.fromEntries(
      podOf('compute', request).spec.containers[0]?.env?.map(({ name, value }) => [name, value]) ?? [],
    ),
  ).toEqual({
    DIDS: '["d"]',
    TRANSFORMATION_DID: 'a',
    VOLUME: '/data',
    LOGS: '/data/logs',
    INPUTS: '/data/inputs',
    OUTPUTS: '/data/outputs',
    HOME: '/tmp',
  });
});

test('E16: a GPU that is advertised is requested', ({ expect }) => {
  const gpu = podOf('compute', {
    ...request,
    environment: { ...MODEL_ENVIRONMENT, gpuNumber: 2, gpuType: 'amd.com/gpu' },
  });
  expect(gpu.spec.containers[0]?.resources?.limits).toMatchObject({ 'amd.com/gpu': '2' });
  expect(podOf('compute', request).spec.containers[0]?.resources?.limits).not.toHaveProperty('nvidia.com/gpu');
});

test('E13: one volume per job, of the size that the environment promises', ({ expect }) => {
  const claim = volumeClaimOf(workflow, request.environment, { ...settings, storageClass: 'fast' });
  expect(claim.spec).toEqual({
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'fast',
    resources: { requests: { storage: '8192Mi' } },
  });
  expect(claim.metadata.ownerReferences).toMatchObject([{ kind: 'WorkFlow', name: 'job-1', uid: 'w' }]);
});

test('a stage token is the job’s and the stage’s', ({ expect }) => {
  const secret = stageTokenSecret(workflow, { token: 't', stage: 'publish', jobId: '1' });
  expect(secret).toMatchObject({
    metadata: { name: 'job-1-publish-token' },
    immutable: true,
    stringData: { token: 't', stage: 'publish', jobId: '1' },
  });
});

test('default-deny for every stage; the broker for configure and publish; outward by label, never into private ranges', ({
  expect,
}) => {
  const policies = networkPolicies({
    namespace: 'ocean',
    brokerEgress: { cidr: '10.0.0.9/32', port: 9 },
    outward: OUTWARD,
  });
  const [deny, broker, outward] = policies;
  const stages = (...values: string[]): object => ({
    matchExpressions: [{ key: 'oceanprotocol.com/stage', operator: 'In', values }],
  });
  expect(deny?.spec).toEqual({
    podSelector: stages('configure', 'compute', 'publish'),
    policyTypes: ['Ingress', 'Egress'],
  });
  expect(broker?.spec).toEqual({
    podSelector: stages('configure', 'publish'),
    policyTypes: ['Egress'],
    egress: [{ to: [{ ipBlock: { cidr: '10.0.0.9/32' } }], ports: [{ protocol: 'TCP', port: 9 }] }],
  });
  expect(outward?.spec).toMatchObject({
    podSelector: { matchLabels: { 'oceanprotocol.com/stage': 'compute', 'oceanprotocol.com/network': 'allowed' } },
  });
  const [ipv4] = OUTWARD;
  expect(ipv4?.except).toEqual(
    expect.arrayContaining(['10.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16']),
  );
});
