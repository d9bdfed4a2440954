import { test } from 'vitest';
import { VirtualClock } from '../../../core/virtual-clock.ts';
import { JOB_STATUS } from '../../../core/protocol/job-status.ts';
import { NETWORK_POLICIES, PODS } from '../../../engine/kubernetes/objects.ts';
import { NETWORK_POLICY_NAMES, objectNames } from '../../../engine/api/names.ts';
import type { NetworkPolicy, Pod } from '../../../engine/kubernetes/pod-types.ts';
import { systemClock } from '../../../core/clock.ts';
import { waitUntil } from '../../../core/wait-until.ts';
import { NAMESPACE, startEngineLab } from './testing/engine-lab.ts';
import type { Script } from './testing/instant-kubelet.ts';

test('a job runs through its three pods and leaves nothing behind', async ({ expect }) => {
  await using lab = await startEngineLab();
  await lab.startEngine();
  const jobId = await lab.submit(1);
  const record = await lab.ended(jobId);
  expect(record.status).toMatchObject({
    phase: 'finished',
    runConsumed: true,
    outcome: { kind: 'succeeded', exitCode: 0 },
    results: [{ filename: 'out.txt' }],
  });
  await lab.gone(jobId);
  expect(lab.kubelet.computePods.get(jobId)?.size).toBe(1);
  expect(lab.kubelet.phases.get(jobId)).toEqual([
    'configuringVolumes',
    'provisioned',
    'runningAlgorithm',
    'publishingResults',
    'finished',
  ]);
  expect(lab.leftovers()).toEqual([]);
});

interface Ending {
  readonly name: string;
  readonly script: Script;
  readonly code: number;
  readonly consumed: boolean;
  readonly details: Record<string, unknown>;
}

const ENDINGS: readonly Ending[] = [
  {
    name: 'E3: a failing algorithm is 41 with its exit code',
    script: { compute: { kind: 'exit', code: 7 } },
    code: 41,
    consumed: true,
    details: { exitCode: 7 },
  },
  {
    name: 'a signal is told',
    script: { compute: { kind: 'exit', code: 139 } },
    code: 41,
    consumed: true,
    details: { exitCode: 139, signal: 11 },
  },
  {
    name: 'E9: out of memory is told',
    script: { compute: { kind: 'exit', code: 137, reason: 'OOMKilled' } },
    code: 41,
    consumed: true,
    details: { oomKilled: true, reason: 'OOMKilled' },
  },
  {
    name: 'eviction gives the run back',
    script: { compute: { kind: 'exit', code: 137, podReason: 'Evicted' } },
    code: 46,
    consumed: false,
    details: { reason: 'Evicted' },
  },
  {
    name: 'a gate that never closed is 47',
    script: { compute: { kind: 'gate', code: 47 } },
    code: 47,
    consumed: false,
    details: { reason: 'NeverDenied' },
  },
  {
    name: 'a gate that the runtime cannot start, again and again, is 22',
    script: { compute: { kind: 'startError', times: 9 } },
    code: 22,
    consumed: false,
    details: { reason: 'StartError', message: 'unable to freeze' },
  },
  {
    name: 'a gate that dies, again and again, is 22',
    script: { compute: { kind: 'gate', code: 139 } },
    code: 22,
    consumed: false,
    details: { reason: 'GateFailed', gateExitCode: 139 },
  },
  {
    name: 'a gate that is evicted gives the run back',
    script: { compute: { kind: 'gate', code: 137, podReason: 'Evicted' } },
    code: 46,
    consumed: false,
    details: { reason: 'Evicted' },
  },
  {
    name: 'E7: an image that cannot exist is 22',
    script: { compute: { kind: 'wait', reason: 'InvalidImageName', message: 'bad name' } },
    code: 22,
    consumed: false,
    details: { reason: 'InvalidImageName', message: 'bad name' },
  },
  {
    name: 'E2: a configure pod that dies silently is 31',
    script: { configure: { kind: 'exit', code: 1 } },
    code: 31,
    consumed: false,
    details: { exitCode: 1 },
  },
  {
    name: 'F4: a configure pod without a report is 31',
    script: { configureReport: 'none' },
    code: 31,
    consumed: false,
    details: { reason: 'NoReport' },
  },
  {
    name: 'an algorithm that cannot be fetched is 32',
    script: { configureReport: { ok: false, failed: 'algorithm', code: 'NOT_FOUND', files: [] } },
    code: 32,
    consumed: false,
    details: { reason: 'NOT_FOUND' },
  },
  {
    name: 'F8: publishing that fails is 62, not finished',
    script: { publish: { kind: 'exit', code: 1 } },
    code: 62,
    consumed: false,
    details: { reason: 'Error' },
  },
  {
    name: 'outputs that were left out are counted in the status',
    script: { publishReport: { ok: true, published: 1, notPublished: 1003, refused: [] } },
    code: 70,
    consumed: true,
    details: { notPublished: 1003 },
  },
  {
    name: 'E2: a publish pod that cannot start is 62',
    script: { publish: { kind: 'wait', reason: 'CreateContainerConfigError', message: 'm' } },
    code: 62,
    consumed: false,
    details: { reason: 'CreateContainerConfigError' },
  },
];

test('every way to end has its own number, and says why', async ({ expect }) => {
  await using lab = await startEngineLab({
    scriptOf: ({ spec }) => ENDINGS[Number.parseInt(spec.jobId, 16)]?.script ?? {},
  });
  await lab.startEngine();
  for (const [index, { name, code, consumed, details }] of ENDINGS.entries()) {
    const { status } = await lab.ended(await lab.submit(index));
    expect({ name, code: JOB_STATUS[status?.phase ?? 'started'].code, consumed: status?.runConsumed }).toEqual({
      name,
      code,
      consumed,
    });
    expect({ name, details: status?.details }).toMatchObject({ name, details });
    expect(status?.finishedAt).toBeDefined();
  }
  for (const index of ENDINGS.keys()) await lab.gone(index.toString(16).padStart(32, '0'));
  expect(lab.leftovers()).toEqual([]);
});

test('pods that the runtime could not start once are replaced, and the algorithm runs once', async ({ expect }) => {
  const once = { kind: 'startError', times: 1 } as const;
  const scripts: readonly Script[] = [{ configure: once }, { compute: once }, { publish: once }];
  await using lab = await startEngineLab({ scriptOf: ({ spec }) => scripts[Number.parseInt(spec.jobId, 16)] ?? {} });
  await lab.startEngine();
  for (const [index, script] of scripts.entries()) {
    const jobId = await lab.submit(index);
    const { status } = await lab.ended(jobId);
    expect(status).toMatchObject({ phase: 'finished', runConsumed: true, failedStarts: [expect.any(String)] });
    expect(lab.kubelet.ran.get(jobId)?.size).toBe(1);
    expect(lab.kubelet.computePods.get(jobId)?.size).toBe(script.compute ? 2 : 1);
    await lab.gone(jobId);
  }
  expect(lab.leftovers()).toEqual([]);
});

test('E6: a stop is honoured in every state and ends as 45', async ({ expect }) => {
  const hang = { kind: 'hang' } as const;
  const scripts: Record<string, Script> = {
    '1': { configure: hang },
    '2': { compute: hang },
    '3': { publish: hang },
    '4': { compute: { kind: 'wait', reason: 'ImagePullBackOff', message: 'm' } },
  };
  await using lab = await startEngineLab({
    scriptOf: ({ spec }) => scripts[String(Number.parseInt(spec.jobId, 16))] ?? {},
    environment: { maxJobs: 1 },
  });
  await lab.startEngine();
  for (const [index, phase, consumed] of [
    [1, 'configuringVolumes', false],
    [2, 'runningAlgorithm', true],
    [3, 'publishingResults', true],
    [4, 'runningAlgorithm', false],
  ] as const) {
    const jobId = await lab.submit(index);
    const queued = await lab.submit(index + 100);
    await lab.inPhase(jobId, phase);
    await lab.requestStop(queued);
    expect((await lab.ended(queued)).status).toMatchObject({ phase: 'stopped', runConsumed: false });
    await lab.requestStop(jobId);
    expect((await lab.ended(jobId)).status).toMatchObject({ phase: 'stopped', runConsumed: consumed, stop: { phase } });
    await lab.gone(jobId);
    await lab.gone(queued);
  }
  expect(lab.kubelet.phases.get('2'.padStart(32, '0'))).toContain('publishingResults');
  expect(lab.leftovers()).toEqual([]);
});

test('a compute pod that somebody deletes ends the job as interrupted and never runs twice', async ({ expect }) => {
  await using lab = await startEngineLab({ scriptOf: () => ({ compute: { kind: 'hang' } }) });
  await lab.startEngine();
  const jobId = await lab.submit(1);
  await waitForStart(lab, jobId);
  await lab.admin.delete(PODS, { name: objectNames.pod(jobId, 'compute'), namespace: NAMESPACE });
  expect((await lab.ended(jobId)).status).toMatchObject({ phase: 'interrupted', runConsumed: false });
  await lab.gone(jobId);
  expect(lab.kubelet.computePods.get(jobId)?.size).toBe(1);
});

test('E9: the paid time counts from the start of the algorithm and ends it as 44', async ({ expect }) => {
  const clock = new VirtualClock(Date.parse('2026-11-01T00:00:00Z'));
  await using lab = await startEngineLab({ clock, scriptOf: () => ({ compute: { kind: 'hang' } }) });
  await lab.startEngine();
  const jobId = await lab.submit(1, { maxDurationSeconds: 60 });
  const pod = await waitForStart(lab, jobId);
  expect(pod.spec.activeDeadlineSeconds).toBe(60);
  clock.advance(61_000);
  lab.kubelet.tick();
  expect((await lab.ended(jobId)).status).toMatchObject({ phase: 'timeLimitReached', outcome: { kind: 'timeLimit' } });
});

test('E17: an environment runs maxJobs at once, and no owner keeps another waiting', async ({ expect }) => {
  await using lab = await startEngineLab({
    scriptOf: () => ({ compute: { kind: 'hang' } }),
    environment: { maxJobs: 2 },
  });
  const owner = (letter: string): string => `0x${letter.repeat(40)}`;
  for (const index of [1, 2, 3, 4]) await lab.submit(index, { owner: owner('a') });
  await lab.submit(5, { owner: owner('b') });
  await lab.startEngine();
  await lab.inPhase('5'.padStart(32, '0'), 'runningAlgorithm');
  await lab.inPhase('1'.padStart(32, '0'), 'runningAlgorithm');
  const phases = [1, 2, 3, 4, 5].map((index) => lab.workflow(String(index).padStart(32, '0'))?.status?.phase);
  expect(phases).toEqual(['runningAlgorithm', undefined, undefined, undefined, 'runningAlgorithm']);
});

test('the standing policies are there before any pod, and come back when somebody removes one', async ({ expect }) => {
  await using lab = await startEngineLab();
  await lab.startEngine();
  const ref = { name: NETWORK_POLICY_NAMES.deny, namespace: NAMESPACE };
  const before = await lab.admin.get<NetworkPolicy>(NETWORK_POLICIES, ref);
  expect(before.spec).toMatchObject({ policyTypes: ['Ingress', 'Egress'] });
  await lab.admin.delete(NETWORK_POLICIES, ref);
  const after = await waitUntil('the policy', async () => lab.admin.find<NetworkPolicy>(NETWORK_POLICIES, ref), {
    clock: systemClock,
    timeoutMs: 5000,
  });
  expect(after.metadata.uid).not.toBe(before.metadata.uid);
  expect(after.spec).toEqual(before.spec);
});

test('with isolation required and not measured as enforced, a job ends as 47 and no pod was made', async ({
  expect,
}) => {
  await using lab = await startEngineLab();
  await lab.startEngine({
    isolation: 'required',
    capabilities: { network: 'recorded', readonly: 'enforced', user: 'enforced' },
  });
  const jobId = await lab.submit(1);
  expect((await lab.ended(jobId)).status).toMatchObject({
    phase: 'isolationUnavailable',
    details: { message: 'network' },
  });
  await lab.gone(jobId);
  expect(lab.kubelet.computePods.size).toBe(0);
});

test('a storage class that keeps released volumes is refused', async ({ expect }) => {
  await using lab = await startEngineLab();
  const keeping = { metadata: { name: 'keeping' }, provisioner: 'test', reclaimPolicy: 'Retain' };
  await lab.admin.create(
    { group: 'storage.k8s.io', version: 'v1', resource: 'storageclasses', kind: 'StorageClass', isClusterScoped: true },
    keeping,
  );
  await expect(lab.startEngine({ storageClass: 'keeping' })).rejects.toMatchObject({ code: 'STORAGE_CLASS_RETAINS' });
  const engine = await lab.startEngine({ storageClass: 'keeping', allowRetainedVolumes: true });
  expect(engine.isLeader).toBe(true);
});

async function waitForStart(lab: Awaited<ReturnType<typeof startEngineLab>>, jobId: string): Promise<Pod> {
  const ref = { name: objectNames.pod(jobId, 'compute'), namespace: NAMESPACE };
  return waitUntil(
    'the algorithm to run under its deadline',
    async () => {
      const pod = await lab.admin.find<Pod>(PODS, ref);
      const isKnown = lab.workflow(jobId)?.status?.computePod?.startedAt !== undefined;
      return isKnown && pod?.spec.activeDeadlineSeconds !== undefined ? pod : undefined;
    },
    { clock: systemClock, timeoutMs: 5000 },
  );
}
