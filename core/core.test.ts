import { createServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import { randomUuid, seededEntropy } from './entropy.ts';
import { closeServer, hangUpOn, listen } from './http-listen.ts';
import { createLogger, type LogRecord } from './log.ts';
import { createNet } from './net.ts';
import { redact } from './redact.ts';
import { ResourceStack, runningResource } from './resource.ts';
import { VirtualClock } from './virtual-clock.ts';
import { waitUntil } from './wait-until.ts';

describe('VirtualClock', () => {
  test('timers run in order of time, then of registration, each at its own time', () => {
    const clock = new VirtualClock(1000);
    const seen: string[] = [];
    clock.after(20, () => seen.push(`b@${clock.now()}`));
    clock.after(10, () => seen.push(`a@${clock.now()}`));
    clock.after(20, () => seen.push(`c@${clock.now()}`));
    clock.after(20, () => seen.push('never')).cancel();
    clock.advance(30);
    expect(seen).toEqual(['a@1010', 'b@1020', 'c@1020']);
    expect(clock.pendingTimers).toBe(0);
  });

  test('an aborted sleep rejects and leaves no timer', async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const sleeping = clock.sleep(1000, controller.signal);
    controller.abort(new Error('enough'));
    await expect(sleeping).rejects.toThrow('enough');
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('ResourceStack', () => {
  const resource = (name: string, log: string[]) => runningResource({}, () => Promise.resolve(void log.push(name)));

  test('stops strictly in reverse, once, also when several ask', async () => {
    const log: string[] = [];
    const stack = new ResourceStack();
    for (const name of ['a', 'b', 'c']) await stack.start(name, () => Promise.resolve(resource(name, log)));
    await Promise.all([stack.stop(), stack.stop()]);
    expect(log).toEqual(['c', 'b', 'a']);
  });

  test('one failing undo keeps no other from running', async () => {
    const log: string[] = [];
    const stack = new ResourceStack();
    stack.defer('a', () => void log.push('a'));
    stack.defer('b', () => Promise.reject(new Error('b broke')));
    stack.defer('c', () => void log.push('c'));
    await expect(stack.stop()).rejects.toThrow('b broke');
    expect(log).toEqual(['c', 'a']);
  });

  test('what was still starting when the stop came is stopped too', async () => {
    const log: string[] = [];
    const stack = new ResourceStack();
    const { promise, resolve } = Promise.withResolvers<void>();
    const starting = stack.start('slow', async () => {
      await promise;
      return resource('slow', log);
    });
    const stopping = stack.stop();
    resolve();
    await Promise.all([starting, stopping]);
    expect(log).toEqual(['slow']);
  });

  test('a failed start is not stopped and its error is kept', async () => {
    const stack = new ResourceStack();
    await expect(stack.start('bad', () => Promise.reject(new Error('no port')))).rejects.toThrow('no port');
    await expect(stack.stop()).resolves.toBeUndefined();
  });
});

describe('Net', () => {
  test('a fenced component reaches nobody, by any client', async () => {
    const server = createServer((_request, response) => response.end('ok'));
    const { port } = await listen(server);
    const net = createNet();
    const url = `http://127.0.0.1:${port}/`;
    expect(await (await net.fetch(url)).text()).toBe('ok');
    net.fence();
    await expect(net.fetch(url)).rejects.toMatchObject({ code: 'NET_FENCED' });
    expect(() => net.httpAgent.createConnection({ host: '127.0.0.1', port })).toThrow(
      expect.objectContaining({ code: 'NET_FENCED' }) as Error,
    );
    await net.close();
    await closeServer(server);
  });

  test('a fenced component answers nobody: neither who is waiting nor who comes later', async () => {
    const net = createNet();
    const asked = Promise.withResolvers<void>();
    const server = createServer(() => asked.resolve());
    hangUpOn(net.fenced, server);
    const { port } = await listen(server);
    const outside = createNet();
    const url = `http://127.0.0.1:${port}/`;
    const waiting = outside.fetch(url).catch(() => 'hung up');
    await asked.promise;
    net.fence();
    expect(await waiting).toBe('hung up');
    expect(await outside.fetch(url).catch(() => 'hung up')).toBe('hung up');
    await Promise.all([net.close(), outside.close(), closeServer(server)]);
  });
});

describe('redaction', () => {
  const SECRETS = [
    'https://files.example/data?token=abcdefgh',
    'https://user:hunter22@files.example/x',
    'Bearer abcdefghijklmnop',
    '{"privateKey":"0x1111111111111111"}',
    'capability=abcdefghij.0x1234567890',
    'eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9.c2lnbmF0dXJl',
  ];

  test.each(SECRETS)('%s is not written', (secret) => {
    const records: LogRecord[] = [];
    createLogger((record) => records.push(record)).info(`said ${secret}`, { nested: { secret } });
    const written = JSON.stringify(records);
    for (const part of ['abcdefgh', 'hunter22', '1111111111', 'c2lnbmF0']) expect(written).not.toContain(part);
  });

  test('transaction hashes and DIDs stay readable', () => {
    const text = `order 0x${'ab'.repeat(32)} of did:op:${'cd'.repeat(32)} at https://provider.example/api`;
    expect(redact(text)).toBe(text);
  });
});

describe('entropy', () => {
  test('the same seed gives the same ids, another seed others', () => {
    expect(randomUuid(seededEntropy(1))).toBe(randomUuid(seededEntropy(1)));
    expect(randomUuid(seededEntropy(1))).not.toBe(randomUuid(seededEntropy(2)));
    expect(randomUuid(seededEntropy(1))).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  test('gives as many bytes as asked for', () => {
    const lengths = [0, 1, 31, 32, 33, 100];
    expect(lengths.map((length) => seededEntropy('x').bytes(length).length)).toEqual(lengths);
  });
});

test('waitUntil says what it waited for and what it saw last', async () => {
  const clock = new VirtualClock();
  const waiting = waitUntil('the moon', () => Promise.reject(new Error('cloudy')), { clock, timeoutMs: 0 });
  await expect(waiting).rejects.toMatchObject({
    code: 'WAIT_TIMEOUT',
    message: 'Waited 0 ms for the moon.',
    cause: { message: 'cloudy' },
  });
});
