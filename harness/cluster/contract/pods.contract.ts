import type { V1Pod, V1PodSpec } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from './contract-client.ts';
import type { WatchEvent } from './raw-api.ts';
import { RawApi } from './raw-api.ts';

interface Told {
  readonly phase?: string | undefined;
  readonly reason?: string | undefined;
  readonly conditions: Readonly<Record<string, string>>;
  readonly containers: readonly string[];
}

/** What of a pod's status products rely on, without times and ids. */
function told({ status }: V1Pod): Told {
  const conditions = Object.fromEntries(
    (status?.conditions ?? []).map(({ type, status: is, reason }) => [type, reason ? `${is} ${reason}` : is]),
  );
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].map(
    ({ name, state, ready, started, restartCount }) => {
      const { waiting, running, terminated } = state ?? {};
      const is = terminated
        ? `terminated ${terminated.exitCode} ${terminated.reason}`
        : waiting
          ? `waiting ${waiting.reason}`
          : running
            ? 'running'
            : 'unknown';
      return `${name}: ${is}, ready ${ready}, started ${String(started)}, restarts ${restartCount}`;
    },
  );
  return { phase: status?.phase, reason: status?.reason, conditions, containers };
}

const ENDED = { PodReadyToStartContainers: 'False', PodScheduled: 'True' };

/** What becomes of pods on a node: phases, conditions, container states, logs. */
export function describePods(at: () => Connection, image: string): void {
  describe('pods on a node', () => {
    let api: RawApi;
    let pods: string;
    const run = async (
      name: string,
      script: string,
      spec: Partial<V1PodSpec> = {},
      container: object = {},
    ): Promise<void> => {
      const main = { name: 'main', image, imagePullPolicy: 'IfNotPresent', command: ['/bin/sh', '-c', script] };
      const answer = await api.send(pods, {
        method: 'POST',
        body: {
          metadata: { name, labels: { runs: name } },
          spec: {
            restartPolicy: 'Never',
            automountServiceAccountToken: false,
            terminationGracePeriodSeconds: 1,
            containers: [{ ...main, ...container }],
            ...spec,
          },
        },
      });
      expect(answer.code).toBe(201);
    };
    /** Follows a pod, from a version on or from what it is now, until it satisfies the rule. */
    const until = async (name: string, is: (pod: V1Pod, type: string) => boolean, version = ''): Promise<V1Pod> => {
      const from = version === '' ? '' : `&resourceVersion=${version}`;
      const events = await api.watch(`${pods}?watch=true&labelSelector=runs%3D${name}${from}`, (event: WatchEvent) =>
        is(event.object as unknown as V1Pod, event.type),
      );
      return events.at(-1)?.object as unknown as V1Pod;
    };
    const ended = (name: string): Promise<V1Pod> =>
      until(name, ({ status }) => status?.phase === 'Succeeded' || status?.phase === 'Failed');
    const waitingFor =
      (...reasons: string[]) =>
      ({ status }: V1Pod): boolean =>
        reasons.includes(status?.containerStatuses?.[0]?.state?.waiting?.reason ?? '');

    beforeAll(async () => {
      const { config, namespace } = at();
      api = new RawApi(config);
      pods = `/api/v1/namespaces/${namespace}/pods`;
      await run('succeeds', 'echo out; echo err >&2');
      await run('fails', 'echo last words; exit 3');
      await run('overdue', 'sleep 60', { activeDeadlineSeconds: 1 });
      await run('stopped', 'trap "exit 0" TERM; echo up; while :; do sleep 0.1; done');
      await run('unpulled', 'true', {}, { image: 'registry.invalid/none:1' });
      await run(
        'unconfigured',
        'true',
        {},
        {
          env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'absent', key: 'a' } } }],
        },
      );
      const init = { name: 'first', image, imagePullPolicy: 'IfNotPresent', command: ['/bin/sh', '-c', 'exit 4'] };
      await run('uninitialized', 'true', { initContainers: [init] });
    });
    afterAll(async () => {
      await api.send(`${pods}?labelSelector=runs`, { method: 'DELETE', body: { gracePeriodSeconds: 0 } });
      await api.close();
    });

    it('that end well have succeeded, with a log of both streams', async () => {
      expect(told(await ended('succeeds'))).toEqual({
        phase: 'Succeeded',
        reason: undefined,
        conditions: {
          ...ENDED,
          Initialized: 'True PodCompleted',
          Ready: 'False PodCompleted',
          ContainersReady: 'False PodCompleted',
        },
        containers: ['main: terminated 0 Completed, ready false, started false, restarts 0'],
      });
      const log = String((await api.send(`${pods}/succeeds/log`)).body);
      expect(log.split('\n').filter(Boolean).toSorted()).toEqual(['err', 'out']);
    });

    it('that end badly have failed, with their exit code', async () => {
      expect(told(await ended('fails'))).toEqual({
        phase: 'Failed',
        reason: undefined,
        conditions: {
          ...ENDED,
          Initialized: 'True',
          Ready: 'False PodFailed',
          ContainersReady: 'False PodFailed',
        },
        containers: ['main: terminated 3 Error, ready false, started false, restarts 0'],
      });
      expect((await api.send(`${pods}/fails/log?tailLines=1`)).body).toBe('last words\n');
      expect((await api.send(`${pods}/fails/log?previous=true`)).code).toBe(400);
    });

    it('that take too long fail by their deadline', async () => {
      const { phase, reason } = told(await ended('overdue'));
      expect([phase, reason]).toEqual(['Failed', 'DeadlineExceeded']);
    });

    it('whose init container fails never start', async () => {
      const { phase, containers, conditions } = told(await ended('uninitialized'));
      expect([phase, containers, conditions['Initialized']]).toEqual([
        'Failed',
        [
          'first: terminated 4 Error, ready false, started false, restarts 0',
          'main: waiting PodInitializing, ready false, started false, restarts 0',
        ],
        'False ContainersNotInitialized',
      ]);
    });

    it('are ready while they run, and go after their grace when somebody deletes them', async () => {
      const running = await until('stopped', ({ status }) => status?.containerStatuses?.[0]?.ready === true);
      expect(told(running)).toEqual({
        phase: 'Running',
        reason: undefined,
        conditions: {
          PodReadyToStartContainers: 'True',
          PodScheduled: 'True',
          Initialized: 'True',
          Ready: 'True',
          ContainersReady: 'True',
        },
        containers: ['main: running, ready true, started true, restarts 0'],
      });
      const deleted = await api.send(`${pods}/stopped`, { method: 'DELETE' });
      expect(deleted.body).toMatchObject({ metadata: { deletionGracePeriodSeconds: 1 }, status: { phase: 'Running' } });
      const { resourceVersion } = (deleted.body as { metadata: { resourceVersion: string } }).metadata;
      const last = await until('stopped', (_pod, type) => type === 'DELETED', resourceVersion);
      expect(told(last).containers).toEqual(['main: terminated 0 Completed, ready false, started false, restarts 0']);
    });

    it('whose image is nowhere wait, and say so', async () => {
      const waiting = await until('unpulled', waitingFor('ErrImagePull', 'ImagePullBackOff'));
      expect(told(waiting)).toMatchObject({
        phase: 'Pending',
        conditions: {
          PodReadyToStartContainers: 'True',
          PodScheduled: 'True',
          Initialized: 'True',
          Ready: 'False ContainersNotReady',
          ContainersReady: 'False ContainersNotReady',
        },
      });
      expect((await api.send(`${pods}/unpulled/log`)).body).toMatchObject({
        code: 400,
        message: expect.stringMatching(
          /^container "main" in pod "unpulled" is waiting to start: (image can't be pulled|trying and failing to pull image)$/,
        ),
      });
    });

    it('whose configuration is missing wait for it', async () => {
      const waiting = await until('unconfigured', waitingFor('CreateContainerConfigError'));
      expect(waiting.status?.containerStatuses?.[0]?.state?.waiting).toEqual({
        reason: 'CreateContainerConfigError',
        message: 'configmap "absent" not found',
      });
    });
  });
}
