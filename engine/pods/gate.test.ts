import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'vitest';
import { readGateSettings } from './gate-settings.ts';
import { isClosed } from './gate.ts';

const quick = { denials: 3, intervalMs: 5, timeoutMs: 300, greeting: 'gate 77' };

test('opens after denials in a row, and never while a target answers', async ({ expect }) => {
  const heard: string[] = [];
  const server = createServer((socket) =>
    socket.on('data', (data) => heard.push(String(data))).on('error', () => undefined),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const targets = [{ host: '127.0.0.1', port }];
  expect(await isClosed({ ...quick, targets })).toBe(false);
  expect(heard.length).toBeGreaterThan(0);
  expect(new Set(heard)).toEqual(new Set(['gate 77\n']));
  await new Promise((resolve) => server.close(resolve));
  expect(await isClosed({ ...quick, targets })).toBe(true);
});

test('one target that answers keeps it shut', async ({ expect }) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const targets = [
    { host: '127.0.0.1', port: 1 },
    { host: '127.0.0.1', port },
  ];
  expect(await isClosed({ ...quick, targets })).toBe(false);
  server.close();
});

test('a target that takes a connection and resets it was reached', async ({ expect }) => {
  const server = createServer((socket) => void socket.resetAndDestroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  expect(await isClosed({ ...quick, targets: [{ host: '127.0.0.1', port }] })).toBe(false);
  server.close();
});

test('settings are read strictly', ({ expect }) => {
  expect(readGateSettings({ GATE_TARGETS: '10.0.0.1:80,[::1]:443', GATE_DENIALS: '5' })).toEqual({
    targets: [
      { host: '10.0.0.1', port: 80 },
      { host: '::1', port: 443 },
    ],
    denials: 5,
    intervalMs: 200,
    timeoutMs: 30_000,
    greeting: 'gate',
  });
  for (const env of [{}, { GATE_TARGETS: 'x' }, { GATE_TARGETS: 'x:0' }, { GATE_TARGETS: 'x:1', GATE_DENIALS: '0' }]) {
    expect(() => readGateSettings(env)).toThrow(/./);
  }
});
