import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isEndPhase } from '../../core/protocol/job-status.ts';
import { planWorkflow } from './plan.ts';
import type { Happening } from './testing/model-world.ts';
import { modelWorkflow } from '../api/testing/model-workflow.ts';
import { ModelWorld, SETTINGS } from './testing/model-world.ts';

const stage = fc.constantFrom('configure' as const, 'compute' as const, 'publish' as const);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Happening>({ kind: 'settle' }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('start' as const, 'end' as const), stage }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('linger', 'failStart', 'fail', 'lose', 'evict', 'delete', 'stick', 'vanish'),
      stage,
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('crash' as const), after: fc.integer({ min: 0, max: 4 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('time' as const), seconds: fc.integer({ min: 1, max: 4000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('stop' as const, 'deleteWorkflow' as const, 'loseReport' as const) }),
  },
);

const RANK = ['warmingUp', 'configuringVolumes', 'provisioned', 'runningAlgorithm', 'publishingResults'];

/** Any history, then a healthy cluster: the world, and whether it came to its end. */
function live(history: readonly Happening[]): ModelWorld {
  const world = new ModelWorld(modelWorkflow());
  for (const event of history) {
    world.happen(event);
    world.step();
  }
  for (let round = 0; round < 60 && !world.isGone; round++) {
    for (let looks = 0; looks < 6 && !world.isGone; looks++) world.step();
    world.settle();
    world.now += 30_000;
  }
  return world;
}

describe('whatever happens to a job, in whatever order, with the engine dying anywhere', () => {
  /** The first history that breaks it, as a report; undefined when none does. */
  const broken = (check: (world: ModelWorld) => boolean): string | undefined => {
    const property = fc.property(fc.array(happening, { maxLength: 25 }), (history) => check(live(history)));
    const result = fc.check(property, { numRuns: 1500, seed: 3 });
    return result.failed ? fc.defaultReportMessage(result) : undefined;
  };

  test('it comes to an end and is gone, pods and volume included', ({ expect }) =>
    expect(
      broken((world) => world.isGone && Object.keys(world.pods).length === 0 && world.volume === undefined),
    ).toBeUndefined());

  test('E4: at most one compute pod is ever made in which the algorithm could run', ({ expect }) =>
    expect(
      broken(({ made, unstarted }) => made.filter((uid) => !unstarted.includes(uid)).length <= 1),
    ).toBeUndefined());

  test('the algorithm never runs before its data is verified', ({ expect }) =>
    expect(
      broken((world) => world.ran.length === 0 || world.workflow.status?.reports?.configure?.ok === true),
    ).toBeUndefined());

  test('no compute pod is made while pod-configure can still write', ({ expect }) =>
    expect(broken((world) => !world.hasOverlapped)).toBeUndefined());

  test('no phase goes backwards, and an end is the last of all', ({ expect }) =>
    expect(
      broken((world) => {
        const ranks = world.phases.map((phase) => (isEndPhase(phase as never) ? RANK.length : RANK.indexOf(phase)));
        return ranks.every((rank, i) => rank >= 0 && (i === 0 || rank > (ranks[i - 1] ?? -1)));
      }),
    ).toBeUndefined());

  test('finished means: the algorithm ran to its end and its results are published', ({ expect }) =>
    expect(
      broken(({ workflow: { status } }) => {
        if (status?.phase !== 'finished') return true;
        return (
          status.outcome?.kind === 'succeeded' && status.reports?.publish?.ok === true && status.runConsumed === true
        );
      }),
    ).toBeUndefined());

  test('a run that never started, or was taken away, is given back', ({ expect }) =>
    expect(
      broken(({ ran, workflow: { status } }) => {
        if (ran.length === 0 || status?.phase === 'interrupted') return status?.runConsumed === false;
        return true;
      }),
    ).toBeUndefined());

  test('nobody is told that it never started who was told that it runs', ({ expect }) =>
    expect(
      broken(({ workflow: { status } }) => {
        if (status?.computePod?.startedAt === undefined) return true;
        return status.outcome?.kind !== 'neverStarted' && status.details?.['reason'] !== 'StoppedBeforeStart';
      }),
    ).toBeUndefined());
});

const kinds = (world: ModelWorld): string[][] => world.step().waves.map((wave) => wave.map((action) => action.do));

test('what is created when', ({ expect }) => {
  const world = new ModelWorld(modelWorkflow());
  expect(kinds(world)).toEqual([['writeStatus', 'createToken', 'createVolume'], ['createPod']]);
  world.happen({ kind: 'start', stage: 'configure' });
  expect(kinds(world)).toEqual([]);
  world.happen({ kind: 'end', stage: 'configure' });
  // The intent is written before the pod exists.
  expect(kinds(world)).toEqual([['writeStatus']]);
  expect(world.workflow.status).toMatchObject({ phase: 'provisioned', computeIntent: { pod: 'job-1-compute' } });
  expect(kinds(world)).toEqual([['createPod']]);
  expect(kinds(world)).toEqual([['writeStatus'], ['deletePod', 'deleteToken', 'createToken']]);
  world.happen({ kind: 'start', stage: 'compute' });
  expect(kinds(world)).toEqual([['limitPod', 'writeStatus']]);
  world.happen({ kind: 'end', stage: 'compute' });
  // The outcome is recorded before the pod is let go.
  expect(kinds(world)).toEqual([
    ['writeStatus', 'createToken'],
    ['createPod', 'releasePod'],
  ]);
  world.happen({ kind: 'start', stage: 'publish' });
  world.happen({ kind: 'end', stage: 'publish' });
  expect(kinds(world)).toEqual([['writeStatus']]);
  expect(world.workflow.status?.phase).toBe('finished');
});

test('E10: publishing begins only when the algorithm has ended', ({ expect }) => {
  const world = new ModelWorld(modelWorkflow());
  run(world, 'compute');
  world.step();
  world.happen({ kind: 'stop' });
  expect(kinds(world)).toEqual([['writeStatus']]);
  expect(planWorkflow(world.observation(), SETTINGS).waves.flat()).toMatchObject([{ do: 'limitPod', seconds: 1 }]);
  // Its pod takes its time to die; until it has, nobody reads what it still writes.
  expect(world.pods.publish).toBeUndefined();
  world.step();
  expect(kinds(world)).toEqual([
    ['writeStatus', 'createToken'],
    ['createPod', 'releasePod'],
  ]);
});

test('T13: after a stage that failed no later one runs, and nothing writes over the end', ({ expect }) => {
  const world = new ModelWorld(modelWorkflow());
  run(world, 'configure');
  world.happen({ kind: 'fail', stage: 'configure' });
  const phases: (string | undefined)[] = [];
  for (let i = 0; i < 40 && !world.isGone; i++) {
    world.step();
    expect(world.pods.compute).toBeUndefined();
    expect(world.pods.publish).toBeUndefined();
    if (world.workflow.status?.finishedAt !== undefined) phases.push(world.workflow.status.phase);
    world.settle();
  }
  expect(phases.length).toBeGreaterThan(1);
  expect([...new Set(phases)]).toEqual(['dataProvisioningFailed']);
});

test('E9: the deadline adds what passed before the algorithm started', ({ expect }) => {
  const world = new ModelWorld(modelWorkflow({ maxDurationSeconds: 100 }));
  run(world, 'compute', false);
  const pod = world.pods.compute;
  if (pod === undefined) throw new Error('no pod');
  world.now += 40_000;
  const startedAt = new Date(world.now).toISOString();
  world.pods.compute = {
    ...pod,
    state: 'running',
    waiting: undefined,
    startedAt,
    kubeletStartedAt: world.now - 40_000,
  };
  expect(world.step().waves.flat()).toContainEqual({ do: 'limitPod', uid: pod.uid, seconds: 140 });
});

test('the time is the least of what was paid, what the environment allows, and the order’s end', ({ expect }) => {
  for (const [spec, seconds] of [
    [{ maxDurationSeconds: 300 }, 300],
    [{ maxDurationSeconds: 3000 }, 600],
    [{ maxDurationSeconds: 300, validUntil: Date.parse('2026-01-01T00:01:00Z') / 1000 }, 60],
  ] as const) {
    const world = new ModelWorld(modelWorkflow(spec));
    run(world, 'compute');
    const limits = world
      .step()
      .waves.flat()
      .filter((action) => action.do === 'limitPod');
    expect(limits).toMatchObject([{ seconds }]);
  }
});

test('E2: a pod that cannot start is bounded, and the job says why', ({ expect }) => {
  for (const [stuck, phase] of [
    ['configure', 'containerCreationFailed'],
    ['compute', 'containerCreationFailed'],
    ['publish', 'publishingFailed'],
  ] as const) {
    const world = new ModelWorld(modelWorkflow());
    run(world, stuck, false);
    world.happen({ kind: 'stick', stage: stuck });
    const plan = world.step();
    expect(plan).toMatchObject({ waves: [], lookAgainAt: world.now + SETTINGS.deadlines.imagePullSeconds * 1000 });
    world.now = plan.lookAgainAt ?? 0;
    for (let i = 0; i < 5; i++) {
      world.step();
      world.settle();
    }
    expect(world.workflow.status).toMatchObject({ phase, details: { reason: 'ImagePullBackOff' } });
  }
});

test('an unreachable node ends the job as interrupted and says that it may still run', ({ expect }) => {
  const world = new ModelWorld(modelWorkflow());
  run(world, 'compute');
  world.step();
  world.now += (300 + SETTINGS.deadlines.lostNodeSeconds) * 1000;
  world.step();
  expect(world.workflow.status).toMatchObject({
    phase: 'interrupted',
    runConsumed: false,
    details: { mayStillRun: true },
  });
});

test('a WorkFlow stays until it is archived and its retention is over', ({ expect }) => {
  const world = new ModelWorld(modelWorkflow());
  run(world, 'publish');
  world.happen({ kind: 'end', stage: 'publish' });
  for (let i = 0; i < 8; i++) {
    world.step();
    for (const name of ['configure', 'compute', 'publish'] as const)
      if (world.pods[name]?.deletingSince) delete world.pods[name];
  }
  expect(world.workflow.status?.cleanedAt).toBeDefined();
  expect(world.step()).toEqual({ waves: [] });
  world.happen({ kind: 'archive' });
  expect(world.step()).toEqual({ waves: [], lookAgainAt: world.now + 60_000 });
  world.now += 60_000;
  expect(kinds(world)).toEqual([['deleteWorkflow']]);
  expect(kinds(world)).toEqual([['removeFinalizer']]);
  expect(world.isGone).toBe(true);
});

test('a pod-configure that has reported and does not end is taken away, and the job goes on', ({ expect }) => {
  const world = new ModelWorld(modelWorkflow());
  run(world, 'configure');
  world.happen({ kind: 'linger', stage: 'configure' });
  world.step();
  expect(world.workflow.status?.phase).toBe('provisioned');
  expect(world.step()).toEqual({ waves: [], lookAgainAt: world.now + 15_000 });
  world.now += 15_000;
  expect(kinds(world)).toEqual([['deletePod']]);
  expect(world.step()).toEqual({ waves: [], lookAgainAt: world.now + 120_000 });
  world.happen({ kind: 'settle' });
  expect(kinds(world)).toEqual([['createPod']]);
});

test('one that nobody can take away gives the run back', ({ expect }) => {
  const world = new ModelWorld(modelWorkflow());
  run(world, 'configure');
  world.happen({ kind: 'linger', stage: 'configure' });
  world.step();
  world.now += 15_000;
  world.step();
  world.now += 120_000;
  world.step();
  expect(world.workflow.status).toMatchObject({
    phase: 'interrupted',
    runConsumed: false,
    details: { reason: 'NodeUnreachable' },
  });
  expect(world.made).toEqual([]);
});

test('without a green control no foreign code starts, and the job ends as 47', ({ expect }) => {
  const world = new ModelWorld(modelWorkflow());
  world.isControlGreen = false;
  run(world, 'configure');
  world.happen({ kind: 'end', stage: 'configure' });
  world.step();
  expect(world.step().waves).toEqual([]);
  world.now += SETTINGS.deadlines.startSeconds * 1000;
  world.step();
  expect(world.workflow.status).toMatchObject({ phase: 'isolationUnavailable', runConsumed: false });
  expect(world.made).toEqual([]);
});

test('a canary that saw the algorithm ends the job as 48, and nothing is published', ({ expect }) => {
  const world = new ModelWorld(modelWorkflow());
  run(world, 'compute');
  world.step();
  world.isBreached = true;
  expect(world.step().waves.flat()).toMatchObject([{ do: 'limitPod', seconds: 1 }, { do: 'writeStatus' }]);
  // It stays a breach for an engine that starts only now and has seen no canary.
  world.isBreached = false;
  world.step();
  expect(world.workflow.status).toMatchObject({ phase: 'isolationBreached', details: { reason: 'CanaryReached' } });
  expect(world.pods.publish).toBeUndefined();
});

test.each([
  ['configure', 'delete'],
  ['publish', 'delete'],
  ['publish', 'evict'],
] as const)('pod-%s, taken away (%s), is replaced, and the job goes on', (stage, kind) => {
  const world = new ModelWorld(modelWorkflow());
  run(world, stage);
  const first = world.pods[stage]?.uid;
  world.happen({ kind, stage });
  // The kubelet ends what is deleted, and says so before it is gone.
  if (kind === 'delete') world.happen({ kind: 'fail', stage });
  world.step();
  expect(world.workflow.status?.finishedAt).toBeUndefined();
  world.happen({ kind: 'vanish', stage });
  for (let i = 0; i < 3; i++) world.step();
  expect(world.pods[stage]?.uid).not.toBe(first);
  for (let i = 0; i < 40 && !world.isGone; i++) {
    world.step();
    world.settle();
  }
  expect(world.workflow.status).toMatchObject({ phase: 'finished', runConsumed: true });
});

test.each([
  [143, true, 'interrupted', false],
  [137, true, 'interrupted', false],
  [47, false, 'isolationUnavailable', false],
  [47, true, 'isolationUnavailable', false],
] as const)('a gate that ended with %i, its pod deleted: %j, is %s', (gateExitCode, isDeleted, phase, runConsumed) => {
  const world = new ModelWorld(modelWorkflow());
  run(world, 'compute', false);
  if (isDeleted) world.happen({ kind: 'delete', stage: 'compute' });
  world.end('compute', { exitCode: undefined, gateExitCode });
  world.step();
  expect(world.workflow.status).toMatchObject({ phase, runConsumed });
});

test.each([
  ['DeadlineExceeded', true, 'publishingResults', 'stopped'],
  ['DeadlineExceeded', false, 'publishingResults', 'timeLimit'],
  ['ContainerStatusUnknown', false, 'interrupted', 'interrupted'],
] as const)(
  'a kubelet that lost a container that was seen to run: %s, stopped: %j',
  (reason, isStopped, phase, kind) => {
    const world = new ModelWorld(modelWorkflow());
    run(world, 'compute');
    world.step();
    if (isStopped) {
      world.happen({ kind: 'stop' });
      world.step();
    }
    const pod = world.pods.compute;
    if (pod === undefined) throw new Error('there is no pod');
    const { startedAt } = pod;
    world.pods.compute = { ...pod, startedAt: undefined };
    world.end('compute', { reason, exitCode: undefined });
    world.step();
    expect(world.workflow.status).toMatchObject({ phase, outcome: { kind, reason, startedAt } });
  },
);

/** Takes a job to where this stage's pod exists, and runs unless told otherwise. */
function run(world: ModelWorld, upTo: 'configure' | 'compute' | 'publish', isRunning = true): void {
  for (const name of ['configure', 'compute', 'publish'] as const) {
    for (let i = 0; i < 4 && world.pods[name] === undefined; i++) world.step();
    if (name === upTo) {
      if (name === 'compute') world.step();
      if (isRunning) world.happen({ kind: 'start', stage: name });
      return;
    }
    world.happen({ kind: 'start', stage: name });
    world.step();
    world.happen({ kind: 'end', stage: name });
  }
}
