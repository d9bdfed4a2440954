import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { randomHex, systemEntropy } from '../../core/entropy.ts';
import { WavetankError } from '../../core/errors.ts';
import { silentLogger } from '../../core/log.ts';
import { createNet } from '../../core/net.ts';
import { DEFAULT_POD_SETTINGS } from '../../engine/operator-engine/settings.ts';
import type { ClusterCapabilities } from '../cluster/cluster.ts';
import { imagesFrom } from '../cluster/existing/images.ts';
import { startExistingCluster } from '../cluster/existing/start-existing-cluster.ts';
import { preparePodsApp } from '../pods-image.ts';

export interface ExistingFlags {
  readonly kubeconfig?: string;
  readonly advertise?: string;
  readonly image?: readonly string[];
}

/** Takes a place in the cluster, measures it, and leaves nothing there. What is missing is thrown as it would be at a start. */
export async function measureExistingNow(
  { kubeconfig, advertise, image = [] }: ExistingFlags,
  signal: AbortSignal,
): Promise<{
  readonly launcher: { readonly kind: string; readonly why: string };
  readonly capabilities: ClusterCapabilities;
}> {
  if (kubeconfig === undefined)
    throw new WavetankError('KUBECONFIG_MISSING', 'Which cluster?', {
      category: 'usage',
      hint: 'Name it with --kubeconfig FILE.',
    });
  const folder = mkdtempSync(path.join(tmpdir(), 'wavetank-doctor-'));
  const net = createNet();
  try {
    await using cluster = await startExistingCluster({
      clock: systemClock,
      entropy: systemEntropy,
      net,
      log: silentLogger,
      kubeconfigPath: kubeconfig,
      instance: `doctor-${randomHex(systemEntropy, 3)}`,
      advertise,
      images: imagesFrom(image),
      podsApp: await preparePodsApp(path.join(folder, 'pods-app')),
      podUser: DEFAULT_POD_SETTINGS.podUser,
      signal,
    }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw error;
    });
    const why = `${cluster.client.server}; its pods reach this machine at ${cluster.hostAddressFromPods}`;
    return { launcher: { kind: 'existing', why }, capabilities: cluster.capabilities };
  } finally {
    await net.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
