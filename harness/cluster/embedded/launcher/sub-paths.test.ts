import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from 'vitest';
import type { ContainerMount } from './launcher.ts';
import type { Bench } from './sandbox.testing.ts';
import { startBench } from './sandbox.testing.ts';
import { checkSubPaths } from './sub-paths.ts';

const MIB = 1024 * 1024;

describe('a subPath', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await startBench();
  });
  afterAll(() => bench[Symbol.asyncDispose]());

  const needsIsolation = (skip: (reason: string) => void): void => {
    if (!bench.launcher.facts.isolated) skip(bench.launcher.facts.why);
  };

  it('takes a subPath and refuses one that a link leads out of the volume', async ({ expect, skip }) => {
    needsIsolation(skip);
    const volume = await bench.launcher.createVolume({ id: 'sub', sizeBytes: MIB });
    await volume.setGroup(1000);
    const whole = { source: volume.path, target: '/data', readOnly: false };
    await bench.run('mkdir /data/inner; echo good > /data/inner/f; ln -s /etc /data/trap', { mounts: [whole] });
    const good = await bench.run('cat /data/f', { mounts: [{ ...whole, subPath: 'inner' }] });
    expect(good.stdout).toBe('good');
    await expect(bench.run('ls /data', { mounts: [{ ...whole, subPath: 'trap' }] })).rejects.toMatchObject({
      code: 'CONTAINER_CANNOT_RUN',
    });
    await volume.remove();
  });

  it('takes a file, a link inside the volume and a path to be made as subPath', async ({ expect, skip }) => {
    needsIsolation(skip);
    const volume = await bench.launcher.createVolume({ id: 'kinds', sizeBytes: MIB });
    await volume.setGroup(1000);
    const whole = { source: volume.path, target: '/data', readOnly: false };
    await bench.run('mkdir -p /data/a/b; echo deep > /data/a/b/f; ln -s a/b /data/link; ln -s a/b/f /data/file', {
      mounts: [whole],
    });
    const at = async (subPath: string, script: string, extra: object = {}) =>
      bench.run(script, { mounts: [{ ...whole, subPath }], ...extra });
    const mode = (await bench.run('stat -c %a /data', { mounts: [whole] })).stdout;
    for (const readOnlyRoot of [true, false]) {
      for (const path of ['link', 'a/b']) expect((await at(path, 'cat /data/f', { readOnlyRoot })).stdout).toBe('deep');
      for (const path of ['a/b/f', 'link/f', 'file'])
        expect((await at(path, 'cat /data', { readOnlyRoot })).stdout).toBe('deep');
    }
    expect((await at('link/new/-x y', 'touch /data/made; stat -c %a /data')).stdout).toBe(mode);
    expect((await at('a/b', 'ls /data/new/*')).stdout).toBe('made');
    await volume.remove();
  });

  it('makes and mounts nothing outside of the volume for a subPath that a link leads out', async ({ expect, skip }) => {
    needsIsolation(skip);
    const volume = await bench.launcher.createVolume({ id: 'out', sizeBytes: MIB });
    const other = await bench.launcher.createVolume({ id: 'out-2', sizeBytes: MIB });
    await Promise.all([volume.setGroup(1000), other.setGroup(1000)]);
    const whole = { source: volume.path, target: '/data', readOnly: false };
    const next = { source: other.path, target: '/next', readOnly: false };
    const links = `echo theirs > /next/f; ln -s ${other.path} /data/trap; ln -s ${other.path}/f /data/file; ln -s nowhere /data/dangling`;
    await bench.run(links, { mounts: [whole, next] });
    for (const subPath of ['trap', 'trap/f', 'trap/new', 'trap/new/er', 'file', '../out-2', 'dangling'])
      await expect(bench.run('ls /data', { mounts: [{ ...whole, subPath }] }), subPath).rejects.toMatchObject({
        code: 'CONTAINER_CANNOT_RUN',
        message: expect.stringContaining('subPath'),
      });
    expect((await bench.run('ls /next', { mounts: [next] })).stdout).toBe('f');
    await Promise.all([volume.remove(), other.remove()]);
  });
});

describe('the look at a subPath after it was mounted', () => {
  let dir: string;
  let mount: ContainerMount;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'wt-'));
    for (const path of ['volume', 'volume/inner', 'outside', 'root']) mkdirSync(join(dir, path));
    mount = { source: join(dir, 'volume'), target: '/data', readOnly: false, subPath: 'sub' };
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /** What `mount` took, and what the subPath leads to by now. */
  const look = (mounted: string, now: string): string => {
    symlinkSync(join(dir, mounted), join(dir, 'root/data'));
    symlinkSync(join(dir, now), join(dir, 'volume/sub'));
    const script = `fail() { echo "$1"; exit 125; }\n${checkSubPaths([mount], join(dir, 'root'))}echo held`;
    return spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' }).stdout.trim();
  };

  it('passes what lies in the volume', ({ expect }) => {
    expect(look('volume/inner', 'volume/inner')).toBe('held');
  });

  it.for([
    ['outside', 'volume/inner'],
    ['outside', 'outside'],
    ['volume/inner', 'outside'],
  ])('refuses %s when the subPath leads to %s', ([mounted = '', now = ''], { expect }) => {
    expect(look(mounted, now)).toBe('the subPath leads out of its volume');
  });
});
