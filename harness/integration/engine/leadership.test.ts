import { test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import type { Net } from '../../../core/net.ts';
import { createNet } from '../../../core/net.ts';
import { VirtualClock } from '../../../core/virtual-clock.ts';
import { waitUntil } from '../../../core/wait-until.ts';
import { objectNames } from '../../../engine/api/names.ts';
import { LEASES } from '../../../engine/kubernetes/objects.ts';
import type { Lease } from '../../../engine/kubernetes/pod-types.ts';
import { NAMESPACE, startEngineLab } from './testing/engine-lab.ts';

/** Moves the lab's time on until it has happened. */
async function until(clock: VirtualClock, what: string, isSo: () => boolean): Promise<void> {
  const look = (): true | undefined => {
    if (isSo()) return true;
    // Small enough for an answer to come before the attempt is given up.
    clock.advance(100);
    return undefined;
  };
  await waitUntil(what, look, { clock: systemClock, timeoutMs: 10_000, intervalMs: 2 });
}

test('E4: of two engines one works; when it stops or dies, the other takes over', async ({ expect }) => {
  const clock = new VirtualClock(Date.parse('2026-11-01T00:00:00Z'));
  await using lab = await startEngineLab({ clock });
  const dying = createNet();
  const first = await lab.startEngine({ leaderElection: true, identity: 'first' });
  await until(clock, 'the first to lead', () => first.isLeader);
  const second = await lab.startEngine({ leaderElection: true, identity: 'second' }, dying);
  const one = await lab.submit(1);
  await until(clock, 'the first job', () => lab.kubelet.archive.has(one));
  expect([first.isLeader, second.isLeader]).toEqual([true, false]);

  await first.stop();
  await until(clock, 'the second to lead', () => second.isLeader);
  const two = await lab.submit(2);
  await until(clock, 'the second job', () => lab.kubelet.archive.has(two));

  const third = await lab.startEngine({ leaderElection: true, identity: 'third' });
  dying.fence();
  await until(clock, 'the third to lead', () => third.isLeader);
  // A leader that cannot renew steps down by itself, before another may take over.
  expect(second.isLeader).toBe(false);
  const three = await lab.submit(3);
  await until(clock, 'the third job', () => lab.kubelet.archive.has(three));
});

test('E4: a leader whose first requests fail begins as soon as they do not', async ({ expect }) => {
  const clock = new VirtualClock(Date.parse('2026-11-01T00:00:00Z'));
  await using lab = await startEngineLab({ clock });
  const cluster = failingNet('/networkpolicies');
  const engine = await lab.startEngine({ leaderElection: true, identity: 'only' }, cluster.net);
  await until(clock, 'the failed requests', () => cluster.failures() >= 3);
  expect(engine.isLeader).toBe(true);
  cluster.recover();
  const job = await lab.submit(1);
  await until(clock, 'the job', () => lab.kubelet.archive.has(job));
});

test('an environment is served as long as its lease is renewed', async ({ expect }) => {
  const clock = new VirtualClock(Date.parse('2026-11-01T00:00:00Z'));
  await using lab = await startEngineLab({ clock });
  await lab.startEngine({ identity: 'me', heartbeatSeconds: 40 });
  const ref = { name: objectNames.environmentLease('lab'), namespace: NAMESPACE };
  const lease = (): Promise<Lease | undefined> => lab.admin.find<Lease>(LEASES, ref);
  const first = await waitUntil('the lease', lease, { clock: systemClock, timeoutMs: 5000, intervalMs: 2 });
  expect(first.spec).toMatchObject({ holderIdentity: 'me', leaseDurationSeconds: 40 });
  const renewed = async (): Promise<Lease | undefined> => {
    clock.advance(1000);
    const now = await lease();
    return now?.spec.renewTime === first.spec.renewTime ? undefined : now;
  };
  const next = await waitUntil('a renewal', renewed, { clock: systemClock, timeoutMs: 5000, intervalMs: 2 });
  const waited = Date.parse(next.spec.renewTime ?? '') - Date.parse(first.spec.renewTime ?? '');
  expect(waited).toBeGreaterThanOrEqual(10_000);
  expect(waited).toBeLessThan(40_000);
});

/** Requests of such paths do not reach the API server until it recovers. */
function failingNet(part: string): { readonly net: Net; readonly failures: () => number; recover(): void } {
  const base = createNet();
  let isFailing = true;
  let count = 0;
  const net: Net = {
    ...base,
    child(options) {
      const child = base.child(options);
      const dispatcher = child.dispatcher.compose((dispatch) => (request, handler) => {
        if (!isFailing || !request.path.includes(part)) return dispatch(request, handler);
        count++;
        return dispatch({ ...request, origin: 'http://127.0.0.1:9' }, handler);
      });
      return { ...child, dispatcher };
    },
  };
  return { net, failures: () => count, recover: () => void (isFailing = false) };
}
