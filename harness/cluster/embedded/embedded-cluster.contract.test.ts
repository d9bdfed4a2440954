import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { systemEntropy } from '../../../core/entropy.ts';
import { silentLogger } from '../../../core/log.ts';
import { createNative } from '../../../core/native.ts';
import type { Connection } from '../contract/contract-client.ts';
import { describePods } from '../contract/pods.contract.ts';
import type { RunningEmbeddedCluster } from './embedded-cluster.ts';
import { startEmbeddedCluster } from './embedded-cluster.ts';

/** The part of the contract that needs a node; the rest runs on the API server alone, in api-server.contract.test.ts. */
describe('the node of the embedded cluster', () => {
  let stateDir: string;
  let cluster: RunningEmbeddedCluster;
  let connection: Connection;
  beforeAll(async () => {
    stateDir = mkdtempSync(join(tmpdir(), 'wavetank-contract-'));
    const seams = { clock: systemClock, entropy: systemEntropy, native: createNative(), log: silentLogger };
    cluster = await startEmbeddedCluster({ ...seams, stateDir });
    cluster.api.access.create({ group: '', version: 'v1', resource: 'namespaces' }, undefined, {
      metadata: { name: 'contract' },
    });
    const config = new KubeConfig();
    config.loadFromString(readFileSync(cluster.kubeconfigPath, 'utf8'));
    connection = { config, core: config.makeApiClient(CoreV1Api), namespace: 'contract' };
  });
  afterAll(async () => {
    await cluster.stop();
    rmSync(stateDir, { recursive: true, force: true });
  });

  describePods(() => connection, 'node:24');
});
