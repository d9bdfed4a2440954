import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WavetankError } from '../../core/errors.ts';
import { closeServer, listen } from '../../core/http-listen.ts';
import type { Net } from '../../core/net.ts';
import { createNet } from '../../core/net.ts';
import { sha256Hex } from '../../core/protocol/hashing.ts';
import { systemSeams } from '../../core/seams.ts';
import type { ProviderConfig } from '../config.ts';
import { DEFAULT_LIMITS } from '../config.ts';
import type { Checked } from '../refusal.ts';
import { hashFile } from './checksums.ts';
import type { ContractCaller } from './contract-file.ts';
import { parseFileObject } from './file-object.ts';
import type { FileObject } from './file-object.ts';
import type { FileSource, FileSourceParts } from './file-source.ts';
import { createFileSource } from './file-source.ts';
import type { OpenedFile } from './opened-file.ts';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

const seen: Seen[] = [];
const CONTENT = 'subject,rt\n1,0.35\n';
const dir = mkdtempSync(path.join(os.tmpdir(), 'file-types-'));
let base = '';
let net: Net;
const server = http.createServer((request, response) => {
  void text(request).then((body) => {
    seen.push({ method: request.method, url: request.url, headers: request.headers, body });
    response.writeHead(200, { 'content-type': 'text/csv', 'content-length': CONTENT.length }).end(CONTENT);
  });
});

beforeAll(async () => {
  net = createNet();
  base = `http://127.0.0.1:${(await listen(server)).port}`;
});
afterEach(() => {
  seen.length = 0;
});
afterAll(async () => {
  rmSync(dir, { recursive: true, force: true });
  await net.close();
  await closeServer(server);
});

function sourceWith(changes: Partial<ProviderConfig> = {}, parts: FileSourceParts = {}): FileSource {
  const config = {
    mirrors: [],
    gateways: { ipfs: base, arweave: `${base}/arweave` },
    allowNonPublicIp: true,
    limits: DEFAULT_LIMITS,
    ...changes,
  } as unknown as ProviderConfig;
  return createFileSource(config, systemSeams({ net }), parts);
}

function fileOf(value: object): FileObject {
  const parsed = parseFileObject(value);
  if (!parsed.ok) throw new Error(parsed.reason.message);
  return parsed.value;
}

async function bytesOf(opened: Checked<OpenedFile>): Promise<string> {
  if (!opened.ok) throw new Error(opened.reason.message);
  return text(opened.value.body);
}

const IPFS = { type: 'ipfs', hash: 'QmHash' };
const ARWEAVE = { type: 'arweave', transactionId: 'tx_1-a', headers: { 'X-Key': 'k' } };
const query = (): object => ({ type: 'graphql', url: `${base}/graphql`, query: 'query($n: Int) { rows(n: $n) }' });

describe('files of every type', () => {
  test('ipfs and arweave are read through their gateways, and the address gives them no name', async () => {
    const source = sourceWith();
    const opened = await source.open(fileOf(IPFS));
    expect(await bytesOf(opened)).toBe(CONTENT);
    expect(opened).toMatchObject({ value: { contentType: 'text/csv', filename: undefined } });
    expect(await bytesOf(await source.open(fileOf(ARWEAVE), { userdata: { page: 2 } }))).toBe(CONTENT);
    expect(seen).toMatchObject([
      { method: 'GET', url: '/ipfs/QmHash' },
      { method: 'GET', url: '/arweave/tx_1-a?page=2', headers: { 'x-key': 'k' } },
    ]);
  });

  test('a Provider without a gateway says so', async () => {
    const source = sourceWith({ gateways: { ipfs: undefined, arweave: undefined } });
    for (const file of [IPFS, ARWEAVE]) {
      expect(await source.open(fileOf(file))).toMatchObject({ ok: false, reason: { code: 'FILE_GATEWAY_MISSING' } });
    }
  });

  test("a query is sent with the consumer's parameters as its variables", async () => {
    const source = sourceWith();
    await bytesOf(await source.open(fileOf(query())));
    const opened = await source.open(fileOf({ ...query(), headers: { authorization: 'Bearer k' } }), {
      userdata: { n: 3 },
    });
    expect(opened).toMatchObject({ value: { filename: undefined } });
    await bytesOf(opened);
    const asked = { query: 'query($n: Int) { rows(n: $n) }' };
    expect(seen.map(({ body }) => JSON.parse(body) as unknown)).toEqual([asked, { ...asked, variables: { n: 3 } }]);
    expect(seen).toMatchObject([
      { method: 'POST', headers: { 'content-type': 'application/json' } },
      { method: 'POST', headers: { 'content-type': 'application/json', authorization: 'Bearer k' } },
    ]);
  });

  test("the consumer's parameters stand behind the publisher's and never in their place", async () => {
    const source = sourceWith();
    const get = fileOf({ type: 'url', url: `${base}/rows?key=secret&table=a` });
    await bytesOf(
      await source.open(get, { userdata: { table: 'b', n: 3, tags: ['x', 'y'], none: null, o: { p: 1 } } }),
    );
    const post = fileOf({ type: 'url', url: `${base}/rows`, method: 'POST' });
    await bytesOf(await source.open(post, { userdata: { n: 3 } }));
    expect(seen).toMatchObject([
      { method: 'GET', url: '/rows?key=secret&table=a&n=3&tags=x&tags=y&o=%7B%22p%22%3A1%7D' },
      { method: 'POST', url: '/rows', body: '{"n":3}', headers: { 'content-type': 'application/json' } },
    ]);
  });

  test('D7: are asked for once for a checksum, and larger ones than anybody reads by default have one', async () => {
    const file = fileOf({ type: 'url', url: `${base}/rows.csv` });
    const digest = await hashFile(sourceWith(), file, { maxBytes: DEFAULT_LIMITS.checksumBytes });
    expect(digest).toEqual({ ok: true, value: { checksum: sha256Hex(CONTENT), length: CONTENT.length } });
    expect(seen.map(({ method }) => method)).toEqual(['GET']);
    expect(DEFAULT_LIMITS.checksumBytes).toBeGreaterThan(100 * 1024 * 1024);
  });

  test.each([
    ['ipfs', IPFS, { ipfs: 'http://gateway.example', arweave: undefined }],
    ['arweave', ARWEAVE, { ipfs: undefined, arweave: 'http://gateway.example' }],
    ['graphql', { type: 'graphql', url: 'http://gateway.example/g', query: '{ a }' }, {}],
  ])('D1: %s files lie at public addresses, or nobody is asked', async (_type, file, gateways) => {
    const changes = { allowNonPublicIp: false, gateways: gateways as ProviderConfig['gateways'] };
    const source = sourceWith(changes, { resolveHost: () => Promise.resolve(['127.0.0.1']) });
    expect(await source.open(fileOf(file))).toMatchObject({ ok: false, reason: { code: 'FILE_ADDRESS_FORBIDDEN' } });
    expect(seen).toEqual([]);
  });

  test('mirrors answer for gateways, whole, in part and hashed', async () => {
    mkdirSync(path.join(dir, 'ipfs'));
    writeFileSync(path.join(dir, 'ipfs/QmHash'), CONTENT);
    const source = sourceWith({
      gateways: { ipfs: 'https://gateway.example', arweave: undefined },
      mirrors: [{ prefix: 'https://gateway.example/ipfs/', dir: path.join(dir, 'ipfs') }],
    });
    const part = await source.open(fileOf(IPFS), { range: { start: 0, end: 6 } });
    expect([part.ok && part.value.status, await bytesOf(part)]).toEqual([206, 'subject']);
    expect(await hashFile(source, fileOf(IPFS), { maxBytes: 1000 })).toEqual({
      ok: true,
      value: { checksum: sha256Hex(CONTENT), length: CONTENT.length },
    });
    expect(await hashFile(source, fileOf(IPFS), { maxBytes: 5 })).toMatchObject({ reason: { code: 'FILE_TOO_LARGE' } });
  });
});

describe('files of contracts', () => {
  const CONTRACT = {
    type: 'smartcontract',
    address: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
    chainId: 8996,
    abi: { type: 'function', name: 'f', inputs: [], outputs: [], stateMutability: 'view' },
  };
  const failing =
    (code: string): ContractCaller =>
    () =>
      Promise.reject(new WavetankError(code, 'why'));

  test('are JSON, in whole and in part', async () => {
    const source = sourceWith({}, { callContract: (_file, parameters) => Promise.resolve(JSON.stringify(parameters)) });
    const whole = await source.open(fileOf(CONTRACT), { userdata: { a: 1 } });
    expect(whole).toMatchObject({ value: { status: 200, contentType: 'application/json', contentLength: 7 } });
    expect(await bytesOf(whole)).toBe('{"a":1}');
    const part = await source.open(fileOf(CONTRACT), { userdata: { a: 1 }, range: { start: 1, end: 3 } });
    expect(part).toMatchObject({ value: { status: 206, contentRange: 'bytes 1-3/7', contentLength: 3 } });
    expect(await bytesOf(part)).toBe('"a"');
    expect(await source.open(fileOf(CONTRACT), { range: { start: 9 } })).toMatchObject({ value: { status: 416 } });
    expect(await hashFile(source, fileOf(CONTRACT), { maxBytes: 100 })).toMatchObject({ value: { length: 2 } });
    expect(await hashFile(source, fileOf(CONTRACT), { maxBytes: 1 })).toMatchObject({
      reason: { code: 'FILE_TOO_LARGE' },
    });
  });

  test.each([
    ['CONTRACT_PARAMETER_MISSING', 'CONSUMER_PARAMETER_MISSING', 'Missing parameters'],
    ['CONTRACT_PARAMETER_INVALID', 'CONSUMER_PARAMETER_INVALID', 'why'],
    ['CONTRACT_ABI_INVALID', 'FILE_OBJECT_INVALID', 'invalid abi'],
    ['CONTRACT_CALL_FAILED', 'FILE_UNREACHABLE', 'Failed to call contract'],
  ])('D10: %s is a refusal: %s', async (thrown, code, classic) => {
    const source = sourceWith({}, { callContract: failing(thrown) });
    expect(await source.open(fileOf(CONTRACT))).toMatchObject({ ok: false, reason: { code, classic } });
  });
});
