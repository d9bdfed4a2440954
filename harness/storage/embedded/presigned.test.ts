import { describe, it } from 'vitest';
import type { RawAnswer } from '../signed-request.ts';
import { presign, refusalOf, send } from '../signed-request.ts';
import type { TestServer } from './test-server.ts';
import { startTestServer } from './test-server.ts';

async function withBucket(): Promise<TestServer> {
  const server = await startTestServer();
  await server.call('PUT', '/b-ucket');
  return server;
}

/** What holders of a presigned URL do: no header of their own. */
function through(
  server: TestServer,
  method: string,
  query: Readonly<Record<string, string>>,
  body = '',
): Promise<RawAnswer> {
  const path = presign(server.s3, {
    method,
    path: '/b-ucket/k',
    nowMs: server.clock.now(),
    expiresSeconds: 60,
    query,
  });
  return send(server.s3.endpoint, { method, path, body });
}

describe('headers in the query of a presigned URL', () => {
  it('are what they would be as headers, in lower case and capitalized', async ({ expect }) => {
    await using server = await withBucket();
    const put = await through(server, 'PUT', { 'x-amz-meta-lab': 'voilà', 'X-Amz-Meta-Site': ' eu ' }, 'x');
    expect(put.status).toBe(200);
    const got = await server.call('GET', '/b-ucket/k');
    expect(got.headers).toMatchObject({
      'x-amz-meta-lab': Buffer.from('voilà').toString('latin1'),
      'x-amz-meta-site': 'eu',
    });
    const copied = await through(server, 'PUT', {
      'x-amz-copy-source': '/b-ucket/k',
      'x-amz-metadata-directive': 'REPLACE',
      'x-amz-meta-lab': 'us',
    });
    expect(copied.status).toBe(200);
    expect((await server.call('HEAD', '/b-ucket/k')).headers['x-amz-meta-lab']).toBe('us');
  });

  it('are refused where they would be as headers', async ({ expect }) => {
    await using server = await withBucket();
    const refused = async (query: Readonly<Record<string, string>>): Promise<unknown> =>
      refusalOf(await through(server, 'PUT', query, 'x'));
    expect((await through(server, 'PUT', { 'x-amz-acl': 'private' }, 'x')).status).toBe(200);
    expect(await refused({ 'x-amz-acl': 'public-read' })).toEqual({ status: 501, code: 'NotImplemented' });
    expect(await refused({ 'x-amz-tagging': 'a=b' })).toEqual({ status: 501, code: 'NotImplemented' });
    const invalid = { status: 400, code: 'InvalidArgument' };
    expect(await refused({ 'x-amz-meta-lab': 'a', 'X-Amz-Meta-Lab': 'b' })).toEqual(invalid);
    expect(await refused({ 'x-amz-meta-lab': 'a\r\nx-evil: b' })).toEqual(invalid);
    expect(await refused({ 'x-amz-meta-la b': 'a' })).toEqual(invalid);
    expect(await refused({ 'x-lab': 'a' })).toEqual(invalid);
    // Without a signature in the query it is a parameter like any other.
    expect(refusalOf(await server.call('PUT', '/b-ucket/k?x-amz-meta-lab=a', 'x'))).toEqual(invalid);
  });

  it('vouch for no body: the checksum there is of an empty one', async ({ expect }) => {
    await using server = await withBucket();
    const ofNothing = {
      'x-amz-checksum-crc32': 'AAAAAA==',
      'x-amz-sdk-checksum-algorithm': 'CRC32',
      'x-id': 'PutObject',
    };
    expect((await through(server, 'PUT', ofNothing, 'something')).status).toBe(200);
    const got = await through(server, 'GET', { 'x-amz-checksum-mode': 'ENABLED', 'x-id': 'GetObject' });
    expect([got.status, got.body.toString(), got.headers['x-amz-checksum-crc32']]).toEqual([
      200,
      'something',
      undefined,
    ]);
  });
});
