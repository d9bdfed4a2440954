import { createSocket } from 'node:dgram';
import { existsSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { systemEntropy } from '../../core/entropy.ts';
import { waitUntil } from '../../core/wait-until.ts';
import { listeningSockets } from '../accounting/listening-sockets.ts';
import type { CanaryListeners } from './canary-listeners.ts';
import { startCanaryListeners } from './start-canary-listeners.ts';

let canaries: CanaryListeners;
beforeAll(async () => {
  canaries = await startCanaryListeners({ clock: systemClock, entropy: systemEntropy });
});
afterAll(() => canaries?.stop());

const hit = (received: string): Promise<unknown> =>
  waitUntil(`the canary to hear ${received}`, () => canaries.hits().find((one) => one.received === received), {
    clock: systemClock,
    timeoutMs: 5_000,
    intervalMs: 2,
  });
const split = (address: string | undefined): [string, number] => {
  const [host = '', port = ''] = (address ?? '').split(':');
  return [host, Number(port)];
};

test('it hears TCP, also from somebody who says nothing', async () => {
  const before = canaries.hits().length;
  const [host, port] = split(canaries.tcp[0]);
  connect({ host, port }).end('over tcp');
  expect(await hit('over tcp')).toMatchObject({ listener: 'tcp' });
  connect({ host, port }).end();
  await waitUntil('a silent hit', () => canaries.hits().length === before + 2 || undefined, {
    clock: systemClock,
    timeoutMs: 5_000,
    intervalMs: 2,
  });
});

test.each(['udp', 'dns'] as const)('it hears %s', async (kind) => {
  const [host, port] = split(canaries[kind][0]);
  const socket = createSocket('udp4');
  socket.send(`over ${kind}`, port, host, () => socket.close());
  expect(await hit(`over ${kind}`)).toMatchObject({ listener: kind });
});

test('it hears Unix sockets, whose folder everybody may enter', async () => {
  expect(statSync(path.dirname(canaries.unixSocket)).mode & 0o777).toBe(0o755);
  expect(statSync(canaries.unixSocket).mode & 0o777).toBe(0o777);
  connect(canaries.unixSocket).end('over a path');
  expect(await hit('over a path')).toMatchObject({ listener: 'unix' });
});

test('it hears abstract Unix sockets', async (context) => {
  if (canaries.abstractSocket === undefined) return context.skip('this system has no abstract sockets');
  connect(`\0${canaries.abstractSocket.slice(1)}`).end('over a name');
  expect(await hit('over a name')).toMatchObject({ listener: 'abstract' });
});

test('its proof reaches every kind and leaves no hit, and takes no real one away', async () => {
  const before = canaries.hits();
  expect(before.length).toBeGreaterThan(0);
  const proven = await canaries.prove();
  expect(proven).toEqual(expect.arrayContaining(['tcp', 'udp', 'dns', 'unix']));
  expect(canaries.hits()).toEqual(before);
});

test('it listens where nobody outside this machine can reach it, and tells the address that pods would try', async (context) => {
  if (process.platform !== 'linux') return context.skip('sockets are looked up in /proc');
  const before = new Set(listeningSockets([process.pid]));
  const other = await startCanaryListeners({
    clock: systemClock,
    entropy: systemEntropy,
    addressFromPods: '192.0.2.1',
    alsoOn: ['127.0.0.2'],
  });
  try {
    const opened = listeningSockets([process.pid]).filter((socket) => !before.has(socket));
    expect(opened.map((socket) => socket.replace(/:\d+$/, '')).toSorted()).toEqual([
      'tcp 127.0.0.1',
      'tcp 127.0.0.2',
      ...Array<string>(2).fill('udp 127.0.0.1'),
      ...Array<string>(2).fill('udp 127.0.0.2'),
    ]);
    for (const addresses of [other.tcp, other.udp, other.dns])
      expect(addresses.map((address) => split(address)[0])).toEqual([
        '127.0.0.1',
        '127.0.0.2',
        '192.0.2.1',
        '192.0.2.1',
      ]);
    expect(split(other.tcp[2])[1]).toBe(split(other.tcp[0])[1]);
    expect(await other.prove()).toEqual(expect.arrayContaining(['tcp', 'udp', 'dns']));
  } finally {
    await other.stop();
  }
});

test('nothing stays behind', async () => {
  const other = await startCanaryListeners({ clock: systemClock, entropy: systemEntropy });
  await other.stop();
  expect(existsSync(path.dirname(other.unixSocket))).toBe(false);
});
