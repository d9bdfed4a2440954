import type { Sample } from '../samples.ts';
import { podOf, SAMPLES } from '../samples.ts';
import type { Json } from '../schema-walk.ts';

/** A sample whose row is recorded; with a status: of one of the two pods that really exist. */
export interface TableCase extends Sample {
  readonly status?: Json;
}

/** Pods that are created for their statuses to be printed; no node has the label, so that no kubelet writes them. */
const NOWHERE = { nodeSelector: { 'example.com/nowhere': 'true' } };
export const PRINTED_PODS: Readonly<Record<string, Json>> = {
  one: podOf('one', NOWHERE),
  two: podOf('two', {
    ...NOWHERE,
    initContainers: [
      { name: 'first', image: 'example/app:1' },
      { name: 'sidecar', image: 'example/app:1', restartPolicy: 'Always' },
    ],
    containers: [
      { name: 'main', image: 'example/app:1' },
      { name: 'other', image: 'example/app:1' },
    ],
  }),
};

const container = (state: Json, rest: Json = {}): Json => ({
  name: 'main',
  image: 'example/app:1',
  imageID: '',
  ready: false,
  restartCount: 0,
  state,
  ...rest,
});
const pod = (name: string, phase: string, status: Json = {}): TableCase => ({
  resource: 'pods',
  name,
  object: podOf('one', {}),
  status: { phase, ...status },
});
const withState = (name: string, phase: string, state: Json, rest: Json = {}, status: Json = {}): TableCase =>
  pod(name, phase, { containerStatuses: [container(state, rest)], ...status });

const TERMINATED = {
  exitCode: 0,
  startedAt: '2026-01-02T03:04:05Z',
  finishedAt: '2026-01-02T03:04:06Z',
  containerID: 'x://1',
};
const RUNNING = { running: { startedAt: '2026-01-02T03:04:05Z' } };
const READY = { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-02T03:04:05Z' }] };

const POD_STATES: readonly TableCase[] = [
  pod('pending', 'Pending'),
  pod('unschedulable', 'Pending', {
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', observedGeneration: 1 }],
  }),
  pod('gated', 'Pending', {
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', observedGeneration: 1 }],
  }),
  pod('evicted', 'Failed', { reason: 'Evicted' }),
  pod('deadline exceeded', 'Failed', { reason: 'DeadlineExceeded' }),
  withState('creating', 'Pending', { waiting: { reason: 'ContainerCreating' } }),
  withState('pull error', 'Pending', { waiting: { reason: 'ErrImagePull', message: 'no such image' } }),
  withState('pull back-off', 'Pending', { waiting: { reason: 'ImagePullBackOff' } }),
  withState('config error', 'Pending', { waiting: { reason: 'CreateContainerConfigError' } }),
  withState(
    'running',
    'Running',
    RUNNING,
    { ready: true, started: true },
    { ...READY, podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }] },
  ),
  withState('running, not ready', 'Running', RUNNING),
  withState(
    'running again',
    'Running',
    RUNNING,
    { ready: true, restartCount: 3, lastState: { terminated: { ...TERMINATED, exitCode: 1 } } },
    READY,
  ),
  withState('crash loop', 'Running', { waiting: { reason: 'CrashLoopBackOff' } }, { restartCount: 2 }),
  withState('completed', 'Succeeded', { terminated: { ...TERMINATED, reason: 'Completed' } }),
  withState('error', 'Failed', { terminated: { ...TERMINATED, exitCode: 1, reason: 'Error' } }),
  withState('out of memory', 'Failed', { terminated: { ...TERMINATED, exitCode: 137, reason: 'OOMKilled' } }),
  withState('exit code without a reason', 'Failed', { terminated: { ...TERMINATED, exitCode: 3 } }),
  withState('signal without a reason', 'Failed', { terminated: { ...TERMINATED, exitCode: 137, signal: 9 } }),
  withState('completed while others run', 'Running', { terminated: { ...TERMINATED, reason: 'Completed' } }, {}, READY),
];

const of = (name: string, state: Json, rest: Json = {}): Json => container(state, { name, ...rest });
const DONE = { terminated: { ...TERMINATED, reason: 'Completed' } };
const FAILED = { terminated: { ...TERMINATED, exitCode: 2, reason: 'Error' } };
const two = (
  name: string,
  phase: string,
  init: readonly Json[],
  main: readonly Json[],
  status: Json = {},
): TableCase => ({
  resource: 'pods',
  name: `two containers: ${name}`,
  object: podOf('two', {}),
  status: { phase, initContainerStatuses: init, containerStatuses: main, ...status },
});
const INIT_DONE = [of('first', DONE), of('sidecar', RUNNING, { started: true, ready: true })];
const MAIN = of('main', RUNNING, { ready: true });
const OTHER = of('other', RUNNING, { ready: true });

const INIT_STATES: readonly TableCase[] = [
  two('initialising', 'Pending', [of('first', { waiting: { reason: 'PodInitializing' } })], []),
  two('first runs', 'Pending', [of('first', RUNNING)], []),
  two('first failed', 'Pending', [of('first', FAILED)], []),
  two('first failed without a reason', 'Pending', [of('first', { terminated: { ...TERMINATED, exitCode: 1 } })], []),
  two('first was killed', 'Pending', [of('first', { terminated: { ...TERMINATED, exitCode: 137, signal: 9 } })], []),
  two(
    'first in a crash loop',
    'Pending',
    [of('first', { waiting: { reason: 'CrashLoopBackOff' } }, { restartCount: 4 })],
    [],
  ),
  two('first is done', 'Pending', [of('first', DONE), of('sidecar', { waiting: { reason: 'PodInitializing' } })], []),
  two('both run', 'Running', INIT_DONE, [MAIN, OTHER], READY),
  two('one is done', 'Running', INIT_DONE, [of('main', DONE), OTHER], READY),
  two('one is done, not ready', 'Running', INIT_DONE, [of('main', DONE), OTHER]),
  two('both were restarted', 'Running', INIT_DONE, [
    of('main', RUNNING, { restartCount: 1 }),
    of('other', RUNNING, { restartCount: 2 }),
  ]),
  two('one failed', 'Failed', INIT_DONE, [of('main', FAILED), of('other', DONE)]),
  two('the other failed', 'Failed', INIT_DONE, [of('main', DONE), of('other', FAILED)]),
];

/** What has a row of its own to tell: everything else prints its name and age. */
const PRINTED = SAMPLES.filter(({ resource }) => !resource.includes('reviews'));

export const TABLE_CASES: readonly TableCase[] = [...POD_STATES, ...INIT_STATES, ...PRINTED];
