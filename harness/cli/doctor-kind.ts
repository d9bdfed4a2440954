import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { randomHex, systemEntropy } from '../../core/entropy.ts';
import { silentLogger } from '../../core/log.ts';
import { createNative } from '../../core/native.ts';
import { createNet } from '../../core/net.ts';
import { DEFAULT_POD_SETTINGS } from '../../engine/operator-engine/settings.ts';
import type { ClusterCapabilities } from '../cluster/cluster.ts';
import { findKindTools } from '../cluster/kind/availability.ts';
import { commandRunner } from '../cluster/kind/command.ts';
import { startKindCluster } from '../cluster/kind/start-kind-cluster.ts';
import { resolveTestbedConfig } from '../config/testbed-config.ts';
import { preparePodsApp } from '../pods-image.ts';

/** Whether the kind backend can be had here, and what it would be. */
export async function findKind(): Promise<{ readonly available: boolean; readonly note: string }> {
  const tools = await findKindTools(commandRunner(createNative()));
  if ('missing' in tools) return { available: false, note: tools.missing };
  return {
    available: true,
    note: `${tools.kind}, Docker ${tools.docker}; \`wavetank doctor --backend kind\` measures it`,
  };
}

export interface KindMeasurement {
  readonly nodeImage?: string | undefined;
  /** Where `wavetank down` finds the cluster, if this process is killed. */
  readonly stateRoot: string;
  readonly signal: AbortSignal;
}

/** Makes a cluster, measures it, and removes it again: the better part of a minute. */
export async function measureKindNow({ nodeImage, stateRoot, signal }: KindMeasurement): Promise<{
  readonly launcher: { readonly kind: string; readonly why: string };
  readonly capabilities: ClusterCapabilities;
}> {
  const folder = mkdtempSync(path.join(tmpdir(), 'wavetank-doctor-'));
  const net = createNet();
  const { kind } = resolveTestbedConfig(nodeImage === undefined ? {} : { kind: { nodeImage } }, () => 'doctor');
  try {
    await using cluster = await startKindCluster({
      clock: systemClock,
      entropy: systemEntropy,
      native: createNative(),
      net,
      log: silentLogger,
      stateDir: path.join(stateRoot, 'kind'),
      instance: `doctor-${randomHex(systemEntropy, 3)}`,
      nodeImage: kind.nodeImage,
      proxyMode: kind.proxyMode,
      podsBase: kind.baseImage,
      reuse: false,
      podsApp: await preparePodsApp(path.join(folder, 'pods-app')),
      preloads: [],
      podUser: DEFAULT_POD_SETTINGS.podUser,
      signal,
    }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw error;
    });
    return { launcher: { kind: 'kind', why: kind.nodeImage }, capabilities: cluster.capabilities };
  } finally {
    await net.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
