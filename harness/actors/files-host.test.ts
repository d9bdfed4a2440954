import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededEntropy } from '../../core/entropy.ts';
import type { FilesHost } from './files-host.ts';
import { startFilesHost } from './start-files-host.ts';

let host: FilesHost;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'files-host-'));
  host = await startFilesHost({ name: 'lab', entropy: seededEntropy(1) });
});
afterAll(async () => {
  await host?.stop();
  await rm(folder, { recursive: true, force: true });
});

const read = async (url: string, init?: RequestInit): Promise<[number, string, Headers]> => {
  const response = await fetch(url, init);
  return [response.status, await response.text(), response.headers];
};

test('serves text, bytes and files on disk, and counts the requests', async () => {
  const file = path.join(folder, 'on-disk.csv');
  await writeFile(file, 'a,b\n1,2\n');
  const hosted = [
    host.publish('text.txt', 'täxt'),
    host.publish('bytes', new Uint8Array([65, 66])),
    host.publish('on-disk.csv', { path: file }),
  ];
  expect(await Promise.all(hosted.map(async ({ url }) => (await read(url))[1]))).toEqual(['täxt', 'AB', 'a,b\n1,2\n']);
  const [onDisk] = hosted.slice(2);
  const [status, body, headers] = await read(onDisk?.url ?? '', { method: 'HEAD' });
  expect([status, body, headers.get('content-length'), headers.get('content-type')]).toEqual([
    200,
    '',
    '8',
    'text/csv',
  ]);
  expect(onDisk?.requests()).toEqual({ get: 1, head: 1 });
});

test.each([
  ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
  ['bytes=7-', 206, '789', 'bytes 7-9/10'],
  ['bytes=-2', 206, '89', 'bytes 8-9/10'],
  ['bytes=5-100', 206, '56789', 'bytes 5-9/10'],
  ['bytes=10-', 416, '', 'bytes */10'],
  ['bytes=4-2', 200, '0123456789', null],
  ['bytes=-', 200, '0123456789', null],
  ['lines=1-2', 200, '0123456789', null],
])('the range %s is answered with %i', async (range, status, body, contentRange) => {
  const { url } = host.publish('digits', '0123456789');
  const [seen, text, headers] = await read(url, { headers: { range } });
  expect([seen, text, headers.get('content-range')]).toEqual([status, body, contentRange]);
});

test('an empty file has nothing to read', async () => {
  const [status, body] = await read(host.publish('empty', '').url);
  expect([status, body]).toEqual([200, '']);
});

test('the content changes under the same URL, at once or after the next reading', async () => {
  const hosted = host.publish('algorithm.cjs', 'first');
  hosted.setContent('second');
  hosted.changeAfterNextGet('third');
  await read(hosted.url, { method: 'HEAD' });
  const seen = [await read(hosted.url), await read(hosted.url), await read(hosted.url)];
  expect(seen.map(([, body]) => body)).toEqual(['second', 'third', 'third']);
});

test('URLs cannot be guessed, and who tries is counted', async () => {
  const hosted = host.publish('secret.ts', 'x');
  const secret = host.secrets().at(-1) ?? '';
  expect(secret).toMatch(/^[0-9a-f]{32}$/);
  expect(hosted.url).toContain(secret);
  const before = host.strayRequests();
  expect((await read(hosted.url.replace(secret, '0'.repeat(32))))[0]).toBe(404);
  expect((await read(`${host.url}/`))[0]).toBe(404);
  expect(host.strayRequests()).toBe(before + 2);
  expect((await read(hosted.url, { method: 'POST' }))[0]).toBe(405);
});
