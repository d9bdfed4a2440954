import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MachineSnapshot } from './machine.ts';
import { machineDifference } from './machine.ts';
import { takeSnapshot } from './snapshot.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'accounting-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const isLinux = process.platform === 'linux';
const snapshot = (): MachineSnapshot => takeSnapshot({ folders: [folder], cgroup: 'wavetank-no-such-instance' });

test('a child, a port and a folder are seen, and seen to be gone', async (context) => {
  if (!isLinux) return context.skip('counting needs /proc');
  const before = snapshot();
  const child = spawn('sleep', ['300.25']);
  await once(child, 'spawn');
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await mkdir(path.join(folder, 'pod', 'inner'), { recursive: true });
  const during = machineDifference(before, snapshot());
  expect(during.processes.added).toContain('sleep 300.25');
  expect(during.ports).toEqual({ added: [`tcp 127.0.0.1:${port}`], removed: [] });
  expect(during.temporaryFolders.added).toEqual([path.join(folder, 'pod'), path.join(folder, 'pod', 'inner')]);

  child.kill();
  await once(child, 'exit');
  server.close();
  await once(server, 'close');
  await rm(path.join(folder, 'pod'), { recursive: true });
  const after = machineDifference(before, snapshot());
  expect(Object.values(after).flatMap(({ added, removed }) => [...added, ...removed])).toEqual([]);
});

test('a child in namespaces of its own is counted by their kinds', async (context) => {
  if (!isLinux) return context.skip('counting needs /proc');
  const before = snapshot();
  const child = spawn('unshare', ['--user', '--map-root-user', '--net', 'sh', '-c', 'echo in; sleep 300'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [first] = (await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])) as [unknown];
  if (!(first instanceof Buffer)) return context.skip('this machine refuses user namespaces');
  expect(machineDifference(before, snapshot()).namespaces.added).toEqual(['net', 'user']);
  child.kill('SIGKILL');
  await once(child, 'exit');
});

const EMPTY: MachineSnapshot = {
  processes: [],
  mounts: [],
  cgroups: [],
  namespaces: [],
  ports: [],
  temporaryFolders: [],
};

test('two of the same are two', () => {
  const difference = machineDifference(
    { ...EMPTY, processes: ['a', 'a', 'b'] },
    { ...EMPTY, processes: ['a', 'c', 'c'] },
  );
  expect(difference.processes).toEqual({ added: ['c', 'c'], removed: ['a', 'b'] });
  expect(difference.mounts).toEqual({ added: [], removed: [] });
});
