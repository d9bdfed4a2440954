import { describe, it } from 'vitest';
import type { ContainerRecord, PodRecord } from './pod-status.ts';
import { NEW_CONTAINER, phaseOf, podStatus, qosClassOf, restartDelayMs, shouldRestart } from './pod-status.ts';
import type { Pod, RestartPolicy } from './pod-types.ts';

const pod = (restartPolicy: RestartPolicy, containers = ['a', 'b'], inits: string[] = []): Pod => ({
  metadata: { name: 'p' },
  spec: {
    restartPolicy,
    initContainers: inits.map((name) => ({ name, image: 'i' })),
    containers: containers.map((name) => ({ name, image: 'i' })),
  },
});
const running: ContainerRecord = { ...NEW_CONTAINER, state: { running: { startedAt: 't' } } };
const ended = (exitCode: number): ContainerRecord => ({
  ...NEW_CONTAINER,
  state: { terminated: { exitCode, reason: 'r', startedAt: 's', finishedAt: 'f', containerID: 'c' } },
});
const record = (main: Record<string, ContainerRecord>, extra: Partial<PodRecord> = {}): PodRecord => ({
  init: new Map(),
  main: new Map(Object.entries(main)),
  hasSandbox: true,
  podIp: '10.244.0.2',
  hostIp: '192.0.2.1',
  startTime: 't0',
  verdict: undefined,
  isEnded: false,
  ...extra,
});

describe('the phase of a pod', () => {
  it.for<[string, RestartPolicy, Record<string, ContainerRecord>, string]>([
    ['nothing started', 'Never', {}, 'Pending'],
    ['one runs', 'Never', { a: running }, 'Running'],
    ['one ended, one runs', 'Never', { a: ended(0), b: running }, 'Running'],
    ['all ended well', 'Never', { a: ended(0), b: ended(0) }, 'Succeeded'],
    ['all ended, one badly', 'Never', { a: ended(0), b: ended(1) }, 'Failed'],
    ['a failure that will be tried again', 'OnFailure', { a: ended(0), b: ended(1) }, 'Running'],
    ['all ended well under Always', 'Always', { a: ended(0), b: ended(0) }, 'Running'],
  ])('%s', ([, policy, main, expected], { expect }) => {
    expect(phaseOf(pod(policy), record(main))).toBe(expected);
  });

  it('is Failed for a verdict only once nothing runs any more', ({ expect }) => {
    const verdict = { reason: 'DeadlineExceeded', message: 'm' };
    expect(phaseOf(pod('Never'), record({ a: running }, { verdict }))).toBe('Running');
    expect(phaseOf(pod('Never'), record({ a: ended(0), b: ended(0) }, { verdict }))).toBe('Failed');
  });

  it('is Failed when an init container failed for good, Pending when it is tried again', ({ expect }) => {
    const init = new Map([['i', ended(2)]]);
    expect(phaseOf(pod('Never', ['a'], ['i']), record({}, { init }))).toBe('Failed');
    expect(phaseOf(pod('OnFailure', ['a'], ['i']), record({}, { init }))).toBe('Pending');
  });
});

describe('the status of a pod', () => {
  it('keeps the time of a transition while a condition stays, and conditions that others wrote', ({ expect }) => {
    const scheduled = { type: 'PodScheduled', status: 'True' as const, lastTransitionTime: 't0' };
    const first = podStatus(pod('Never'), record({ a: running, b: running }), { conditions: [scheduled] }, 't1');
    const second = podStatus(pod('Never'), record({ a: running, b: ended(0) }), first, 't2');
    const timeOf = (type: string): string | undefined =>
      second.conditions?.find((condition) => condition.type === type)?.lastTransitionTime;
    expect(second.conditions).toContainEqual(scheduled);
    expect(timeOf('Initialized')).toBe('t1');
    expect(timeOf('Ready')).toBe('t2');
  });

  it('says of which generation it is, as do its conditions and that of the scheduler', ({ expect }) => {
    const scheduled = { type: 'PodScheduled', status: 'True' as const };
    const other = { type: 'example.com/other', status: 'True' as const };
    const asked = { ...pod('Never'), metadata: { name: 'p', generation: 3 } };
    const status = podStatus(asked, record({}), { conditions: [scheduled, other] }, 't');
    expect(status['observedGeneration']).toBe(3);
    const told = (status.conditions ?? []).map(({ type, observedGeneration }) => [type, observedGeneration]);
    expect(Object.fromEntries(told)).toMatchObject({ PodScheduled: 3, Ready: 3, Initialized: 3 });
    expect(status.conditions).toContainEqual(other);
  });

  it('names the containers that hold a condition up', ({ expect }) => {
    const status = podStatus(
      pod('Never', ['a'], ['i', 'j']),
      record({}, { init: new Map([['i', ended(0)]]) }),
      undefined,
      't',
    );
    const messages = Object.fromEntries((status.conditions ?? []).map(({ type, message }) => [type, message]));
    expect(messages).toMatchObject({
      Initialized: 'containers with incomplete status: [j]',
      Ready: 'containers with unready status: [a]',
    });
  });
});

describe('restarts', () => {
  it('follow the policy', ({ expect }) => {
    expect(shouldRestart('Never', 1, false)).toBe(false);
    expect(shouldRestart('OnFailure', 1, false)).toBe(true);
    expect(shouldRestart('OnFailure', 0, false)).toBe(false);
    expect(shouldRestart('Always', 0, false)).toBe(true);
    expect(shouldRestart('Always', 0, true)).toBe(false);
  });

  it('come at once first, then after 10 s doubling to 5 min', ({ expect }) => {
    expect([0, 1, 2, 3, 9].map(restartDelayMs)).toEqual([0, 10_000, 20_000, 40_000, 300_000]);
  });
});

describe('the quality of service class', () => {
  it.for<[string, Record<string, string> | undefined, Record<string, string> | undefined]>([
    ['BestEffort', undefined, undefined],
    ['Burstable', { memory: '1Mi' }, undefined],
    ['Guaranteed', { memory: '1Mi', cpu: '1' }, undefined],
    ['Burstable', { memory: '2Mi', cpu: '1' }, { memory: '1Mi' }],
  ])('%s for limits %j and requests %j', ([expected, limits, requests], { expect }) => {
    const resources = { ...(limits ? { limits } : {}), ...(requests ? { requests } : {}) };
    expect(qosClassOf({ metadata: {}, spec: { containers: [{ name: 'a', image: 'i', resources }] } })).toBe(expected);
  });
});
