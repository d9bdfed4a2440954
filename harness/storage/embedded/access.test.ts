import { describe, it } from 'vitest';
import type { RawAnswer, Signer } from '../signed-request.ts';
import { presign, refusalOf, send, xmlOf } from '../signed-request.ts';
import { md5Hex } from '../contract/subject.ts';
import type { TestServer } from './test-server.ts';
import { startTestServer } from './test-server.ts';

const DENIED = { status: 403, code: 'AccessDenied' };
const MINUTE = 60_000;

/** A job broker's key: it writes and reads under one prefix, and that is all. */
async function withBroker(): Promise<{ server: TestServer; broker: Signer }> {
  const server = await startTestServer();
  const user = { accessKey: 'job-broker', secretKey: 'broker-secret' };
  server.s3.createUser({
    ...user,
    policy: [
      { actions: ['s3:PutObject', 's3:GetObject', 's3:AbortMultipartUpload'], bucket: 'results', prefix: 'jobs/' },
      { actions: ['s3:ListBucket'], bucket: 'results', prefix: 'jobs/' },
    ],
  });
  for (const bucket of ['results', 'other']) await server.call('PUT', `/${bucket}`);
  const broker = { endpoint: server.s3.endpoint, region: server.s3.region, ...user };
  return { server, broker };
}

describe('users of the embedded S3', () => {
  it('may do what their policy allows, there and nowhere else', async ({ expect }) => {
    const { server, broker: as } = await withBroker();
    await using _server = server;
    const ask = async (method: string, path: string, body = ''): Promise<number> =>
      (await server.call(method, path, body, { as })).status;
    const refused = async (method: string, path: string): Promise<unknown> =>
      refusalOf(await server.call(method, path, '', { as }));
    await server.call('PUT', '/results/private/x', 'x');
    expect(await ask('PUT', '/results/jobs/1/out', 'x')).toBe(200);
    expect(await ask('GET', '/results/jobs/1/out')).toBe(200);
    expect(await ask('GET', '/results?list-type=2&prefix=jobs%2F1%2F')).toBe(200);
    for (const [method, path] of [
      ['PUT', '/results/jobs'],
      ['PUT', '/results/private/x'],
      ['GET', '/results/private/x'],
      ['PUT', '/other/jobs/1/out'],
      ['DELETE', '/results/jobs/1/out'],
      ['GET', '/results?list-type=2'],
      ['GET', '/results?list-type=2&prefix=private%2F'],
      ['GET', '/results?prefix=job'],
      ['GET', '/results?location'],
      ['GET', '/'],
      ['PUT', '/fresh-bucket'],
      ['DELETE', '/other'],
    ] as const) {
      expect([method, path, await refused(method, path)]).toEqual([method, path, DENIED]);
    }
  });

  it('do not learn which keys exist where they may not list', async ({ expect }) => {
    await using server = await startTestServer();
    await server.call('PUT', '/b-ucket');
    const reader = { accessKey: 'reader', secretKey: 'reader-secret' };
    server.s3.createUser({ ...reader, policy: [{ actions: ['s3:GetObject'], bucket: 'b-ucket' }] });
    const as = { ...reader, endpoint: server.s3.endpoint, region: server.s3.region };
    expect(refusalOf(await server.call('GET', '/b-ucket/none', '', { as }))).toEqual(DENIED);
    expect(refusalOf(await server.call('GET', '/b-ucket/none'))).toEqual({ status: 404, code: 'NoSuchKey' });
  });

  it('copy only what they may read', async ({ expect }) => {
    const { server, broker: as } = await withBroker();
    await using _server = server;
    await server.call('PUT', '/results/private/x', 'x');
    await server.call('PUT', '/results/jobs/x', 'x');
    const copy = (source: string): Promise<RawAnswer> =>
      server.call('PUT', '/results/jobs/copy', '', { as, headers: { 'x-amz-copy-source': source } });
    expect((await copy('/results/jobs/x')).status).toBe(200);
    expect(refusalOf(await copy('/results/private/x'))).toEqual(DENIED);
  });

  it('are answered key by key when they delete many', async ({ expect }) => {
    await using server = await startTestServer();
    await server.call('PUT', '/b-ucket');
    for (const key of ['mine/1', 'theirs/1']) await server.call('PUT', `/b-ucket/${key}`, 'x');
    const cleaner = { accessKey: 'cleaner', secretKey: 'cleaner-secret' };
    server.s3.createUser({
      ...cleaner,
      policy: [{ actions: ['s3:DeleteObject'], bucket: 'b-ucket', prefix: 'mine/' }],
    });
    const body = '<Delete><Object><Key>mine/1</Key></Object><Object><Key>theirs/1</Key></Object></Delete>';
    const headers = { 'content-md5': Buffer.from(md5Hex(body), 'hex').toString('base64') };
    const as = { ...cleaner, endpoint: server.s3.endpoint, region: server.s3.region };
    expect(xmlOf(await server.call('POST', '/b-ucket?delete', body, { as, headers }))).toEqual({
      DeleteResult: {
        Deleted: { Key: 'mine/1' },
        Error: { Key: 'theirs/1', Code: 'AccessDenied', Message: 'Access Denied' },
      },
    });
    expect((await server.call('HEAD', '/b-ucket/theirs/1')).status).toBe(200);
  });

  it('are refused from the moment they are removed', async ({ expect }) => {
    const { server, broker: as } = await withBroker();
    await using _server = server;
    expect((await server.call('PUT', '/results/jobs/x', '', { as })).status).toBe(200);
    server.s3.removeUser('job-broker');
    expect(refusalOf(await server.call('PUT', '/results/jobs/x', '', { as }))).toEqual({
      status: 403,
      code: 'InvalidAccessKeyId',
    });
  });

  it('need a proper key of their own', async ({ expect }) => {
    await using server = await startTestServer();
    const code = (accessKey: string, secretKey: string): unknown => {
      try {
        server.s3.createUser({ accessKey, secretKey, policy: [] });
        return undefined;
      } catch (error) {
        return (error as { code: unknown }).code;
      }
    };
    expect(code('fine-key', 'long-enough')).toBeUndefined();
    expect(code('fine-key', 'long-enough')).toBe('S3_USER_EXISTS');
    expect(code('a/b', 'long-enough')).toBe('S3_USER_INVALID');
    expect(code('other-key', 'short')).toBe('S3_USER_INVALID');
  });

  it('stops honouring a presigned URL when its time is over', async ({ expect }) => {
    await using server = await startTestServer();
    await server.call('PUT', '/b-ucket');
    await server.call('PUT', '/b-ucket/k', 'x');
    const path = presign(server.s3, { path: '/b-ucket/k', nowMs: server.clock.now(), expiresSeconds: 7200 });
    const get = (): Promise<RawAnswer> => send(server.s3.endpoint, { path });
    server.clock.advance(120 * MINUTE);
    expect((await get()).status).toBe(200);
    server.clock.advance(1000);
    const late = await get();
    expect(refusalOf(late)).toEqual(DENIED);
    expect(xmlOf(late)).toMatchObject({ Error: { Message: 'Request has expired' } });
  });

  it('takes a request up to 15 minutes old, and not older', async ({ expect }) => {
    await using server = await startTestServer();
    const aged = (ms: number): Promise<RawAnswer> => server.call('GET', '/', '', { nowMs: server.clock.now() - ms });
    expect((await aged(15 * MINUTE)).status).toBe(200);
    expect(refusalOf(await aged(15 * MINUTE + 1000))).toEqual({ status: 403, code: 'RequestTimeTooSkewed' });
    expect(refusalOf(await aged(-15 * MINUTE - 1000))).toEqual({ status: 403, code: 'RequestTimeTooSkewed' });
  });

  it('refuses virtual-hosted style with a hint', async ({ expect }) => {
    await using server = await startTestServer();
    const { port } = new URL(server.s3.endpoint);
    const answer = await send(server.s3.endpoint, { path: '/k' }, { host: `b-ucket.localhost:${port}` });
    expect(refusalOf(answer)).toEqual({ status: 501, code: 'NotImplemented' });
    expect(answer.body.toString()).toContain('forcePathStyle');
    const known = await server.call('GET', '/', '', { headers: { host: `localhost:${port}` } });
    expect(known.status).toBe(200);
  });
});
