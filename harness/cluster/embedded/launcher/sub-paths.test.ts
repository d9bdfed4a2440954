import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'vitest';
import type { ContainerMount } from './launcher.ts';
import { checkSubPaths } from './sub-paths.ts';

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
