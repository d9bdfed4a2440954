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
import { whyThereIsNoMinio } from '../../../storage/minio/start-minio.ts';
import type { KindClusterOptions, RunningKindCluster } from '../start-kind-cluster.ts';
import { startKindCluster } from '../start-kind-cluster.ts';
import { KIND_SETTINGS } from './kind-settings.ts';

/** Why there can be no cluster here, or undefined. */
export function whyNoKind(): string | undefined {
  return inject('whyNoKind') || undefined;
}

/** Why there can be no whole testbed on kind and MinIO here, or undefined. */
export async function whyNoLabOnKind(): Promise<string | undefined> {
  return whyNoKind() ?? (await whyThereIsNoMinio());
}

/** A whole testbed in the cluster that test files take turns with, with a MinIO of its own. */
export function labConfigOnKind(): TestbedConfig {
  const stateRoot = inject('kindStateRoot');
  return { backend: 'kind', storage: 'minio', stateRoot, kind: { ...KIND_SETTINGS, reuse: true } };
}

/** The cluster that the test files of this run take turns with, empty. */
export async function startSharedKind(options: Partial<KindClusterOptions> = {}): Promise<RunningKindCluster> {
  const stateRoot = inject('kindStateRoot');
  const net = createNet();
  const { kind } = resolveTestbedConfig({ kind: KIND_SETTINGS }, () => 'unused');
  const cluster = await startKindCluster({
    clock: systemClock,
    entropy: systemEntropy,
    native: createNative(),
    net,
    log: silentLogger,
    stateDir: path.join(stateRoot, 'kind'),
    instance: `test-${randomHex(systemEntropy, 4)}`,
    nodeImage: kind.nodeImage,
    proxyMode: kind.proxyMode,
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
