import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seededEntropy } from '../../../core/entropy.ts';
import { VirtualClock } from '../../../core/virtual-clock.ts';
import type { ResourceRef } from './api-access.ts';
import type { RunningApiServer } from './api-server.ts';
import { startApiServer } from './api-server.ts';
import { isKubeStatus } from './kube-status.ts';
import { RawClient } from './testing/http-client.testing.ts';
import type { RawAnswer } from './testing/http-client.testing.ts';

const PODS: ResourceRef = { group: '', version: 'v1', resource: 'pods' };
const BASE = '/api/v1/namespaces/default';
const MERGE = { 'content-type': 'application/merge-patch+json' };
const clock = new VirtualClock();
let server: RunningApiServer;
let client: RawClient;

beforeEach(async () => {
  server = await startApiServer({
    clock,
    entropy: seededEntropy('objects'),
    nodeAccess: {
      // eslint-disable-next-line typescript/require-await
      async *containerLogs(pod, container, options) {
        yield new TextEncoder().encode(`${pod.name} ${container} ${options.tailLines ?? 'all'}\n`);
      },
    },
  });
  client = new RawClient(server);
});
afterEach(async () => {
  await client.close();
  await server.stop();
});

const post = (path: string, body: object): Promise<RawAnswer> => client.send(path, { method: 'POST', body });
const merge = (path: string, body: object): Promise<RawAnswer> =>
  client.send(path, { method: 'PATCH', body, headers: MERGE });
const pod = (name: string, spec: object = {}, container: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'main', image: 'example/main:1', ...container }], ...spec },
});

describe('pods', () => {
  it('get their defaults and an empty status', async () => {
    const { body } = await post(`${BASE}/pods`, { ...pod('a'), status: { phase: 'Running' } });
    expect(body).toMatchObject({
      spec: {
        restartPolicy: 'Always',
        terminationGracePeriodSeconds: 30,
        dnsPolicy: 'ClusterFirst',
        schedulerName: 'default-scheduler',
        serviceAccountName: 'default',
      },
      status: { phase: 'Pending', qosClass: 'BestEffort' },
    });
  });

  it('name every mistake at once', async () => {
    const { code, body } = await post(
      `${BASE}/pods`,
      pod(
        'bad',
        { restartPolicy: 'Sometimes' },
        { name: 'Main', image: '', volumeMounts: [{ name: 'none', mountPath: '/x' }] },
      ),
    );
    expect(code).toBe(422);
    const { details, message } = body as { message: string; details: { causes: { field: string; reason: string }[] } };
    expect(message).toMatch(/^Pod "bad" is invalid: \[/);
    expect(details.causes.map(({ field, reason }) => `${field} ${reason}`).toSorted()).toEqual([
      'spec.containers[0].image FieldValueRequired',
      'spec.containers[0].name FieldValueInvalid',
      'spec.containers[0].volumeMounts[0].name FieldValueNotFound',
      'spec.restartPolicy FieldValueNotSupported',
    ]);
  });

  it('change their image and deadline and nothing else', async () => {
    await post(`${BASE}/pods`, pod('fixed'));
    expect((await merge(`${BASE}/pods/fixed`, { spec: { activeDeadlineSeconds: 60 } })).code).toBe(200);
    expect((await merge(`${BASE}/pods/fixed`, { spec: { activeDeadlineSeconds: 61 } })).code).toBe(422);
    expect((await merge(`${BASE}/pods/fixed`, { spec: { activeDeadlineSeconds: 1 } })).code).toBe(200);
    const { code, body } = await merge(`${BASE}/pods/fixed`, { spec: { hostNetwork: true } });
    expect(code).toBe(422);
    expect(body).toMatchObject({ details: { causes: [{ reason: 'FieldValueForbidden', field: 'spec' }] } });
  });

  it('on a node take their grace period to go, and a second request may shorten it', async () => {
    await post(`${BASE}/pods`, pod('slow', { nodeName: 'n' }));
    const { body } = await client.send(`${BASE}/pods/slow`, { method: 'DELETE' });
    expect(body).toMatchObject({
      kind: 'Pod',
      metadata: {
        deletionGracePeriodSeconds: 30,
        deletionTimestamp: new Date(clock.now() + 30_000).toISOString().replace('.000Z', 'Z'),
      },
    });
    const again = await client.send(`${BASE}/pods/slow?gracePeriodSeconds=60`, { method: 'DELETE' });
    expect(again.body).toMatchObject({ metadata: { deletionGracePeriodSeconds: 30 } });
    const sooner = await client.send(`${BASE}/pods/slow?gracePeriodSeconds=5`, { method: 'DELETE' });
    expect(sooner.body).toMatchObject({ metadata: { deletionGracePeriodSeconds: 5 } });
    server.access.delete(PODS, 'default', 'slow', { gracePeriodSeconds: 0 });
    expect((await client.send(`${BASE}/pods/slow`)).code).toBe(404);
  });

  it('with a finalizer stay after a forced deletion', async () => {
    const body = pod('kept', { nodeName: 'n' }) as { metadata: object };
    await post(`${BASE}/pods`, { ...body, metadata: { name: 'kept', finalizers: ['example.com/keep'] } });
    await client.send(`${BASE}/pods/kept?gracePeriodSeconds=0`, { method: 'DELETE' });
    expect((await client.send(`${BASE}/pods/kept`)).body).toMatchObject({
      metadata: { deletionGracePeriodSeconds: 0 },
    });
    expect(
      (await merge(`${BASE}/pods/kept`, { metadata: { finalizers: ['example.com/keep', 'example.com/more'] } })).code,
    ).toBe(422);
    await merge(`${BASE}/pods/kept`, { metadata: { finalizers: null } });
    expect((await client.send(`${BASE}/pods/kept`)).code).toBe(404);
  });

  it('are evicted and bound through their subresources', async () => {
    await post(`${BASE}/pods`, pod('moved', { schedulerName: 'mine' }));
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: 'moved' },
      target: { kind: 'Node', name: 'n' },
    };
    expect(await post(`${BASE}/pods/moved/binding`, binding)).toMatchObject({ code: 201, body: { status: 'Success' } });
    expect(await post(`${BASE}/pods/moved/binding`, binding)).toMatchObject({
      code: 409,
      body: { reason: 'Conflict' },
    });
    expect((await client.send(`${BASE}/pods/moved`)).body).toMatchObject({
      spec: { nodeName: 'n' },
      status: { conditions: [{ type: 'PodScheduled', status: 'True' }] },
    });
    expect(
      (
        await post(`${BASE}/pods/moved/eviction`, {
          apiVersion: 'policy/v1',
          kind: 'Eviction',
          metadata: { name: 'moved' },
        })
      ).code,
    ).toBe(201);
    expect((await client.send(`${BASE}/pods/moved`)).body).toMatchObject({
      metadata: { deletionTimestamp: expect.any(String) },
    });
  });

  it('give their logs when a container has started, and say so when not', async () => {
    await post('/api/v1/nodes', { metadata: { name: 'n' } });
    await post(`${BASE}/pods`, pod('logs', { nodeName: 'n' }));
    expect((await client.send(`${BASE}/pods/logs/log`)).body).toMatchObject({
      code: 400,
      message: 'container "main" in pod "logs" is waiting to start: ContainerCreating',
    });
    const current = server.access.get(PODS, 'default', 'logs');
    const containerStatuses = [
      { name: 'main', image: 'i', imageID: '', ready: true, restartCount: 0, state: { running: {} } },
    ];
    server.access.updateStatus(PODS, { ...current, status: { ...(current['status'] as object), containerStatuses } });
    expect(await client.send(`${BASE}/pods/logs/log?tailLines=3`)).toMatchObject({ code: 200, text: 'logs main 3\n' });
    expect((await client.send(`${BASE}/pods/logs/log?container=other`)).body).toMatchObject({
      code: 400,
      message: 'container other is not valid for pod logs',
    });
    expect((await client.send(`${BASE}/pods/logs/log?tailLines=-1`)).code).toBe(422);
    expect((await client.send(`${BASE}/pods/logs/log?previous=true`)).code).toBe(400);
    expect((await client.send(`${BASE}/pods/nobody/log`)).code).toBe(404);
    expect((await client.send(`${BASE}/pods/logs/exec?command=ls`, { method: 'POST' })).code).toBe(404);
  });

  it('need a service account that exists', async () => {
    expect(await post(`${BASE}/pods`, pod('who', { serviceAccountName: 'nobody' }))).toMatchObject({
      code: 403,
      body: {
        message:
          'pods "who" is forbidden: error looking up service account default/nobody: serviceaccount "nobody" not found',
      },
    });
  });
});

describe('pod security', () => {
  const hardened = {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  };

  beforeEach(async () => {
    for (const level of ['restricted', 'baseline']) {
      await post('/api/v1/namespaces', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: level, labels: { 'pod-security.kubernetes.io/enforce': level } },
      });
    }
    await new Promise((resolve) => setImmediate(resolve));
  });
  const tryIn = (namespace: string, spec: object, container: object): Promise<RawAnswer> =>
    post(`/api/v1/namespaces/${namespace}/pods`, pod('p', spec, container));

  it('restricted refuses what is not hardened, in the words of the real admission', async () => {
    expect((await tryIn('restricted', {}, {})).body).toMatchObject({
      code: 403,
      reason: 'Forbidden',
      message:
        'pods "p" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "main" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "main" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "main" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "main" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    });
    expect((await tryIn('restricted', {}, { securityContext: hardened })).code).toBe(201);
  });

  it.each([
    ['hostNetwork', { hostNetwork: true }, {}, 'host namespaces (hostNetwork=true)'],
    ['a host path', { volumes: [{ name: 'h', hostPath: { path: '/' } }] }, {}, 'hostPath volumes (volume "h")'],
    [
      'privileged',
      {},
      { securityContext: { privileged: true } },
      'privileged (container "main" must not set securityContext.privileged=true)',
    ],
    [
      'capabilities',
      {},
      { securityContext: { capabilities: { add: ['SYS_ADMIN'] } } },
      'non-default capabilities (container "main" must not include "SYS_ADMIN" in securityContext.capabilities.add)',
    ],
    [
      'unconfined',
      {},
      { securityContext: { seccompProfile: { type: 'Unconfined' } } },
      'seccompProfile (container "main" must not set securityContext.seccompProfile.type to "Unconfined")',
    ],
  ])('baseline refuses %s', async (_title, spec, container, why) => {
    expect((await tryIn('baseline', spec, container)).body).toMatchObject({
      code: 403,
      message: `pods "p" is forbidden: violates PodSecurity "baseline:latest": ${why}`,
    });
    expect((await tryIn('default', spec, container)).code).toBe(201);
  });

  it('restricted refuses root and odd volumes too', async () => {
    const root = await tryIn('restricted', {}, { securityContext: { ...hardened, runAsUser: 0 } });
    expect(root.body).toMatchObject({
      message: expect.stringContaining('runAsUser=0 (container "main" must not set runAsUser=0)'),
    });
  });
});

describe('config', () => {
  it('that is immutable stays, and secrets take text and give base64', async () => {
    const created = await post(`${BASE}/secrets`, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's' },
      stringData: { key: 'value' },
      immutable: true,
    });
    expect(created.body).toMatchObject({ type: 'Opaque', data: { key: 'dmFsdWU=' } });
    expect(created.body).not.toHaveProperty('stringData');
    expect((await merge(`${BASE}/secrets/s`, { stringData: { key: 'other' } })).body).toMatchObject({
      code: 422,
      details: { causes: [{ field: 'data', reason: 'FieldValueForbidden' }] },
    });
    expect((await merge(`${BASE}/secrets/s`, { immutable: false })).code).toBe(422);
    expect((await merge(`${BASE}/secrets/s`, { metadata: { labels: { a: 'b' } } })).code).toBe(200);
    expect(
      (
        await post(`${BASE}/secrets`, {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 'odd' },
          data: { key: '***' },
        })
      ).code,
    ).toBeGreaterThanOrEqual(400);
    expect(
      (
        await post(`${BASE}/configmaps`, {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'odd' },
          data: { 'no/slash': '' },
        })
      ).code,
    ).toBe(422);
  });

  it('deleted as a collection goes by selector', async () => {
    for (const [name, keep] of Object.entries({ a: 'no', b: 'yes', c: 'no' }))
      await post(`${BASE}/configmaps`, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels: { keep } } });
    const { body } = await client.send(`${BASE}/configmaps?labelSelector=keep%3Dno`, { method: 'DELETE' });
    expect((body as { items: unknown[] }).items).toHaveLength(2);
    const left = (await client.send(`${BASE}/configmaps?labelSelector=keep`)).body as {
      items: { metadata: { name: string } }[];
    };
    expect(left.items.map(({ metadata }) => metadata.name)).toEqual(['b']);
  });
});

describe('in process', () => {
  it('hands out copies, checks versions, and answers the same refusals', () => {
    const maps: ResourceRef = { group: '', version: 'v1', resource: 'configmaps' };
    const mine = server.access.create(maps, 'default', { metadata: { name: 'm' }, data: { a: '1' } });
    mine['data'] = { a: '2' };
    const read = server.access.get(maps, 'default', 'm');
    expect(read['data']).toEqual({ a: '1' });
    read['data'] = { a: '3' };
    expect(server.access.get(maps, 'default', 'm')['data']).toEqual({ a: '1' });
    server.access.update(maps, mine);
    const reasonOf = (run: () => unknown): string | undefined => {
      try {
        run();
      } catch (error) {
        return isKubeStatus(error) ? error.status.reason : String(error);
      }
      return undefined;
    };
    expect(reasonOf(() => server.access.update(maps, mine))).toBe('Conflict');
    expect(reasonOf(() => server.access.create(maps, 'default', { metadata: { name: 'm' } }))).toBe('AlreadyExists');
    expect(reasonOf(() => server.access.delete(maps, 'default', 'm', { uid: 'other' }))).toBe('Conflict');
    expect(reasonOf(() => server.access.get(maps, 'default', 'none'))).toBe('NotFound');
    expect(reasonOf(() => server.access.list({ group: 'x.y', version: 'v1', resource: 'z' }))).toBe('NotFound');
  });

  it('watches existing objects first, then every change, never inside the write', async () => {
    const accounts: ResourceRef = { group: '', version: 'v1', resource: 'serviceaccounts' };
    const seen: string[] = [];
    const watch = server.access.watch(accounts, ({ type, object }) =>
      seen.push(`${type} ${object.metadata.namespace}/${object.metadata.name}`),
    );
    server.access.create(accounts, 'default', { metadata: { name: 'new' } });
    expect(seen).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    server.access.delete(accounts, 'default', 'new');
    await new Promise((resolve) => setImmediate(resolve));
    watch.stop();
    server.access.create(accounts, 'default', { metadata: { name: 'late' } });
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen.slice(-2)).toEqual(['ADDED default/new', 'DELETED default/new']);
    expect(seen[0]).toBe('ADDED default/default');
    expect(seen.filter((line) => line === 'ADDED default/new')).toHaveLength(1);
  });
});
