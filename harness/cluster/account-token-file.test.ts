import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { silentLogger } from '../../core/log.ts';
import { VirtualClock } from '../../core/virtual-clock.ts';
import { waitUntil } from '../../core/wait-until.ts';
import { loadKubeconfig } from '../../engine/kubernetes/kubeconfig.ts';
import type { KubeObject, Resource } from '../../engine/kubernetes/objects.ts';
import { accountKubeconfig } from './account-kubeconfig.ts';
import { startTokenFile } from './account-token-file.ts';

const HOUR = 3_600_000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'token-file-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A cluster that gives tokens of a day, one after the other. */
class Cluster {
  asked = 0;
  isDown = false;
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  readonly create = async <T extends KubeObject>(_resource: Resource, object: T): Promise<T> => {
    this.asked += 1;
    if (this.isDown) throw new Error('nobody answers');
    const expirationTimestamp = new Date(this.#clock.now() + 24 * HOUR).toISOString();
    return { ...object, status: { token: `token ${this.asked}`, expirationTimestamp } };
  };
}

test('a token is replaced at half of its life, and again after it could not be', async () => {
  const clock = new VirtualClock();
  const cluster = new Cluster(clock);
  const file = path.join(folder, 'jobs-operator-engine.token');
  const account = { name: 'operator-engine', namespace: 'jobs' };
  const running = await startTokenFile({ client: cluster, clock, log: silentLogger, account, file });
  const says = (): string => readFileSync(file, 'utf8');
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await waitUntil('the next look', () => clock.pendingTimers > 0 || undefined, {
      clock: systemClock,
      timeoutMs: 10_000,
    });
  };
  const admin = path.join(folder, 'admin.kubeconfig');
  writeFileSync(
    admin,
    JSON.stringify({
      'current-context': 'lab',
      clusters: [{ name: 'lab', cluster: { server: 'https://127.0.0.1:1' } }],
      users: [{ name: 'lab', user: { token: 'admin' } }],
      contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'lab' } }],
    }),
  );
  const ofPart = path.join(folder, 'part.kubeconfig');
  writeFileSync(ofPart, await accountKubeconfig(admin, account, { tokenFile: file }));
  const access = await loadKubeconfig(ofPart);
  expect([says(), statSync(file).mode & 0o777]).toEqual(['token 1', 0o600]);

  await pass(12 * HOUR - 60_000);
  expect([says(), cluster.asked]).toEqual(['token 1', 1]);
  cluster.isDown = true;
  await pass(60_000);
  expect([says(), cluster.asked]).toEqual(['token 1', 2]);
  cluster.isDown = false;
  await pass(60_000);
  expect(says()).toBe('token 3');
  expect(await access.headers()).toEqual({ authorization: 'Bearer token 3' });
  await pass(11 * HOUR);
  expect(says()).toBe('token 3');
  await pass(HOUR);
  expect(says()).toBe('token 4');

  await running.stop();
  expect([existsSync(file), clock.pendingTimers]).toEqual([false, 0]);
});
