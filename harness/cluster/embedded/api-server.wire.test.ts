import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededEntropy } from '../../../core/entropy.ts';
import { VirtualClock } from '../../../core/virtual-clock.ts';
import type { RunningApiServer } from './api-server.ts';
import { startApiServer } from './api-server.ts';
import { RawClient } from './testing/http-client.testing.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const map = (name: string, more: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  ...more,
});
const status = (code: number, reason: string, message: string, details?: object): object => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message,
  reason,
  ...(details ? { details } : {}),
  code,
});

describe('the embedded API server on the wire', () => {
  const clock = new VirtualClock();
  let server: RunningApiServer;
  let client: RawClient;

  beforeAll(async () => {
    server = await startApiServer({ clock, entropy: seededEntropy('wire') });
    client = new RawClient(server);
  });
  afterAll(async () => {
    await client.close();
    await server.stop();
  });

  describe('routes', () => {
    it('answers unknown paths as the mux does and unknown resources as a group version does', async () => {
      expect(await client.send('/nowhere')).toMatchObject({ code: 404, text: '404 page not found\n' });
      expect(await client.send('/apis/example.com/v1/things')).toMatchObject({
        code: 404,
        text: '404 page not found\n',
      });
      expect((await client.send('/api/v1/things')).body).toEqual(
        status(404, 'NotFound', 'the server could not find the requested resource', {}),
      );
      expect((await client.send('/api/v1/namespaces/default/configmaps/a/status')).code).toBe(404);
      expect((await client.send('/api/v1/namespaces/default/nodes')).code).toBe(404);
    });

    it('answers methods that a resource does not have with 405', async () => {
      expect(await client.send(MAPS, { method: 'PUT', body: map('a') })).toMatchObject({
        code: 405,
        body: { reason: 'MethodNotAllowed' },
      });
      expect((await client.send('/api/v1/configmaps', { method: 'POST', body: map('a') })).code).toBe(405);
      expect((await client.send('/version', { method: 'POST', body: {} })).code).toBe(405);
    });

    it('tells about itself', async () => {
      expect((await client.send('/readyz')).text).toBe('ok');
      expect((await client.send('/api')).body).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
      expect((await client.send('/apis/coordination.k8s.io/v1')).body).toMatchObject({
        kind: 'APIResourceList',
        groupVersion: 'coordination.k8s.io/v1',
        resources: [{ name: 'leases', kind: 'Lease', namespaced: true }],
      });
      const aggregated = await client.send('/apis', {
        headers: { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json' },
      });
      expect(aggregated.headers['content-type']).toBe(
        'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
      );
      expect(aggregated.body).toMatchObject({ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2' });
    });
  });

  describe('bodies', () => {
    const post = (text: string | Uint8Array, type: string): ReturnType<RawClient['send']> =>
      client.send(MAPS, { method: 'POST', text, headers: { 'content-type': type } });

    it('may be YAML', async () => {
      expect(
        await post(
          'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: from-yaml}\ndata: {a: "1"}\n',
          'application/yaml',
        ),
      ).toMatchObject({ code: 201, body: { data: { a: '1' } } });
      const read = await client.send(`${MAPS}/from-yaml`, { headers: { accept: 'application/yaml' } });
      expect(read.headers['content-type']).toBe('application/yaml');
      expect(read.text).toContain('name: from-yaml\n');
    });

    it('that are malformed, of another kind or version, or too large are refused', async () => {
      expect(await post('{"a":', 'application/json')).toMatchObject({
        code: 400,
        body: { reason: 'BadRequest', message: expect.stringContaining("couldn't get version/kind; json parse error") },
      });
      expect(await post('', 'application/json')).toMatchObject({ code: 400 });
      expect(await post('"text"', 'application/json')).toMatchObject({ code: 400 });
      expect(
        await post(
          JSON.stringify({ apiVersion: 'v2', kind: 'ConfigMap', metadata: { name: 'a' } }),
          'application/json',
        ),
      ).toMatchObject({
        code: 400,
        body: {
          message:
            'ConfigMap in version "v2" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v2" in scheme "pkg/runtime/scheme.go:110"',
        },
      });
      expect(
        await post(JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } }), 'application/json'),
      ).toMatchObject({ code: 400, body: { reason: 'BadRequest' } });
      expect(
        await post(
          JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', labels: { x: 1 } } }),
          'application/json',
        ),
      ).toMatchObject({ code: 400, body: { reason: 'BadRequest' } });
      expect(await post(`{"a":"${'x'.repeat(3 * 1024 * 1024)}"}`, 'application/json')).toMatchObject({
        code: 413,
        body: { reason: 'RequestEntityTooLarge' },
      });
    });

    it('without a length are cut off where they become too large', async () => {
      const text = Readable.from(Array.from({ length: 4 }, () => Buffer.alloc(1024 * 1024, ' ')));
      const answer = await client.send(MAPS, { method: 'POST', text, headers: { 'content-type': 'application/json' } });
      expect(answer).toMatchObject({ code: 413, body: { reason: 'RequestEntityTooLarge' } });
    });

    it('in a media type that is not served are a 415, answers in one are a 406', async () => {
      expect(await post('<a/>', 'application/xml')).toMatchObject({
        code: 415,
        body: { reason: 'UnsupportedMediaType' },
      });
      expect(
        await client.send(`${MAPS}`, { headers: { accept: 'application/vnd.kubernetes.protobuf' } }),
      ).toMatchObject({ code: 406, body: { reason: 'NotAcceptable' } });
      const pods = '/api/v1/namespaces/default/pods';
      const envelope = Buffer.concat([
        Buffer.from('k8s\0'),
        Buffer.from([0x0a, 9, 0x0a, 2, 0x76, 0x31, 0x12, 3, 0x50, 0x6f, 0x64, 0x12, 0]),
      ]);
      expect(
        await client.send(pods, {
          method: 'POST',
          text: envelope,
          headers: { 'content-type': 'application/vnd.kubernetes.protobuf' },
        }),
      ).toMatchObject({ code: 415 });
      expect(
        await client.send(pods, {
          method: 'POST',
          text: 'k8s',
          headers: { 'content-type': 'application/vnd.kubernetes.protobuf' },
        }),
      ).toMatchObject({ code: 400 });
    });

    it('of server-side apply are a 415', async () => {
      const answer = await client.send(`${MAPS}/x?fieldManager=me`, {
        method: 'PATCH',
        text: '{}',
        headers: { 'content-type': 'application/apply-patch+yaml' },
      });
      expect(answer).toMatchObject({
        code: 415,
        body: {
          reason: 'UnsupportedMediaType',
          message: '415: Unsupported Media Type',
        },
      });
    });

    it('with unknown fields are pruned with a warning, or as the client asks', async () => {
      const warned = await client.send(MAPS, { method: 'POST', body: map('warned', { surplus: 1 }) });
      expect(warned.code).toBe(201);
      expect(warned.headers['warning']).toBe('299 - "unknown field \\"surplus\\""');
      expect(warned.body).not.toHaveProperty('surplus');
      expect(
        (await client.send(`${MAPS}?fieldValidation=Ignore`, { method: 'POST', body: map('ignored', { surplus: 1 }) }))
          .headers['warning'],
      ).toBeUndefined();
      expect(
        (await client.send(`${MAPS}?fieldValidation=Strict`, { method: 'POST', body: map('strict', { surplus: 1 }) }))
          .body,
      ).toEqual(
        status(
          400,
          'BadRequest',
          'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "surplus"',
        ),
      );
      expect((await client.send(`${MAPS}?fieldValidation=Maybe`, { method: 'POST', body: map('maybe') })).code).toBe(
        422,
      );
      expect((await client.send(`${MAPS}?dryRun=Some`, { method: 'POST', body: map('some') })).code).toBe(422);
    });
  });

  describe('credentials', () => {
    it('that are none are a 401, and without any one is anonymous', async () => {
      expect((await client.send(MAPS, { headers: { authorization: 'Bearer nonsense' } })).body).toEqual(
        status(401, 'Unauthorized', 'Unauthorized'),
      );
      expect(await client.send(MAPS, { headers: { authorization: '' } })).toMatchObject({
        code: 403,
        body: { message: expect.stringContaining('User "system:anonymous" cannot list resource "configmaps"') },
      });
      expect((await client.send('/healthz', { headers: { authorization: '' } })).code).toBe(200);
      expect(await client.send('/metrics', { headers: { authorization: '' } })).toMatchObject({
        code: 403,
        body: { message: 'forbidden: User "system:anonymous" cannot get path "/metrics"' },
      });
    });

    it('of a user give no way to act as others, nor to grant what the user lacks', async () => {
      const user = new RawClient(server, { username: 'lowly' });
      const access = { group: 'rbac.authorization.k8s.io', version: 'v1' };
      server.access.create({ ...access, resource: 'roles' }, 'default', {
        metadata: { name: 'roles' },
        rules: [{ apiGroups: [access.group], resources: ['roles'], verbs: ['create'] }],
      });
      server.access.create({ ...access, resource: 'rolebindings' }, 'default', {
        metadata: { name: 'lowly' },
        roleRef: { kind: 'Role', name: 'roles' },
        subjects: [{ kind: 'User', name: 'lowly' }],
      });
      expect(await user.send(MAPS, { headers: { 'impersonate-user': 'admin' } })).toMatchObject({
        code: 403,
        body: { message: expect.stringContaining('cannot impersonate resource "users"') },
      });
      const path = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles';
      const role = (name: string, rule: object): object => ({
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        metadata: { name },
        rules: [rule],
      });
      const more = await user.send(path, {
        method: 'POST',
        body: role('more', { apiGroups: [''], resources: ['secrets'], verbs: ['get'] }),
      });
      expect(more).toMatchObject({
        code: 403,
        body: {
          message: expect.stringContaining(
            'is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}',
          ),
        },
      });
      const same = await user.send(path, {
        method: 'POST',
        body: role('same', { apiGroups: [access.group], resources: ['roles'], verbs: ['create'] }),
      });
      expect(same.code).toBe(201);
      await user.close();
    });

    it('of a service account cannot be made up or changed', async () => {
      const path = '/api/v1/namespaces/kube-system/serviceaccounts/default/token';
      const issued = await client.send(path, {
        method: 'POST',
        body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
      });
      const { token } = (issued.body as { status: { token: string } }).status;
      const [head = '', claims = '', signature = ''] = token.split('.');
      const codeOf = async (bearer: string): Promise<number> =>
        (await client.send('/apis', { headers: { authorization: `Bearer ${bearer}` } })).code;
      expect(await codeOf(token)).toBe(200);
      const longer = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { exp: number };
      longer.exp += 1;
      const changed = Buffer.from(JSON.stringify(longer)).toString('base64url');
      expect(await codeOf(`${head}.${changed}.${signature}`)).toBe(401);
      expect(await codeOf(`${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`)).toBe(401);
      expect(await codeOf(`${head}.${claims}`)).toBe(401);
    });

    it('of a service account end with it', async () => {
      const accounts = '/api/v1/namespaces/default/serviceaccounts';
      await client.send(accounts, {
        method: 'POST',
        body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'short' } },
      });
      const issued = await client.send(`${accounts}/short/token`, {
        method: 'POST',
        body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 600 } },
      });
      const { token } = (issued.body as { status: { token: string } }).status;
      const as = (): ReturnType<RawClient['send']> =>
        client.send('/apis', { headers: { authorization: `Bearer ${token}` } });
      expect((await as()).code).toBe(200);
      clock.advance(601_000);
      expect((await as()).code).toBe(401);
      const again = await client.send(`${accounts}/short/token`, {
        method: 'POST',
        body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
      });
      const second = (again.body as { status: { token: string } }).status.token;
      await client.send(`${accounts}/short`, { method: 'DELETE' });
      expect((await client.send('/apis', { headers: { authorization: `Bearer ${second}` } })).code).toBe(401);
    });
  });

  describe('lists and watches', () => {
    it('know resource versions that are gone, to come, or none', async () => {
      const old = ((await client.send(MAPS)).body as { metadata: { resourceVersion: string } }).metadata
        .resourceVersion;
      const page = ((await client.send(`${MAPS}?limit=1`)).body as { metadata: { continue: string } }).metadata
        .continue;
      await client.send(MAPS, { method: 'POST', body: map('newer') });
      server.compact();
      expect(await client.send(`${MAPS}?resourceVersion=${old}&resourceVersionMatch=Exact`)).toMatchObject({
        code: 410,
        body: { reason: 'Expired' },
      });
      expect((await client.send(`${MAPS}?resourceVersion=${old}`)).code).toBe(200);
      expect((await client.send(`${MAPS}?resourceVersion=0`)).code).toBe(200);
      expect(await client.send(`${MAPS}?limit=1&continue=${page}`)).toMatchObject({
        code: 410,
        body: { reason: 'Expired' },
      });
      expect((await client.send(`${MAPS}?continue=nonsense`)).code).toBe(400);
      expect(await client.send(`${MAPS}?resourceVersion=999999`)).toMatchObject({
        code: 504,
        body: { reason: 'Timeout', details: { retryAfterSeconds: 1 } },
      });
      expect((await client.send(`${MAPS}?resourceVersion=abc`)).code).toBe(400);
      const watch = await client.watch(`${MAPS}?watch=1&resourceVersion=${old}`);
      expect(await watch.next()).toMatchObject({
        type: 'ERROR',
        object: { kind: 'Status', code: 410, reason: 'Expired' },
      });
      expect(await watch.next()).toBeUndefined();
    });

    it('send bookmarks while nothing happens, and end when their time is up', async () => {
      const { resourceVersion } = ((await client.send(MAPS)).body as { metadata: { resourceVersion: string } })
        .metadata;
      const query = `watch=1&allowWatchBookmarks=true&timeoutSeconds=90&fieldSelector=metadata.name%3Dquiet&resourceVersion=${resourceVersion}`;
      const watch = await client.watch(`${MAPS}?${query}`);
      await client.send(MAPS, { method: 'POST', body: map('noise') });
      clock.advance(61_000);
      const bookmark = await watch.next();
      expect(bookmark).toMatchObject({ type: 'BOOKMARK', object: { kind: 'ConfigMap', apiVersion: 'v1' } });
      clock.advance(30_000);
      expect(await watch.next()).toMatchObject({
        type: 'BOOKMARK',
        object: { metadata: { resourceVersion: bookmark?.object.metadata?.resourceVersion } },
      });
      expect(await watch.next()).toBeUndefined();
    });

    it('mark the end of initial events for those who ask', async () => {
      const base = '/api/v1/namespaces/kube-public/configmaps?watch=1&sendInitialEvents=true';
      expect(await client.send(base)).toMatchObject({ code: 422 });
      const watch = await client.watch(`${base}&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`);
      expect(await watch.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'kube-root-ca.crt' } } });
      expect(await watch.next()).toMatchObject({
        type: 'BOOKMARK',
        object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
      });
    });

    it('come as tables and as metadata alone', async () => {
      const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
      expect(
        (await client.send('/api/v1/namespaces/kube-public/configmaps', { headers: { accept } })).body,
      ).toMatchObject({
        kind: 'Table',
        apiVersion: 'meta.k8s.io/v1',
        columnDefinitions: [{ name: 'Name' }, { name: 'Data' }, { name: 'Age' }],
        rows: [{ cells: ['kube-root-ca.crt', 1, expect.any(String)], object: { kind: 'PartialObjectMetadata' } }],
      });
      const metadata = await client.send('/api/v1/namespaces/kube-public', {
        headers: { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' },
      });
      expect(metadata.body).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'kube-public' } });
      expect(metadata.body).not.toHaveProperty('spec');
    });
  });
});
