import { createNative } from '../../../../core/native.ts';
import { systemEntropy } from '../../../../core/entropy.ts';
import { systemClock } from '../../../../core/clock.ts';
import { silentLogger } from '../../../../core/log.ts';
import { startEmbeddedCluster } from '../embedded-cluster.ts';

/**
 * A harness in a process of its own, for tests that kill it or run it as another user.
 * Usage: node harness-child.testing.ts STATE_DIR MARKER [UID] — says `up {JSON}` once a pod of it runs, then waits.
 * The pod runs `sleep MARKER` twice, once in a session of its own.
 */
const [stateDir = '', marker = '', uid] = process.argv.slice(2);
if (uid !== undefined) {
  process.setgroups?.([]);
  process.setgid?.(Number(uid));
  process.setuid?.(Number(uid));
}
const PODS = { group: '', version: 'v1', resource: 'pods' };
const cluster = await startEmbeddedCluster({
  clock: systemClock,
  entropy: systemEntropy,
  native: createNative(),
  log: silentLogger,
  stateDir,
});
const { access } = cluster.api;
access.watch(PODS, ({ object }) => {
  const status = object['status'] as { containerStatuses?: { state: { running?: object } }[] } | undefined;
  if (!status?.containerStatuses?.[0]?.state.running) return;
  const { capabilities, launcher, instance, kubeconfigPath } = cluster;
  process.stdout.write(`up ${JSON.stringify({ capabilities, launcher, instance, kubeconfigPath })}\n`);
});
access.create(PODS, 'default', {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'sleeper' },
  spec: {
    automountServiceAccountToken: false,
    restartPolicy: 'Never',
    securityContext: { runAsUser: 1000, runAsGroup: 1000 },
    volumes: [{ name: 'v', emptyDir: {} }],
    containers: [
      {
        name: 'main',
        image: 'debian',
        command: ['sh', '-c', `(setsid sleep ${marker} &); exec sleep ${marker}`],
        volumeMounts: [{ name: 'v', mountPath: '/v' }],
      },
    ],
  },
});
process.stdin.resume();
process.stdin.once('end', () => {
  void cluster.stop().then(() => process.exit(0));
});
