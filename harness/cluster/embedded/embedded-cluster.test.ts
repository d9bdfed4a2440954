import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { systemEntropy } from '../../../core/entropy.ts';
import { silentLogger } from '../../../core/log.ts';
import { createNative } from '../../../core/native.ts';
import { waitUntil } from '../../../core/wait-until.ts';
import type { ClusterCapabilities } from '../cluster.ts';
import { CAPABILITY_NAMES } from '../cluster.ts';
import { startEmbeddedCluster } from './embedded-cluster.ts';
import { sweep } from './launcher/journal.ts';

const CHILD = fileURLToPath(new URL('launcher/harness-child.testing.ts', import.meta.url));
let markers = 0;
const UNPRIVILEGED = 64_123;

interface Up {
  readonly capabilities: ClusterCapabilities;
  readonly launcher: { readonly facts: { readonly isolated: boolean; readonly users: string; readonly why: string } };
  readonly instance: string;
}

describe('the embedded cluster', () => {
  let stateDir = '';
  let marker = '';
  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'wavetank-'));
    // A number that no other process has as an argument.
    marker = String(5_000_000_000 + process.pid * 100 + markers++);
  });
  afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

  it('measures what it enforces, and keeps the outcome for the next start', async ({ expect, skip }) => {
    const options = { clock: systemClock, entropy: systemEntropy, native: createNative(), log: silentLogger, stateDir };
    const first = await startEmbeddedCluster(options);
    await first.stop();
    if (!first.launcher.facts.isolated) skip(first.launcher.facts.why);
    for (const name of ['network', 'localhost', 'readonly', 'user'] as const)
      expect(first.capabilities[name]).toMatchObject({ enforcement: 'enforced' });
    for (const name of CAPABILITY_NAMES) expect(first.capabilities[name].evidence).not.toBe('');
    if (first.launcher.facts.cgroups !== 'absent') {
      for (const name of ['memory', 'pids', 'cpu'] as const)
        expect(first.capabilities[name], name).toMatchObject({ enforcement: 'enforced' });
    }
    const second = await startEmbeddedCluster(options);
    expect(second.capabilities).toEqual(first.capabilities);
    await second.stop();
  });

  it('reports every capability absent without isolation', async ({ expect }) => {
    const cluster = await startEmbeddedCluster({
      clock: systemClock,
      entropy: systemEntropy,
      native: createNative(),
      log: silentLogger,
      stateDir,
      launcher: 'none',
    });
    expect(new Set(CAPABILITY_NAMES.map((name) => cluster.capabilities[name].enforcement))).toEqual(
      new Set(['absent']),
    );
    await cluster.stop();
  });

  it('is not swept while it is alive, and leaves no process, mount or file when it stops', async ({ expect }) => {
    const { child } = await startChild(stateDir, marker);
    const runtimeDir = runtimeDirOf(stateDir);
    expect(statSync(kubeconfigIn(stateDir)).mode & 0o777).toBe(0o600);
    expect(sweep(stateDir)).toEqual({ processes: 0, mounts: 0, cgroups: 0, directories: 0 });
    expect(processesWith(marker).length).toBeGreaterThanOrEqual(3);
    child.stdin?.end();
    await once(child, 'exit');
    expect(processesWith(marker)).toEqual([]);
    expect(existsSync(runtimeDir)).toBe(false);
    expect(leftIn(stateDir)).toEqual([]);
  });

  it('leaves no process after kill -9, and the next start removes the rest', async ({ expect }) => {
    const { child } = await startChild(stateDir, marker);
    const runtimeDir = runtimeDirOf(stateDir);
    expect(processesWith(marker).length).toBeGreaterThanOrEqual(3);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const nothing = (): true | undefined => (processesWith(marker).length === 0 ? true : undefined);
    await waitUntil('the sandbox to end', nothing, { clock: systemClock, timeoutMs: 5000 });
    // Another process of this machine that starts now may have found some of it before.
    expect(sweep(stateDir).directories).toBeLessThanOrEqual(2);
    expect(existsSync(runtimeDir)).toBe(false);
    expect(leftIn(stateDir).filter((name) => !name.startsWith('capabilities-'))).toEqual([]);
    for (const path of readdirSync('/sys/fs/cgroup', { withFileTypes: true }))
      expect(path.name).not.toMatch(/^wavetank-/);
  });

  it('runs for an ordinary user with what user namespaces give', async ({ expect, skip }) => {
    if (process.getuid?.() !== 0) skip('only root can become another user; the other tests run as this user');
    chownSync(stateDir, UNPRIVILEGED, UNPRIVILEGED);
    const { child, up } = await startChild(stateDir, marker, UNPRIVILEGED);
    child.stdin?.end();
    await once(child, 'exit');
    if (!up.launcher.facts.isolated) skip(up.launcher.facts.why);
    expect(up.launcher.facts.users).toBe('one');
    for (const name of ['network', 'localhost', 'readonly', 'user', 'volume-size', 'pids'] as const) {
      expect(up.capabilities[name], name).toMatchObject({ enforcement: 'enforced' });
    }
    expect(up.capabilities.memory.enforcement).toBe('recorded');
    expect(processesWith(marker)).toEqual([]);
  });
});

async function startChild(stateDir: string, marker: string, uid?: number): Promise<{ child: ChildProcess; up: Up }> {
  const child = spawn(process.execPath, [CHILD, stateDir, marker, ...(uid === undefined ? [] : [String(uid)])], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const lines = createInterface({ input: child.stdout });
  const line = await Promise.race([
    once(lines, 'line').then(([text]) => String(text)),
    once(child, 'exit').then(() => `ended: ${errors}`),
  ]);
  if (!line.startsWith('up ')) throw new Error(line);
  await waitUntil('both processes of the pod', () => (processesWith(marker).length >= 3 ? true : undefined), {
    clock: systemClock,
    timeoutMs: 5000,
  });
  return { child, up: JSON.parse(line.slice(3)) as Up };
}

function runtimeDirOf(stateDir: string): string {
  const journal = readdirSync(stateDir).find((name) => name.endsWith('.ndjson')) ?? '';
  const path = /"directory","path":"([^"]+)"/.exec(readFileSync(join(stateDir, journal), 'utf8'))?.[1];
  return path ?? 'no runtime directory in the journal';
}

function kubeconfigIn(stateDir: string): string {
  return join(stateDir, readdirSync(stateDir).find((name) => name.endsWith('.kubeconfig')) ?? '');
}

/** What is left beside the measured capabilities, which are kept. */
function leftIn(stateDir: string): string[] {
  return readdirSync(stateDir).filter((name) => !name.startsWith('capabilities-'));
}

function processesWith(word: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(word);
    } catch {
      return false;
    }
  });
}
