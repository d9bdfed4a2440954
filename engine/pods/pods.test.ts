import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, createServer as createSocketServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inputFolders } from './input-folders.ts';

/** A broker that answers from memory; what a test wants otherwise it puts into `handlers`. */
interface FakeBroker {
  url: string;
  port: number;
  readonly received: Map<string, string>;
  readonly handlers: Map<string, (request: IncomingMessage, response: ServerResponse) => void>;
  plan: unknown;
  report: Record<string, unknown>;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const DID = `did:op:${'a'.repeat(64)}`;
const ALGORITHM = `did:op:${'b'.repeat(64)}`;
const FILES: Record<string, string> = {
  '/v1/inputs/0/0': 'first trial',
  '/v1/inputs/0/1': 'second',
  '/v1/inputs/algorithm/0': 'process.exit(0)',
};

let folder: string;
let broker: FakeBroker;
let stops: (() => void)[];

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'pods-'));
  writeFileSync(path.join(folder, 'token'), 'stage-token-of-this-job\n');
  stops = [() => rmSync(folder, { recursive: true, force: true })];
  broker = await startFakeBroker();
});
afterEach(() => stops.toReversed().forEach((stop) => stop()));

async function startFakeBroker(): Promise<FakeBroker> {
  const fake: FakeBroker = { url: '', port: 0, received: new Map(), handlers: new Map(), plan: plan(), report: {} };
  const server = createServer((request, response) => void answer(fake, request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(
    () => server.closeAllConnections(),
    () => void server.close(),
  );
  fake.port = (server.address() as AddressInfo).port;
  fake.url = `http://127.0.0.1:${fake.port}`;
  return fake;
}

async function answer(fake: FakeBroker, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const route = request.url ?? '';
  const own = fake.handlers.get(route);
  if (own) return own(request, response);
  if (request.headers.authorization !== 'Bearer stage-token-of-this-job')
    return void response.writeHead(401).end('{"code":"UNAUTHORIZED"}');
  if (request.method === 'GET' && route === '/v1/plan') return void response.end(JSON.stringify(fake.plan));
  const file = FILES[route];
  if (request.method === 'GET')
    return void (file === undefined ? response.writeHead(404).end('{"code":"NO_SUCH_FILE"}') : response.end(file));
  let body = '';
  for await (const chunk of request as AsyncIterable<Buffer>) body += chunk.toString();
  if (route === '/v1/report') fake.report = (JSON.parse(body) as { report: Record<string, unknown> }).report;
  else fake.received.set(decodeURIComponent(route), body);
  response.end(JSON.stringify({ bytes: body.length, sha256: sha256(body) }));
}

function plan(change: { checksum?: string; rawcode?: string; files?: { index: number }[] } = {}): unknown {
  const checksum = (route: string): string => sha256(FILES[route] ?? '');
  return {
    jobId: 'j',
    inputs: [
      {
        index: 0,
        did: DID,
        serviceId: 's',
        ddo: '{"id":"d"}',
        files: change.files ?? [{ index: 0, checksum: change.checksum ?? checksum('/v1/inputs/0/0') }, { index: 1 }],
      },
    ],
    algorithm: {
      did: ALGORITHM,
      files: change.rawcode === undefined ? [{ index: 0, checksum: checksum('/v1/inputs/algorithm/0') }] : [],
      ...(change.rawcode === undefined ? {} : { rawcode: change.rawcode }),
    },
    algoCustomData: 'null',
  };
}

async function run(
  stage: 'configure' | 'publish',
  env: Record<string, string> = {},
): Promise<{ code: number; stdout: string }> {
  const settings = {
    BROKER_URL: broker.url,
    BROKER_TOKEN_FILE: path.join(folder, 'token'),
    VOLUME: path.join(folder, 'data'),
    // Twenty such processes would strip the same types again.
    NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
    ...env,
  };
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [path.join(import.meta.dirname, `${stage}.ts`)], {
      env: settings,
      timeout: 15_000,
    });
    return { code: 0, stdout };
  } catch (error) {
    const failed = error as { code: number; stdout: string };
    return { code: failed.code, stdout: failed.stdout };
  }
}

const onVolume = (...parts: string[]): string => path.join(folder, 'data', ...parts);

describe('pod-configure', () => {
  test('puts inputs, DDOs and algorithm where the classic file contract has them, verified', async () => {
    expect((await run('configure')).code).toBe(0);
    const suffix = 'a'.repeat(64);
    expect(readFileSync(onVolume('inputs', suffix, '0'), 'utf8')).toBe('first trial');
    expect(readFileSync(onVolume('inputs', suffix, '1'), 'utf8')).toBe('second');
    expect(readFileSync(onVolume('ddos', suffix), 'utf8')).toBe('{"id":"d"}');
    expect(readFileSync(onVolume('inputs', 'algoCustomData.json'), 'utf8')).toBe('null');
    expect(readFileSync(onVolume('transformations', 'algorithm'), 'utf8')).toBe('process.exit(0)');
    expect(broker.report).toMatchObject({
      ok: true,
      files: [{ index: 0, verified: true }, { index: 1, verified: false }, { verified: true }],
    });
  });

  test('F2: the algorithm is executable and everything readable by mode, written in octal', async () => {
    await run('configure');
    expect((statSync(onVolume('transformations', 'algorithm')).mode & 0o777).toString(8)).toBe('755');
    expect((statSync(onVolume('outputs')).mode & 0o700).toString(8)).toBe('700');
  });

  test('T1: bytes other than the approved ones end the stage, and no file is left', async () => {
    broker.plan = plan({ checksum: sha256('something else') });
    expect((await run('configure')).code).toBe(1);
    expect(broker.report).toMatchObject({ ok: false, failed: 'data', code: 'CHECKSUM_MISMATCH' });
    expect(() => readFileSync(onVolume('inputs', 'a'.repeat(64), '0'))).toThrow('ENOENT');
  });

  test('F1: a dataset without files is a failure, not an empty input', async () => {
    broker.plan = plan({ files: [] });
    expect((await run('configure')).code).toBe(1);
    expect(broker.report).toMatchObject({ ok: false, failed: 'data', code: 'NO_FILES' });
  });

  test('F7: raw code of a few characters is code', async () => {
    broker.plan = plan({ rawcode: 'true' });
    expect((await run('configure')).code).toBe(0);
    expect(readFileSync(onVolume('transformations', 'algorithm'), 'utf8')).toBe('true');
  });

  test('F3: a broken stream is resumed where it stopped', async () => {
    const ranges: (string | undefined)[] = [];
    broker.handlers.set('/v1/inputs/0/0', (request, response) => {
      ranges.push(request.headers.range);
      if (ranges.length === 1) {
        response.writeHead(200, { 'content-length': 11 });
        response.write('first ', () => response.destroy());
      } else response.writeHead(206).end('trial');
    });
    expect((await run('configure')).code).toBe(0);
    expect(ranges).toEqual([undefined, 'bytes=6-']);
    expect(broker.report).toMatchObject({ ok: true });
  });

  test('a missing algorithm is told apart from missing data', async () => {
    broker.handlers.set(
      '/v1/inputs/algorithm/0',
      (_request, response) => void response.writeHead(403).end('{"code":"CAPABILITY_EXPIRED"}'),
    );
    expect((await run('configure')).code).toBe(1);
    expect(broker.report).toMatchObject({ ok: false, failed: 'algorithm', code: 'CAPABILITY_EXPIRED' });
  });

  test('A1: its log carries no token', async () => {
    const { stdout } = await run('configure');
    expect(stdout + (broker.received.get('/v1/logs/configure') ?? '')).not.toContain('stage-token');
    expect(broker.received.get('/v1/logs/configure')).toContain('file provisioned');
  });

  test('permitted traffic leaves by CONNECT over the egress socket', async () => {
    const asked: string[] = [];
    const proxy = createSocketServer((socket) => {
      socket.once('data', (head) => {
        asked.push(head.toString().split('\r\n')[0] ?? '');
        const upstream = connect(broker.port, '127.0.0.1');
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.pipe(upstream).pipe(socket);
      });
    });
    const socketPath = path.join(folder, 'egress.sock');
    proxy.listen(socketPath);
    await once(proxy, 'listening');
    stops.push(() => void proxy.close());
    expect(
      (await run('configure', { BROKER_URL: 'http://192.0.2.1:8080', WAVETANK_EGRESS_SOCKET: socketPath })).code,
    ).toBe(0);
    expect(new Set(asked)).toEqual(new Set(['CONNECT 192.0.2.1:8080 HTTP/1.1']));
  });

  test('F6: two services of one DID keep a folder each', () => {
    const inputs = [
      { did: 'did:op:x', serviceId: 'a' },
      { did: 'did:op:x', serviceId: '../b' },
      { did: 'did:op:x', serviceId: '../b' },
      { did: 'did:op:y', serviceId: 'a' },
    ];
    expect(inputFolders(inputs)).toEqual(['x', 'x-___b', 'x-___b-2', 'y']);
  });
});

describe('pod-publish', () => {
  beforeEach(() => {
    mkdirSync(onVolume('outputs', 'nested', 'deep'), { recursive: true });
    mkdirSync(onVolume('logs'));
    writeFileSync(onVolume('outputs', 'model.json'), '{"w":1}');
    writeFileSync(onVolume('logs', 'algorithm.log'), 'trained\n');
  });

  test('F8: sends whole trees and the log', async () => {
    writeFileSync(onVolume('outputs', 'nested', 'deep', 'leaf ä.txt'), 'leaf');
    writeFileSync(onVolume('outputs', 'empty'), '');
    expect((await run('publish')).code).toBe(0);
    expect(Object.fromEntries([...broker.received].filter(([route]) => !route.endsWith('/publish')))).toEqual({
      '/v1/outputs/model.json': '{"w":1}',
      '/v1/outputs/nested/deep/leaf ä.txt': 'leaf',
      '/v1/outputs/empty': '',
      '/v1/logs/algorithm': 'trained\n',
    });
    expect(broker.report).toMatchObject({
      ok: true,
      published: 3,
      refused: [],
      files: [{}, {}, {}, { type: 'algorithmLog' }],
    });
  });

  test('never follows a link, and says what it refused', async () => {
    writeFileSync(path.join(folder, 'secret'), 'patient 1');
    symlinkSync(path.join(folder, 'secret'), onVolume('outputs', 'link'));
    symlinkSync(folder, onVolume('outputs', 'nested', 'folder-link'));
    linkSync(path.join(folder, 'secret'), onVolume('outputs', 'hard'));
    writeFileSync(onVolume('outputs', 'two\nlines'), 'x');
    writeFileSync(onVolume('outputs', 'up\\..\\..\\wards'), 'x');
    await promisify(execFile)('mkfifo', [onVolume('outputs', 'pipe')]);
    expect((await run('publish')).code).toBe(0);
    expect([...broker.received.keys()].filter((route) => route.startsWith('/v1/outputs'))).toEqual([
      '/v1/outputs/model.json',
    ]);
    expect([...broker.received.values()].join()).not.toContain('patient');
    expect(broker.report).toMatchObject({
      ok: true,
      refused: [
        { path: 'hard', reason: 'hard link' },
        { path: 'link', reason: 'symbolic link' },
        { path: 'nested/folder-link', reason: 'symbolic link' },
        { path: 'pipe', reason: 'not a regular file' },
        { path: 'two\\nlines', reason: 'control character in the name' },
        { path: String.raw`up\\..\\..\\wards`, reason: 'backslash in the name' },
      ],
    });
  });

  test('a name that is no text keeps nothing else back', async () => {
    const folderName = Buffer.from(`${onVolume('outputs')}/`);
    writeFileSync(Buffer.concat([folderName, Buffer.from([0xff, 0xfe])]), 'x');
    expect((await run('publish')).code).toBe(0);
    expect(broker.report).toMatchObject({ ok: true, published: 1, refused: [{ reason: 'the name is not UTF-8' }] });
  });

  test('what the algorithm made unreadable keeps nothing else back', async (ctx) => {
    if (process.getuid?.() === 0) return ctx.skip('root reads whatever the mode says');
    writeFileSync(onVolume('outputs', 'closed'), 'x', { mode: 0 });
    mkdirSync(onVolume('outputs', 'closed-folder'), { mode: 0 });
    expect((await run('publish')).code).toBe(0);
    const reason = 'not readable';
    expect(broker.report).toMatchObject({
      published: 1,
      refused: [
        { path: 'closed', reason },
        { path: 'closed-folder', reason },
      ],
    });
  });

  test('caps count and bytes, and names what was left out', async () => {
    writeFileSync(onVolume('outputs', 'z-big'), 'x'.repeat(100));
    await run('publish', { MAX_OUTPUT_BYTES: '50' });
    expect(broker.report).toMatchObject({ published: 1, refused: [{ path: 'z-big', reason: 'too many bytes' }] });
    await run('publish', { MAX_OUTPUT_FILES: '1' });
    expect(broker.report).toMatchObject({
      published: 1,
      notPublished: 1,
      refused: [{ path: 'z-big', reason: 'too many files' }],
    });
    const log = broker.received.get('/v1/logs/publish') ?? '';
    expect(log).toMatch(/not published.*z-big.*too many files/);
    expect(log).toMatch(/outputs were left out.*1/);
  });

  test('F8: an upload that is refused fails the stage', async () => {
    broker.handlers.set(
      '/v1/outputs/model.json',
      (_request, response) => void response.writeHead(403).end('{"code":"FORBIDDEN"}'),
    );
    expect((await run('publish')).code).toBe(1);
    expect(broker.report).toMatchObject({ ok: false, code: 'FORBIDDEN' });
  });

  test('what was stored must be what was sent', async () => {
    broker.handlers.set('/v1/outputs/model.json', (request, response) => {
      request.resume().once('end', () => response.end(JSON.stringify({ bytes: 7, sha256: sha256('other') })));
    });
    expect((await run('publish')).code).toBe(1);
    expect(broker.report).toMatchObject({ ok: false, code: 'UPLOAD_DIFFERS' });
  });

  test('a log that was replaced by a link is refused', async () => {
    rmSync(onVolume('logs', 'algorithm.log'));
    symlinkSync('/etc/passwd', onVolume('logs', 'algorithm.log'));
    expect((await run('publish')).code).toBe(0);
    expect(broker.report).toMatchObject({ refused: [{ path: 'algorithm.log' }] });
    expect(broker.received.has('/v1/logs/algorithm')).toBe(false);
  });
});
