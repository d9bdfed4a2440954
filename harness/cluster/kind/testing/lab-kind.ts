import path from 'node:path';
import { inject } from 'vitest';
import { systemClock } from '../../../../core/clock.ts';
import { randomHex, systemEntropy } from '../../../../core/entropy.ts';
import { silentLogger } from '../../../../core/log.ts';
import { createNative } from '../../../../core/native.ts';
import { createNet } from '../../../../core/net.ts';
import { runningResource } from '../../../../core/resource.ts';
import type { TestbedConfig } from '../../../config/testbed-config.ts';
import { resolveTestbedConfig } from '../../../config/testbed-config.ts';
import { preparePodsApp } from '../../../pods-image.ts';
import type { KindClusterOptions, RunningKindCluster } from '../start-kind-cluster.ts';
import { startKindCluster } from '../start-kind-cluster.ts';

/** Why there can be no cluster here, or undefined. */
export function whyNoKind(): string | undefined {
  return inject('whyNoKind') || undefined;
}

/** A whole testbed on a cluster of its own. */
export function labConfigOnKind(): TestbedConfig {
  return { backend: 'kind' };
}

/** The cluster that the test files of this run take turns with, empty. */
export async function startSharedKind(options: Partial<KindClusterOptions> = {}): Promise<RunningKindCluster> {
  const stateRoot = inject('kindStateRoot');
  const net = createNet();
  const { kind } = resolveTestbedConfig({}, () => 'unused');
  const cluster = await startKindCluster({
    clock: systemClock,
    entropy: systemEntropy,
    native: createNative(),
    net,
    log: silentLogger,
    stateDir: path.join(stateRoot, 'kind'),
    instance: `test-${randomHex(systemEntropy, 4)}`,
    nodeImage: kind.nodeImage,
    podsBase: kind.baseImage,
    reuse: true,
    podsApp: await preparePodsApp(path.join(stateRoot, 'pods-app')),
    preloads: [{ name: 'node:24', source: kind.baseImage }],
    podUser: { uid: 10_001, gid: 10_001 },
    ...options,
  });
  return runningResource({ ...cluster }, async () => {
    await cluster.stop();
    await net.close();
  });
}
