import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { systemClock } from '../../../../core/clock.ts';
import { waitUntil } from '../../../../core/wait-until.ts';
import type { KubeletBench } from './kubelet.testing.ts';
import { NAMESPACE, denyAll, isOver, shell, startKubeletBench } from './kubelet.testing.ts';
import type { Pod } from './pod-types.ts';
import { CLAIMS, CONFIG_MAPS, PODS, SECRETS, VOLUMES } from './resources.ts';

const terminated = (pod: Pod, container = 'main') =>
  [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].find(
    ({ name }) => name === container,
  )?.state.terminated;
const waiting = (pod: Pod): string | undefined => pod.status?.containerStatuses?.[0]?.state.waiting?.reason;
const isRunning = (pod: Pod): boolean => pod.status?.containerStatuses?.[0]?.state.running !== undefined;

describe('the kubelet', () => {
  let bench: KubeletBench;
  const reasons = (pod: string): string[] =>
    bench.api.events.filter(({ about }) => about === pod).map(({ reason }) => reason);

  beforeAll(async () => {
    bench = await startKubeletBench();
    denyAll(bench.api);
  });
  afterAll(() => bench[Symbol.asyncDispose]());

  it('carries a pod to Succeeded with its log, conditions and events', async ({ expect }) => {
    bench.create('good', { containers: [shell('echo out; echo err >&2')] });
    const pod = await bench.until('good', isOver);
    expect(pod.status).toMatchObject({ phase: 'Succeeded', qosClass: 'BestEffort', hostIP: '192.0.2.1' });
    expect(terminated(pod)).toMatchObject({ exitCode: 0, reason: 'Completed' });
    const conditions = Object.fromEntries(
      (pod.status?.conditions ?? []).map(({ type, status, reason }) => [type, `${status} ${reason ?? ''}`.trim()]),
    );
    expect(conditions).toMatchObject({ Initialized: 'True PodCompleted', Ready: 'False PodCompleted' });
    expect((await bench.logs(pod)).split('\n').toSorted()).toEqual(['', 'err', 'out']);
    expect(reasons('good')).toEqual(['Pulled', 'Created', 'Started']);
  });

  it('keeps the logs of a pod while there is the pod, and nothing of them after', async ({ expect }) => {
    bench.create('noted', { containers: [shell('echo here')] });
    const pod = await bench.until('noted', isOver);
    const folder = `${bench.logDir}/${pod.metadata.uid}`;
    expect(existsSync(folder)).toBe(true);
    bench.api.delete(PODS, NAMESPACE, 'noted', { gracePeriodSeconds: 0 });
    const gone = (): true | undefined => (existsSync(folder) ? undefined : true);
    await waitUntil('the logs to go', gone, { clock: systemClock, timeoutMs: 5000 });
  });

  it('keeps exit code, and the log as message when that was asked for', async ({ expect }) => {
    bench.create('bad', {
      containers: [shell('echo why it failed; exit 3', { terminationMessagePolicy: 'FallbackToLogsOnError' })],
    });
    const pod = await bench.until('bad', isOver);
    expect(pod.status?.phase).toBe('Failed');
    expect(terminated(pod)).toMatchObject({ exitCode: 3, reason: 'Error', message: 'why it failed\n' });
  });

  it('takes the termination message from its file first', async ({ expect, skip }) => {
    if (!bench.isolated) skip(bench.why);
    bench.create('told', {
      containers: [
        shell('echo noise; printf told > /dev/termination-log', { terminationMessagePolicy: 'FallbackToLogsOnError' }),
      ],
    });
    expect(terminated(await bench.until('told', isOver))?.message).toBe('told');
  });

  it('runs init containers in order, and none after one that failed', async ({ expect }) => {
    const step = (name: string, script: string) => ({
      ...shell(script),
      name,
      volumeMounts: [{ name: 'v', mountPath: '/v' }],
      workingDir: '/v',
    });
    const volumes = [{ name: 'v', emptyDir: {} }];
    bench.create('steps', {
      volumes,
      initContainers: [step('one', 'echo 1 > f'), step('two', 'echo 2 >> f')],
      containers: [step('main', 'cat f')],
    });
    const pod = await bench.until('steps', isOver);
    expect(await bench.logs(pod)).toBe('1\n2\n');
    bench.create('broken', {
      volumes,
      initContainers: [step('one', 'exit 4'), step('two', 'true')],
      containers: [step('main', 'true')],
    });
    const broken = await bench.until('broken', isOver);
    expect(broken.status?.phase).toBe('Failed');
    expect(terminated(broken, 'one')).toMatchObject({ exitCode: 4 });
    expect(terminated(broken, 'two')).toBeUndefined();
    expect(terminated(broken, 'main')).toBeUndefined();
  });

  it('fills in environment from fields, ConfigMaps and Secrets, and expands references', async ({ expect }) => {
    bench.api.create(CONFIG_MAPS, NAMESPACE, { metadata: { name: 'settings' }, data: { a: 'from-map', b: 'other' } });
    bench.api.create(SECRETS, NAMESPACE, {
      metadata: { name: 'keys' },
      data: { token: Buffer.from('s3cret').toString('base64') },
    });
    const env = [
      { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'LABEL', valueFrom: { fieldRef: { fieldPath: "metadata.labels['job']" } } },
      { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'keys', key: 'token' } } },
      { name: 'LIMIT', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
      { name: 'BOTH', value: '$(NAME)-$(P_a)-$$(NAME)-$(unknown)' },
    ];
    const container = shell('echo "$NAME $LABEL $TOKEN $LIMIT $BOTH"', {
      env,
      envFrom: [{ prefix: 'P_', configMapRef: { name: 'settings' } }],
      resources: { limits: { memory: '64Mi' } },
    });
    bench.create('env', { containers: [container] }, { job: 'j1' });
    expect(await bench.logs(await bench.until('env', isOver))).toBe(
      'env j1 s3cret 64 env-from-map-$(NAME)-$(unknown)\n',
    );
  });

  it('waits with CreateContainerConfigError until the Secret is there', async ({ expect }) => {
    const env = [{ name: 'X', valueFrom: { secretKeyRef: { name: 'late', key: 'x' } } }];
    bench.create('late', { containers: [shell('echo got $X', { env })] });
    const pod = await bench.until('late', (each) => waiting(each) === 'CreateContainerConfigError');
    expect(pod.status?.containerStatuses?.[0]?.state.waiting?.message).toBe('secret "late" not found');
    bench.api.create(SECRETS, NAMESPACE, {
      metadata: { name: 'late' },
      data: { x: Buffer.from('it').toString('base64') },
    });
    expect(await bench.logs(await bench.until('late', isOver))).toBe('got it\n');
  });

  it('refuses to run an image as root under runAsNonRoot', async ({ expect }) => {
    bench.create('rooted', { securityContext: { runAsNonRoot: true }, containers: [shell('id -u')] });
    const pod = await bench.until('rooted', (each) => waiting(each) === 'CreateContainerConfigError');
    expect(pod.status?.containerStatuses?.[0]?.state.waiting?.message).toContain('image will run as root');
    bench.create('user', {
      securityContext: { runAsNonRoot: true, runAsUser: 1001, runAsGroup: 1001 },
      containers: [shell('id -u')],
    });
    const twin = await bench.until('user', isOver);
    expect(twin.status?.phase).toBe('Succeeded');
    if (bench.isolated) expect(await bench.logs(twin)).toBe('1001\n');
    bench.api.delete(PODS, NAMESPACE, 'rooted', { gracePeriodSeconds: 0 });
  });

  it('ends an unknown image in ErrImagePull and ImagePullBackOff', async ({ expect }) => {
    bench.create('nowhere', { containers: [shell('true', { image: 'nowhere/nothing:1' })] });
    const pod = await bench.until('nowhere', (each) => waiting(each) === 'ErrImagePull');
    expect(pod.status).toMatchObject({ phase: 'Pending' });
    expect(pod.status?.containerStatuses?.[0]?.state.waiting?.message).toContain(
      'docker.io/nowhere/nothing:1: not found',
    );
    await bench.until('nowhere', (each) => waiting(each) === 'ImagePullBackOff');
    const gone = bench.gone('nowhere');
    bench.api.delete(PODS, NAMESPACE, 'nowhere');
    await gone;
  });

  it('fails a pod that asks for what this node does not do, naming the field', async ({ expect }) => {
    const volumes = [{ name: 'host', hostPath: { path: '/etc' } }];
    bench.create('greedy', { hostNetwork: true, volumes, containers: [shell('true', { livenessProbe: {} })] });
    const pod = await bench.until('greedy', isOver);
    expect(pod.status).toMatchObject({ phase: 'Failed', reason: 'Unsupported' });
    for (const field of ['spec.hostNetwork', 'hostPath', 'livenessProbe']) expect(pod.status?.message).toContain(field);
  });

  it('restarts on failure under OnFailure, and keeps the state before', async ({ expect }) => {
    const volumes = [{ name: 'v', emptyDir: {} }];
    const container = shell('[ -e again ] && exit 0; touch again; exit 9', {
      volumeMounts: [{ name: 'v', mountPath: '/v' }],
      workingDir: '/v',
    });
    bench.create('twice', { restartPolicy: 'OnFailure', volumes, containers: [container] });
    const pod = await bench.until('twice', isOver);
    expect(pod.status).toMatchObject({ phase: 'Succeeded' });
    expect(pod.status?.containerStatuses?.[0]).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 9 } },
    });
  });

  it('ends a pod at a deadline that was patched while it ran, and lets it say goodbye', async ({ expect }) => {
    const script = 'trap "echo bye; exit 5" TERM; echo up; while true; do sleep 0.05; done';
    bench.create('endless', { containers: [shell(script)] });
    const running = await bench.until('endless', isRunning);
    for await (const _part of bench.kubelet.containerLogs(ids(running), 'main', { follow: true })) break;
    const current = bench.api.get(PODS, NAMESPACE, 'endless') as Pod;
    bench.api.update(PODS, { ...current, spec: { ...current.spec, activeDeadlineSeconds: 0 } });
    const pod = await bench.until('endless', isOver);
    expect(pod.status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' });
    expect(terminated(pod)).toMatchObject({ exitCode: 5 });
    expect(await bench.logs(pod)).toBe('up\nbye\n');
    expect(reasons('endless')).toContain('Killing');
  });

  it('leaves a pod Succeeded whose deadline comes while it is cleaned up', async ({ expect }) => {
    const phases = new Set<string>();
    const watch = bench.api.watch(PODS, ({ object }) => {
      const { status, metadata } = object as Pod;
      if (metadata.name === 'in-time') phases.add([status?.phase, status?.reason].join(' '));
    });
    bench.create('in-time', { activeDeadlineSeconds: 60, containers: [shell('true')] });
    const pod = await bench.until('in-time', isOver);
    bench.api.update(PODS, { ...pod, spec: { ...pod.spec, activeDeadlineSeconds: 0 } });
    const gone = bench.gone('in-time');
    bench.api.delete(PODS, NAMESPACE, 'in-time');
    await gone;
    watch.stop();
    expect([...phases]).toEqual([' ', 'Pending ', 'Running ', 'Succeeded ']);
  });

  it('kills what ignores TERM, and keeps its exit code while a finalizer holds the pod', async ({ expect }) => {
    const created = bench.create('tenacious', {
      containers: [shell('trap "" TERM; echo up; while true; do sleep 0.05; done')],
    });
    bench.api.update(PODS, { ...created, metadata: { ...created.metadata, finalizers: ['test/hold'] } });
    const running = await bench.until('tenacious', isRunning);
    for await (const _part of bench.kubelet.containerLogs(ids(running), 'main', { follow: true })) break;
    bench.api.delete(PODS, NAMESPACE, 'tenacious', { gracePeriodSeconds: 1 });
    bench.api.delete(PODS, NAMESPACE, 'tenacious', { gracePeriodSeconds: 0 });
    const pod = await bench.until('tenacious', isOver);
    expect(terminated(pod)).toMatchObject({ exitCode: 137 });
    const gone = bench.gone('tenacious');
    const held = bench.api.get(PODS, NAMESPACE, 'tenacious');
    bench.api.update(PODS, { ...held, metadata: { ...held.metadata, finalizers: [] } });
    bench.api.delete(PODS, NAMESPACE, 'tenacious', { gracePeriodSeconds: 0 });
    await gone;
  });

  it('says OOMKilled', async ({ expect, skip }) => {
    if (!bench.cgroups) skip(bench.why);
    const script = 'head -c 60000000 /dev/zero | tail -c 60000000';
    bench.create('hog', { containers: [shell(script, { resources: { limits: { memory: '24Mi' } } })] });
    const pod = await bench.until('hog', isOver);
    expect(terminated(pod)).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
    expect(pod.status?.qosClass).toBe('Burstable');
  });

  it('binds a claim at its first use, keeps it for the next pod, and wipes it', async ({ expect, skip }) => {
    if (!bench.isolated) skip(bench.why);
    bench.api.create(CLAIMS, NAMESPACE, {
      metadata: { name: 'job' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '8Mi' } } },
    });
    const securityContext = { runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 };
    const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'job' } }];
    const mount = (subPath: string, readOnly = false) => [{ name: 'v', mountPath: '/data', subPath, readOnly }];
    bench.create('first', {
      securityContext,
      volumes,
      containers: [shell('echo kept > /data/f', { volumeMounts: mount('outputs') })],
    });
    expect((await bench.until('first', isOver)).status?.phase).toBe('Succeeded');
    const claim = bench.api.get(CLAIMS, NAMESPACE, 'job');
    expect(claim['status']).toMatchObject({ phase: 'Bound', capacity: { storage: '8Mi' } });
    bench.create('next', {
      securityContext,
      volumes,
      containers: [shell('cat /data/f; touch /data/g', { volumeMounts: mount('outputs', true) })],
    });
    const next = await bench.until('next', isOver);
    expect(await bench.logs(next)).toMatch(/^kept\n.*Read-only file system/);
    bench.api.delete(CLAIMS, NAMESPACE, 'job');
    await new Promise((resolve) => queueMicrotask(() => resolve(undefined)));
    expect(bench.api.list(VOLUMES)).toEqual([]);
  });

  it('mounts ConfigMaps, Secrets and the downward API with their modes, read-only', async ({ expect, skip }) => {
    if (!bench.isolated) skip(bench.why);
    bench.api.create(CONFIG_MAPS, NAMESPACE, { metadata: { name: 'files' }, data: { 'a.txt': 'A', 'b.txt': 'B' } });
    const sources = [
      { configMap: { name: 'files', items: [{ key: 'a.txt', path: 'deep/a' }] } },
      { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
    ];
    const volumes = [
      { name: 'all', projected: { sources, defaultMode: 0o440 } },
      { name: 'one', configMap: { name: 'files' } },
    ];
    const volumeMounts = [
      { name: 'all', mountPath: '/all' },
      { name: 'one', mountPath: '/b', subPath: 'b.txt' },
    ];
    const container = shell('cat /all/deep/a /all/labels /b; stat -c " %a" /all/deep/a; touch /all/x', {
      volumeMounts,
    });
    bench.create('mounted', { volumes, containers: [container] }, { x: 'y' });
    const pod = await bench.until('mounted', isOver);
    expect(await bench.logs(pod)).toMatch(/^Ax="y"B 440\n.*Read-only file system/);
  });

  it.for(['data', './data', 'data/', './/data/.', '.'])('mounts the subPath %s', async (subPath, { expect }) => {
    const name = `sub-${subPath.length}`;
    const volumeMounts = [{ name: 'v', mountPath: '/v', subPath }];
    bench.create(name, {
      volumes: [{ name: 'v', emptyDir: {} }],
      containers: [shell('echo in > /v/f', { volumeMounts })],
    });
    expect((await bench.until(name, isOver)).status?.phase).toBe('Succeeded');
  });

  it('waits for a volume whose ConfigMap is missing, saying FailedMount', async ({ expect }) => {
    bench.create('unmounted', { volumes: [{ name: 'v', configMap: { name: 'absent' } }], containers: [shell('true')] });
    const event = await bench.api.untilEvent('unmounted', 'FailedMount');
    expect(event.message).toBe('MountVolume.SetUp failed for volume "v" : configmap "absent" not found');
    const gone = bench.gone('unmounted');
    bench.api.delete(PODS, NAMESPACE, 'unmounted');
    await gone;
  });
});

describe('the kubelet without isolation', () => {
  it('runs pods as plain processes that find their volume by its variable', async ({ expect }) => {
    await using bench = await startKubeletBench({ launcher: 'none' });
    bench.api.create(CLAIMS, NAMESPACE, {
      metadata: { name: 'job' },
      spec: { resources: { requests: { storage: '8Mi' } } },
    });
    const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'job' } }];
    const volumeMounts = [{ name: 'v', mountPath: '/data/outputs', subPath: 'outputs' }];
    bench.create('plain', {
      volumes,
      containers: [shell('echo made > "$OUTPUTS/f"; cat "$OUTPUTS/f"', { volumeMounts })],
    });
    const pod = await bench.until('plain', isOver);
    expect(pod.status?.phase).toBe('Succeeded');
    expect(await bench.logs(pod)).toBe('made\n');
    bench.create('fixed', { volumes, containers: [shell('ls /data/outputs', { volumeMounts })] });
    const refused = await bench.until('fixed', isOver);
    expect(terminated(refused)).toMatchObject({ reason: 'StartError' });
    expect(terminated(refused)?.message).toContain('absolute path /data/outputs');
  });
});

function ids(pod: Pod): { namespace: string; name: string; uid: string } {
  const { namespace = '', name = '', uid = '' } = pod.metadata;
  return { namespace, name, uid };
}
