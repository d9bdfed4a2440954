import http from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { closeServer, listen } from '../../core/http-listen.ts';
import { createNet } from '../../core/net.ts';
import { signedMessages } from '../../core/protocol/signed-messages.ts';
import { addressOfPrivateKey, isMessageSignedBy } from '../../core/protocol/signing.ts';
import type { RemoteFile } from '../../core/protocol/workflow.ts';
import { RemoteFiles } from './remote-files.ts';

const KEY = `0x${'5e'.repeat(32)}`;
const CONSUMER = addressOfPrivateKey(KEY);
const PROVIDER = addressOfPrivateKey(`0x${'5f'.repeat(32)}`);
const DID = `did:op:${'d'.repeat(64)}`;
const AT = { chainId: 8996, consumer: CONSUMER };

const fileOf = (index: number, provider = PROVIDER): RemoteFile => ({
  index,
  remote: { provider, did: DID, serviceId: 'svc-1', transferTxId: `0x${'7a'.repeat(32)}`, userdata: { n: 1 } },
});

/** A Provider as strict as the classic one: each nonce must be greater than the last that it saw. */
const provider = {
  url: '',
  lastNonce: 0,
  downloads: [] as URL[],
  ranges: [] as (string | undefined)[],
  /** Downloads whose headers are not sent yet. */
  open: 0,
  mostOpen: 0,
  answer: (response: http.ServerResponse): unknown => response.end('bytes'),
};
const net = createNet();
const server = http.createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://provider');
  if (url.pathname.endsWith('/nonce')) return void response.end(JSON.stringify({ nonce: String(provider.lastNonce) }));
  provider.open += 1;
  provider.mostOpen = Math.max(provider.mostOpen, provider.open);
  provider.downloads.push(url);
  provider.ranges.push(request.headers.range);
  setImmediate(() => {
    provider.open -= 1;
    const nonce = Number(url.searchParams.get('nonce'));
    if (nonce <= provider.lastNonce) return response.writeHead(400).end('{"code":"NONCE_NOT_GREATER"}');
    provider.lastNonce = nonce;
    return provider.answer(response);
  });
});

beforeAll(async () => {
  provider.url = `http://127.0.0.1:${(await listen(server)).port}`;
});
afterAll(async () => {
  await closeServer(server);
  await net.close();
});
beforeEach(() => {
  Object.assign(provider, { lastNonce: 0, downloads: [], ranges: [], mostOpen: 0 });
  provider.answer = (response) => response.end('bytes');
});

const filesWith = (keys = [KEY], providers: Record<string, string[]> = { [PROVIDER]: [`${provider.url}/`] }) =>
  new RemoteFiles({ net, clock: systemClock, providers: () => providers, keys });

const textOf = async (body: AsyncIterable<Buffer>): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

describe('a file of another Provider', () => {
  test('is downloaded as the environment, with its order and parameters', async () => {
    const answer = await filesWith().open(fileOf(3), AT, 'bytes=2-');
    expect(await textOf(answer.body)).toBe('bytes');
    const [url] = provider.downloads;
    const { nonce = '', signature = '', ...others } = Object.fromEntries(url?.searchParams ?? []);
    expect([url?.pathname, others]).toEqual([
      '/api/services/download',
      {
        fileIndex: '3',
        documentId: DID,
        transferTxId: `0x${'7a'.repeat(32)}`,
        serviceId: 'svc-1',
        consumerAddress: CONSUMER,
        userdata: '{"n":1}',
      },
    ]);
    expect(isMessageSignedBy(signedMessages.download(DID, nonce), signature, CONSUMER)).toBe(true);
    expect(provider.ranges).toEqual(['bytes=2-']);
  });

  test('comes one after another until its headers are there, each with a nonce above the last', async () => {
    // What somebody else has used lies ahead of this machine's clock.
    provider.lastNonce = systemClock.now() + 3_600_000;
    const files = filesWith();
    const answers = await Promise.all([0, 1, 2, 3, 4, 5].map((index) => files.open(fileOf(index), AT, undefined)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    await Promise.all(answers.map(({ body }) => textOf(body)));
    const nonces = provider.downloads.map(({ searchParams }) => Number(searchParams.get('nonce')));
    expect(nonces).toEqual(nonces.toSorted((a, b) => a - b));
    expect(provider.mostOpen).toBe(1);
  });

  test('that is refused does not hold up the next', async () => {
    const files = filesWith();
    const bodies = ['{"code":"ORDER_EXPIRED"}', undefined];
    provider.answer = (response) => {
      const refusal = bodies.shift();
      return refusal === undefined ? response.end('bytes') : response.writeHead(400).end(refusal);
    };
    const [refused, next] = await Promise.allSettled([0, 1].map((index) => files.open(fileOf(index), AT, undefined)));
    expect(refused).toMatchObject({ reason: { code: 'INPUT_REFUSED', details: { code: 'ORDER_EXPIRED' } } });
    expect(next).toMatchObject({ value: { status: 200 } });
  });
});

describe('nothing is asked', () => {
  test.each([
    ['of a Provider that is not listed', 'PROVIDER_NOT_ALLOWED', () => filesWith([KEY], {}), AT],
    ['without the key of the environment', 'ENVIRONMENT_KEY_MISSING', () => filesWith([]), AT],
    ['for a job without an environment', 'ENVIRONMENT_KEY_MISSING', () => filesWith(), { ...AT, consumer: '' }],
  ])('%s', async (_name, code, files, at) => {
    await expect(files().open(fileOf(0), at, undefined)).rejects.toMatchObject({ code });
    expect(provider.downloads).toEqual([]);
  });

  test('A8: with a key that everybody has, but on chains of one machine', async () => {
    const known = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
    const consumer = addressOfPrivateKey(known);
    const files = filesWith([known]);
    await expect(files.open(fileOf(0), { chainId: 137, consumer }, undefined)).rejects.toMatchObject({
      code: 'ENVIRONMENT_KEY_MISSING',
    });
    expect(await files.open(fileOf(0), { chainId: 8996, consumer }, undefined)).toMatchObject({ status: 200 });
  });
});

describe('a Provider that fails is asked again later', () => {
  test.each([
    ['with 503', (response: http.ServerResponse) => response.writeHead(503).end()],
    ['by sending us elsewhere', (response: http.ServerResponse) => response.writeHead(302, { location: '/x' }).end()],
    [
      'by a nonce that another broker used',
      (response: http.ServerResponse) => response.writeHead(400).end('{"code":"NONCE_ALREADY_USED"}'),
    ],
    ['by hanging up', (response: http.ServerResponse) => response.destroy()],
  ])('%s', async (_name, answer) => {
    provider.answer = answer;
    const failed = await filesWith()
      .open(fileOf(0), AT, undefined)
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'PROVIDER_UNREACHABLE' });
    // No signature leaves with the error: a captured one would be a download.
    const [url] = provider.downloads;
    expect(JSON.stringify(failed, Object.getOwnPropertyNames(failed))).not.toContain(
      url?.searchParams.get('signature'),
    );
  });
});
