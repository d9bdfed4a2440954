import { expect, test } from 'vitest';
import { modelWorkflow } from '../api/testing/model-workflow.ts';
import type { Stage } from '../api/names.ts';
import { ModelWorld } from './testing/model-world.ts';

const STAGES: readonly Stage[] = ['configure', 'compute', 'publish'];

/** Lives until it is gone, in a healthy cluster whose runtime fails to start the first pods of a stage. */
function live(world: ModelWorld, failing: Partial<Record<Stage, number>>): void {
  const left = { ...failing };
  for (let round = 0; round < 60 && !world.isGone; round++) {
    for (let looks = 0; looks < 6; looks++) world.step();
    for (const stage of STAGES) {
      if (world.pods[stage]?.state !== 'waiting' || !left[stage]) continue;
      left[stage]--;
      world.happen({ kind: 'failStart', stage });
      world.step();
    }
    world.settle();
    world.now += 30_000;
  }
}

test.each(STAGES)(
  'a pod-%s that could not be started is replaced, and the job ends as if nothing had been',
  (stage) => {
    const world = new ModelWorld(modelWorkflow());
    live(world, { [stage]: 1 });
    expect(world.isGone).toBe(true);
    expect(world.workflow.status).toMatchObject({
      phase: 'finished',
      runConsumed: true,
      failedStarts: [expect.stringMatching(stage)],
    });
    expect(world.ran).toHaveLength(1);
  },
);

test('it is written down before the pod is let go', () => {
  const world = new ModelWorld(modelWorkflow());
  toCompute(world);
  world.happen({ kind: 'failStart', stage: 'compute' });
  const { waves } = world.step();
  expect(waves.map((wave) => wave.map((action) => action.do))).toEqual([
    ['writeStatus'],
    ['releasePod'],
    ['deletePod'],
  ]);
});

test('an engine that dies between the two goes on with them', () => {
  for (const survived of [1, 2]) {
    const world = new ModelWorld(modelWorkflow());
    toCompute(world);
    world.happen({ kind: 'failStart', stage: 'compute' });
    world.step(survived);
    live(world, {});
    expect(world.workflow.status).toMatchObject({ phase: 'finished', failedStarts: [expect.any(String)] });
    expect(world.made).toHaveLength(2);
  }
});

test.each([
  ['configure', 'dataProvisioningFailed'],
  ['compute', 'containerCreationFailed'],
  ['publish', 'publishingFailed'],
] as const)('pod-%s: a third failure ends the job as %s, and the run is given back', (stage, phase) => {
  const world = new ModelWorld(modelWorkflow());
  live(world, { [stage]: 100 });
  expect(world.isGone).toBe(true);
  expect(world.workflow.status).toMatchObject({ phase, runConsumed: false, details: { reason: 'StartError' } });
  expect(world.workflow.status?.failedStarts).toHaveLength(2);
  expect(world.ran).toHaveLength(stage === 'publish' ? 1 : 0);
});

test.each([137, 139, 1])(
  'a gate that ends with %i has kept everything shut: another takes its place',
  (gateExitCode) => {
    const world = new ModelWorld(modelWorkflow());
    toCompute(world);
    world.end('compute', { exitCode: undefined, gateExitCode });
    live(world, {});
    expect(world.workflow.status).toMatchObject({ phase: 'finished', runConsumed: true });
    expect(world.workflow.status?.failedStarts).toHaveLength(1);
    expect(world.made).toHaveLength(2);
  },
);

test.each([
  ['found the network open', { gateExitCode: 47 }, 'isolationUnavailable'],
  ['was evicted', { gateExitCode: 137, reason: 'Evicted' }, 'interrupted'],
])('a gate that %s ends the job', (_what, how, phase) => {
  const world = new ModelWorld(modelWorkflow());
  toCompute(world);
  world.end('compute', { exitCode: undefined, ...how });
  live(world, {});
  expect(world.workflow.status).toMatchObject({ phase, runConsumed: false });
  expect(world.made).toHaveLength(1);
});

test('an algorithm that cannot be started is not tried again: its entrypoint would be the same', () => {
  const world = new ModelWorld(modelWorkflow());
  toCompute(world);
  world.end('compute', { reason: 'StartError', startError: 'main', exitCode: undefined });
  live(world, {});
  expect(world.workflow.status).toMatchObject({ phase: 'containerCreationFailed', runConsumed: false });
  expect(world.made).toHaveLength(1);
});

test('who asked for a stop gets no other pod', () => {
  const world = new ModelWorld(modelWorkflow());
  toCompute(world);
  world.happen({ kind: 'stop' });
  world.happen({ kind: 'failStart', stage: 'compute' });
  live(world, {});
  expect(world.workflow.status).toMatchObject({ phase: 'stopped', runConsumed: false });
  expect(world.made).toHaveLength(1);
});

test('a stop while the pod makes room for another is honoured', () => {
  const world = new ModelWorld(modelWorkflow());
  toCompute(world);
  world.happen({ kind: 'failStart', stage: 'compute' });
  world.step();
  world.happen({ kind: 'stop' });
  live(world, {});
  expect(world.workflow.status).toMatchObject({ phase: 'stopped', details: { reason: 'StoppedBeforeStart' } });
  expect(world.made).toHaveLength(1);
});

/** To where the compute pod is made and known. */
function toCompute(world: ModelWorld): void {
  for (let i = 0; i < 20 && world.pods.compute === undefined; i++) {
    world.step();
    if (world.pods.compute === undefined) world.settle();
  }
  world.step();
}
