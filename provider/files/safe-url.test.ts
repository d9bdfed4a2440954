import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { closeServer, listen } from '../../core/http-listen.ts';
import type { Net } from '../../core/net.ts';
import { createNet } from '../../core/net.ts';
import { systemSeams } from '../../core/seams.ts';
import type { ProviderConfig } from '../config.ts';
import { DEFAULT_LIMITS } from '../config.ts';
import { isPublicAddress } from './address-policy.ts';
import type { FileSource, HostResolver } from './file-source.ts';
import { createFileSource } from './file-source.ts';

const requests: http.IncomingMessage[] = [];
let answer: (request: http.IncomingMessage, response: http.ServerResponse) => void = () => undefined;
let base = '';
let net: Net;
const server = http.createServer((request, response) => {
  requests.push(request);
  answer(request, response);
});
const dir = mkdtempSync(path.join(os.tmpdir(), 'safe-url-'));

beforeAll(async () => {
  net = createNet();
  base = `http://127.0.0.1:${(await listen(server)).port}`;
});
afterEach(() => {
  requests.length = 0;
});
afterAll(async () => {
  rmSync(dir, { recursive: true, force: true });
  await net.close();
  await closeServer(server);
});

function sourceWith(changes: Partial<ProviderConfig> = {}, resolveHost?: HostResolver): FileSource {
  const config = {
    mirrors: [],
    gateways: { ipfs: undefined, arweave: undefined },
    allowNonPublicIp: true,
    limits: { ...DEFAULT_LIMITS, fileTimeoutMs: 300 },
    ...changes,
  } as unknown as ProviderConfig;
  return createFileSource(config, systemSeams({ net }), { resolveHost });
}

const get = (url: string) => ({ url, method: 'GET', headers: {} }) as const;

describe('public addresses', () => {
  test.each([
    ['93.184.216.34', true],
    ['2606:2800:220:1:248:1893:25c8:1946', true],
    ['127.0.0.1', false],
    ['10.1.2.3', false],
    ['172.15.0.4', true],
    ['172.16.0.1', false],
    ['172.31.255.255', false],
    ['192.168.1.1', false],
    ['169.254.169.254', false],
    ['100.64.0.1', false],
    ['0.0.0.0', false],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
    ['::1', false],
    ['::', false],
    ['fe80::1', false],
    ['fd00::1', false],
    ['::ffff:127.0.0.1', false],
    ['::ffff:8.8.8.8', false],
    ['2002:7f00:1::', false],
    ['64:ff9b::7f00:1', false],
    ['not an address', false],
  ])('%s: %s', (address, isPublic) => {
    expect(isPublicAddress(address)).toBe(isPublic);
  });
});

describe('D1: the safe-URL rule', () => {
  test.each([
    ['a name that resolves to loopback', 'http://data.example/x', ['127.0.0.1'], 'FILE_ADDRESS_FORBIDDEN'],
    [
      'a name with one private address among public ones',
      'http://data.example/x',
      ['93.184.216.34', '10.0.0.1'],
      'FILE_ADDRESS_FORBIDDEN',
    ],
    ['a name without an address', 'http://data.example/x', [], 'FILE_UNREACHABLE'],
    ['a loopback literal', 'http://127.0.0.1/x', [], 'FILE_ADDRESS_FORBIDDEN'],
    ['an IPv6 literal', 'http://[::1]/x', [], 'FILE_ADDRESS_FORBIDDEN'],
    ['a decimal spelling of loopback', 'http://2130706433/x', [], 'FILE_ADDRESS_FORBIDDEN'],
    ['an octal spelling of loopback', 'http://0177.0.0.1/x', [], 'FILE_ADDRESS_FORBIDDEN'],
  ])('%s', async (_name, url, addresses, code) => {
    const source = sourceWith({ allowNonPublicIp: false }, () => Promise.resolve(addresses));
    expect(await source.openUrl(get(url))).toMatchObject({ ok: false, reason: { code } });
    expect(requests).toEqual([]);
  });

  test('a name is resolved once, and the connection goes to the address that was judged', async () => {
    let asked = 0;
    const rebinding: HostResolver = () => Promise.resolve(asked++ === 0 ? ['192.0.0.9'] : ['127.0.0.1']);
    await sourceWith({ allowNonPublicIp: false }, rebinding).openUrl(get('http://data.example/x'));
    expect(asked).toBe(1);
    expect(requests).toEqual([]);
  });

  test("redirects are followed by hand, few of them, and without the publisher's headers to another host", async () => {
    answer = (request, response) => {
      if (request.url === '/a')
        response.writeHead(302, { location: `${base.replace('127.0.0.1', 'localhost')}/b` }).end();
      else if (request.url === '/loop') response.writeHead(302, { location: '/loop' }).end();
      else response.end('data');
    };
    const opened = await sourceWith().openUrl({ url: `${base}/a`, method: 'GET', headers: { 'x-key': 'secret' } });
    expect(opened.ok && (await text(opened.value.body))).toBe('data');
    expect(requests.map(({ headers }) => headers['x-key'])).toEqual(['secret', undefined]);
    expect(await sourceWith().openUrl(get(`${base}/loop`))).toMatchObject({
      ok: false,
      reason: { code: 'FILE_UNREACHABLE' },
    });
    answer = (_request, response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    expect(await sourceWith().openUrl(get(`${base}/c`))).toMatchObject({
      ok: false,
      reason: { code: 'FILE_UNREACHABLE' },
    });
  });

  test('a host that never answers is given up, and an error page is no file', async () => {
    answer = () => undefined;
    expect(await sourceWith().openUrl(get(`${base}/slow`))).toMatchObject({
      ok: false,
      reason: { code: 'FILE_UNREACHABLE' },
    });
    answer = (_request, response) => void response.writeHead(500).end('oops');
    expect(await sourceWith().openUrl(get(`${base}/500`))).toMatchObject({
      ok: false,
      reason: { code: 'FILE_UNREACHABLE' },
    });
  });
});

describe('ranges', () => {
  test('a host without ranges gets its body cut here', async () => {
    answer = (_request, response) => void response.writeHead(200, { 'content-length': '10' }).end('0123456789');
    const opened = await sourceWith().openUrl({ ...get(`${base}/r`), range: { start: 2, end: 4 } });
    expect(opened).toMatchObject({ ok: true, value: { status: 206, contentLength: 3, contentRange: 'bytes 2-4/10' } });
    expect(opened.ok && (await text(opened.value.body))).toBe('234');
    expect(await sourceWith().openUrl({ ...get(`${base}/r`), range: { start: 10 } })).toMatchObject({
      value: { status: 416, contentRange: 'bytes */10' },
    });
    const tail = await sourceWith().openUrl({ ...get(`${base}/r`), range: { suffix: 2 } });
    expect(tail.ok && (await text(tail.value.body))).toBe('89');
  });

  test('of a body that is cut here, what lies behind the range is not read', async () => {
    const cutOff = new Promise<void>((resolve) => {
      answer = (_request, response) => {
        response.on('close', resolve);
        response.writeHead(200, { 'content-length': '1000000' }).write('0123456789');
      };
    });
    const opened = await sourceWith().openUrl({ ...get(`${base}/r`), range: { start: 2, end: 4 } });
    expect(opened.ok && (await text(opened.value.body))).toBe('234');
    await cutOff;
  });

  test.each([
    ['by its host', 416, 'bytes */10'],
    ['here', 200, 'bytes */1000000'],
  ])(
    'where nothing lies, as is said %s, there is no body, and nothing more is read',
    async (_by, status, contentRange) => {
      const cutOff = new Promise<void>((resolve) => {
        answer = (_request, response) => {
          response.on('close', resolve);
          const headers = { 'content-length': '1000000', 'content-range': 'bytes */10' };
          response.writeHead(status, headers).write('a page of its host');
        };
      });
      const opened = await sourceWith().openUrl({ ...get(`${base}/r`), range: { start: 1_000_000 } });
      expect(opened).toMatchObject({ ok: true, value: { status: 416, contentLength: 0, contentRange } });
      expect(opened.ok && (await text(opened.value.body))).toBe('');
      await cutOff;
    },
  );
});

describe('mirrors', () => {
  test('answer for their exact prefix before the safe-URL rule, and never from outside their directory', async () => {
    mkdirSync(path.join(dir, 'mirror/sub'), { recursive: true });
    writeFileSync(path.join(dir, 'mirror/sub/a.csv'), 'mirrored');
    writeFileSync(path.join(dir, 'secret'), 'secret');
    symlinkSync(path.join(dir, 'secret'), path.join(dir, 'mirror/link'));
    const source = sourceWith(
      { allowNonPublicIp: false, mirrors: [{ prefix: 'https://data.example/x/', dir: path.join(dir, 'mirror') }] },
      () => Promise.resolve([]),
    );
    const opened = await source.openUrl({ ...get('https://data.example/x/sub/a.csv?v=1'), range: { start: 3 } });
    expect(opened.ok && [opened.value.status, opened.value.filename, await text(opened.value.body)]).toEqual([
      206,
      'a.csv',
      'rored',
    ]);
    for (const escape of ['%2e%2e/secret', '..%2fsecret', 'link', 'sub', 'missing', '%E0%A4%A']) {
      expect(await source.openUrl(get(`https://data.example/x/${escape}`))).toMatchObject({
        ok: false,
        reason: { code: 'FILE_UNREACHABLE' },
      });
    }
    expect(await source.openUrl(get('https://data.example/y/a.csv'))).toMatchObject({
      ok: false,
      reason: { message: expect.stringContaining('no address') },
    });
  });
});
