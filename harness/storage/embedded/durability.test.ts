import { writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:http';
import path from 'node:path';
import { describe, it } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { waitUntil } from '../../../core/wait-until.ts';
import { refusalOf, signRequest, xmlOf } from '../signed-request.ts';
import { md5Hex } from '../contract/subject.ts';
import type { TestServer } from './test-server.ts';
import { startTestServer } from './test-server.ts';

const LARGE = 200_000;
/** For what the server does after its answer. */
const SOON = { clock: systemClock, timeoutMs: 5000, intervalMs: 2 };

async function withBucket(): Promise<TestServer> {
  const server = await startTestServer();
  await server.call('PUT', '/b-ucket');
  return server;
}

async function uploadId(server: TestServer, key: string): Promise<string> {
  const result = xmlOf(await server.call('POST', `/b-ucket/${key}?uploads`))['InitiateMultipartUploadResult'];
  return (result as { UploadId: string }).UploadId;
}

describe('what the embedded S3 keeps', () => {
  it('is there after a restart, unfinished uploads too, and files of nobody are swept', async ({ expect }) => {
    await using server = await withBucket();
    await server.call('PUT', '/b-ucket/small', 'small', { headers: { 'x-amz-meta-a': 'b' } });
    await server.call('PUT', '/b-ucket/large', Buffer.alloc(LARGE, 1));
    const id = await uploadId(server, 'multi');
    await server.call('PUT', `/b-ucket/multi?partNumber=1&uploadId=${id}`, 'part');
    writeFileSync(path.join(server.dataDir, 'blobs', 'left-by-a-crash'), 'x');
    await server.restart();
    expect(server.blobCount()).toBe(2);
    const small = await server.call('GET', '/b-ucket/small');
    expect([small.body.toString(), small.headers['x-amz-meta-a']]).toEqual(['small', 'b']);
    expect((await server.call('GET', '/b-ucket/large')).body.equals(Buffer.alloc(LARGE, 1))).toBe(true);
    const done = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${md5Hex('part')}</ETag></Part></CompleteMultipartUpload>`;
    expect((await server.call('POST', `/b-ucket/multi?uploadId=${id}`, done)).status).toBe(200);
    expect((await server.call('GET', '/b-ucket/multi')).body.toString()).toBe('part');
  });

  it('has no file too many after overwriting, deleting, aborting, copying and refusing', async ({ expect }) => {
    await using server = await withBucket();
    const body = Buffer.alloc(LARGE, 1);
    await server.call('PUT', '/b-ucket/k', body);
    await server.call('PUT', '/b-ucket/k', Buffer.alloc(LARGE, 2));
    expect(server.blobCount()).toBe(1);
    await server.call('PUT', '/b-ucket/copy', '', { headers: { 'x-amz-copy-source': '/b-ucket/k' } });
    await server.call('DELETE', '/b-ucket/k');
    expect((await server.call('GET', '/b-ucket/copy')).body.equals(Buffer.alloc(LARGE, 2))).toBe(true);
    expect(server.blobCount()).toBe(1);
    await server.call('DELETE', '/b-ucket/copy');
    const refused = await server.call('PUT', '/b-ucket/k', body, {
      headers: { 'content-md5': Buffer.alloc(16).toString('base64') },
    });
    expect(refusalOf(refused).code).toBe('BadDigest');
    const id = await uploadId(server, 'k');
    for (const number of [1, 1, 2]) await server.call('PUT', `/b-ucket/k?partNumber=${number}&uploadId=${id}`, body);
    expect(server.blobCount()).toBe(2);
    await server.call('DELETE', `/b-ucket/k?uploadId=${id}`);
    expect(server.blobCount()).toBe(0);
    await server.call('PUT', `/b-ucket/k?partNumber=1&uploadId=${await uploadId(server, 'k')}`, body);
    expect((await server.call('DELETE', '/b-ucket')).status).toBe(204);
    expect(server.blobCount()).toBe(0);
  });

  it('does not include an upload whose client went away', async ({ expect }) => {
    await using server = await withBucket();
    const headers = { 'content-length': '1000000' };
    const raw = { method: 'PUT', path: '/b-ucket/k', payloadHash: 'UNSIGNED-PAYLOAD', nowMs: server.clock.now() };
    const { hostname, port } = new URL(server.s3.endpoint);
    const outgoing = request({
      hostname,
      port,
      method: 'PUT',
      path: raw.path,
      headers: { ...signRequest(server.s3, raw).headers, ...headers },
    });
    outgoing.on('error', () => undefined);
    outgoing.write(Buffer.alloc(LARGE));
    await waitUntil('the upload to reach the disk', () => server.blobCount() === 1 || undefined, SOON);
    outgoing.destroy();
    await waitUntil('its file to go', () => server.blobCount() === 0 || undefined, SOON);
    expect(refusalOf(await server.call('GET', '/b-ucket/k'))).toEqual({ status: 404, code: 'NoSuchKey' });
  });

  it("is one writer's body whole, however many write and read at once", async ({ expect }) => {
    await using server = await withBucket();
    await server.call('PUT', '/b-ucket/k', Buffer.alloc(LARGE, 0));
    const writes = Array.from({ length: 12 }, (_, index) =>
      server.call('PUT', '/b-ucket/k', Buffer.alloc(LARGE, index)),
    );
    const reads = Array.from({ length: 24 }, () => server.call('GET', '/b-ucket/k'));
    for (const read of await Promise.all(reads)) {
      expect(read.body.equals(Buffer.alloc(LARGE, read.body[0]))).toBe(true);
      expect(read.headers.etag).toBe(`"${md5Hex(read.body)}"`);
    }
    await Promise.all(writes);
    // A reader's file is closed, and removed if it was replaced, when its last byte is on its way already.
    const isQuiet = (): boolean => server.native.inFlight() === 0 && server.blobCount() === 1;
    await waitUntil('readers to let go', () => isQuiet() || undefined, SOON);
  });

  it('lets a reader finish the version it began with', async ({ expect }) => {
    await using server = await withBucket();
    const big = Buffer.alloc(8 * 1024 * 1024, 1);
    await server.call('PUT', '/b-ucket/k', big);
    const { headers } = signRequest(server.s3, { path: '/b-ucket/k', nowMs: server.clock.now() });
    const { hostname, port } = new URL(server.s3.endpoint);
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      request({ hostname, port, path: '/b-ucket/k', headers }, resolve).on('error', reject).end();
    });
    await server.call('DELETE', '/b-ucket/k');
    expect(server.blobCount()).toBe(1);
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).equals(big)).toBe(true);
    await waitUntil('the file to go with its last reader', () => server.blobCount() === 0 || undefined, SOON);
  });

  it('is not overwritten by a writer who wanted to be first and was not', async ({ expect }) => {
    await using server = await withBucket();
    const raw = { method: 'PUT', path: '/b-ucket/k', payloadHash: 'UNSIGNED-PAYLOAD', nowMs: server.clock.now() };
    const { headers } = signRequest(server.s3, { ...raw, headers: { 'if-none-match': '*' } });
    const { hostname, port } = new URL(server.s3.endpoint);
    const outgoing = request({
      hostname,
      port,
      method: 'PUT',
      path: raw.path,
      headers: { ...headers, 'content-length': LARGE + 1 },
    });
    const status = new Promise((resolve, reject) => {
      outgoing.on('error', reject).on('response', (incoming) => resolve(incoming.resume().statusCode));
    });
    outgoing.write(Buffer.alloc(LARGE));
    await waitUntil('the slow writer to be under way', () => server.blobCount() === 1 || undefined, SOON);
    expect((await server.call('PUT', '/b-ucket/k', 'first')).status).toBe(200);
    outgoing.end('x');
    expect(await status).toBe(412);
    expect((await server.call('GET', '/b-ucket/k')).body.toString()).toBe('first');
    expect(server.blobCount()).toBe(0);
  });

  it('refuses bodies and buckets beyond the limits', async ({ expect }) => {
    await using server = await startTestServer({ limits: { objectBytes: 100, buckets: 1 } });
    await server.call('PUT', '/b-ucket');
    expect((await server.call('PUT', '/b-ucket/k', Buffer.alloc(100))).status).toBe(200);
    expect(refusalOf(await server.call('PUT', '/b-ucket/k', Buffer.alloc(101)))).toEqual({
      status: 400,
      code: 'EntityTooLarge',
    });
    expect(refusalOf(await server.call('PUT', '/c-ucket'))).toEqual({ status: 400, code: 'TooManyBuckets' });
  });

  it('stops at once, twice, with requests under way', async ({ expect }) => {
    const server = await withBucket();
    await using _server = server;
    const pending = server.call('PUT', '/b-ucket/k', Buffer.alloc(4 * 1024 * 1024)).catch((error: unknown) => error);
    await Promise.all([server.s3.stop(), server.s3.stop()]);
    expect(await pending).toBeDefined();
    expect(server.native.inFlight()).toBe(0);
  });
});
