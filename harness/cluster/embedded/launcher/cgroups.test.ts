import { spawnSync } from 'node:child_process';
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'vitest';
import { cgroupParents } from './cgroups.ts';

/** What a harness in that cgroup does for a container of one processor: says the version, and the quota or why there is none. */
const MAKE_ONE = `
  const { openCgroups } = await import(process.argv[1]);
  const cgroups = openCgroups('limited');
  try {
    const limits = { memoryBytes: 2 ** 25, cpuMillis: 1000, pids: 8, openFiles: 64, scratchBytes: 0 };
    cgroups.create('tight', { ...limits, cpuMillis: 100 }).remove();
    cgroups.create('wide', limits).remove();
    console.log(cgroups.version);
  } finally { cgroups.remove(); }
`;

test('a harness that has less processor than a container may have starts it all the same', (context) => {
  const { expect } = context;
  const cpu = cgroupParents().find((parent) => /\/(?:cpu|cpu,cpuacct)(?:\/|$)/.test(parent));
  if (cpu === undefined) return context.skip('cgroup v1 alone refuses a limit wider than the one above it');
  const limited = `${cpu}/limited-${process.pid}`;
  try {
    mkdirSync(limited);
  } catch (error) {
    return context.skip(`cgroups cannot be made here: ${(error as Error).message}`);
  }
  try {
    writeFileSync(`${limited}/cpu.cfs_quota_us`, '50000');
    const script = `echo $$ >${limited}/cgroup.procs && exec "$0" --input-type=module -e "$1" "$2"`;
    const module = path.join(import.meta.dirname, 'cgroups.ts');
    const made = spawnSync('sh', ['-c', script, process.execPath, MAKE_ONE, module], { encoding: 'utf8' });
    expect(made).toMatchObject({ status: 0, stdout: 'v1\n' });
  } finally {
    rmdirSync(limited);
  }
});
