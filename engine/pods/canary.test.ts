import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CanaryLine } from './canary.ts';
import { listenForVisitors } from './canary.ts';
import { areReachable } from './control.ts';

let lines: CanaryLine[];
let heard: () => void;
let canary: Awaited<ReturnType<typeof listenForVisitors>>;
beforeEach(async () => {
  lines = [];
  heard = () => undefined;
  canary = await listenForVisitors({ port: 0, silentFor: 'the control' }, (line) => {
    lines.push(line);
    heard();
  });
});
afterEach(() => canary.close());

async function heardOf(count: number): Promise<void> {
  while (lines.length < count) await new Promise<void>((resolve) => (heard = resolve));
}

test('tells who came, over what, and the first line of what was said', async () => {
  connect({ host: '127.0.0.1', port: canary.port }).end('gate 12\nand more');
  await heardOf(1);
  const udp = createSocket('udp4');
  udp.send('a datagram', canary.port, '127.0.0.1', () => udp.close());
  await heardOf(2);
  expect(lines).toMatchObject([
    { from: '127.0.0.1', over: 'tcp', said: 'gate 12' },
    { from: '127.0.0.1', over: 'udp', said: 'a datagram' },
  ]);
});

test('somebody who says nothing was there too', async () => {
  connect({ host: '127.0.0.1', port: canary.port }).end();
  await heardOf(1);
  expect(lines).toMatchObject([{ said: '' }]);
});

test('a control gets through without a line of its own, and knows when it does not', async () => {
  const targets = [{ host: '127.0.0.1', port: canary.port }];
  const settings = { targets, denials: 3, intervalMs: 5, timeoutMs: 300, greeting: 'the control' };
  expect(await areReachable(settings)).toBe(true);
  connect({ host: '127.0.0.1', port: canary.port }).end('somebody\n');
  await heardOf(1);
  expect(lines).toMatchObject([{ said: 'somebody' }]);
  expect(await areReachable({ ...settings, targets: [...targets, { host: '127.0.0.1', port: 1 }] })).toBe(false);
});
