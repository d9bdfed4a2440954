import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import path from 'node:path';
import { systemClock } from '../../../core/clock.ts';
import { randomHex, systemEntropy } from '../../../core/entropy.ts';
import { silentLogger } from '../../../core/log.ts';
import { createNet } from '../../../core/net.ts';
import { installOperator } from '../../../engine/deploy/install.ts';
import { CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS } from '../../../engine/deploy/rbac.ts';
import type { KubeObject, Resource } from '../../../engine/kubernetes/objects.ts';
import {
  CONFIG_MAPS,
  CUSTOM_RESOURCE_DEFINITIONS,
  NAMESPACES,
  SERVICE_ACCOUNTS,
} from '../../../engine/kubernetes/objects.ts';
import { preparePodsApp } from '../../pods-image.ts';
import type { RunningKindCluster } from '../kind/start-kind-cluster.ts';
import { startSharedKind, whyNoKind } from '../kind/testing/lab-kind.ts';
import { accountKubeconfig } from '../account-kubeconfig.ts';
import { serviceAccountToken } from '../service-account-token.ts';
import { imagesFrom } from './images.ts';
import { testbedLabels } from './ownership.ts';
import { removeTestbeds } from './remove-testbeds.ts';
import type { ExistingClusterOptions, RunningExistingCluster } from './start-existing-cluster.ts';
import { startExistingCluster } from './start-existing-cluster.ts';

const TEST_MS = 240_000;
const SHARED: readonly Resource[] = [NAMESPACES, CUSTOM_RESOURCE_DEFINITIONS, CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS];

const reason = whyNoKind();
describe.skipIf(reason !== undefined)(
  `a place in a cluster that is there${reason === undefined ? '' : ` (${reason})`}`,
  () => {
    let kind: RunningKindCluster;
    const net = createNet();
    beforeAll(async () => {
      kind = await startSharedKind();
    });
    afterAll(async () => {
      await net.close();
      await kind?.stop();
    });

    const start = async (options: Partial<ExistingClusterOptions> = {}): Promise<RunningExistingCluster> =>
      startExistingCluster({
        clock: systemClock,
        entropy: systemEntropy,
        net,
        log: silentLogger,
        kubeconfigPath: kind.kubeconfigPath,
        instance: `ext-${randomHex(systemEntropy, 3)}`,
        advertise: kind.hostAddressFromPods,
        images: imagesFrom(['node:24=node:24']),
        podsApp: await preparePodsApp(path.join(inject('kindStateRoot'), 'pods-app')),
        podUser: { uid: 10_001, gid: 10_001 },
        ...options,
      });

    /** What is going already is what the start of the kind cluster has left. */
    const outside = async (): Promise<string[]> => {
      const lists = await Promise.all(SHARED.map((resource) => kind.client.list<KubeObject>(resource)));
      const staying = lists.flatMap(({ items }) => items).filter(({ metadata }) => !metadata.deletionTimestamp);
      return staying.map(({ metadata }) => metadata.name);
    };

    test('it is measured without an image of ours, and leaves what was there', { timeout: TEST_MS }, async () => {
      const { client } = kind;
      const kubeconfig = readFileSync(kind.kubeconfigPath);
      await client.create(CONFIG_MAPS, { metadata: { name: 'theirs', namespace: 'default' } });
      const before = await outside();
      const cluster = await start();
      const { jobs } = cluster.namespaces;
      expect(cluster.capabilities.network).toMatchObject({ enforcement: 'enforced' });
      expect(cluster.nodeDigest).toMatch(/^sha256:/);
      const instance = jobs.replace('wavetank-', '');
      await installOperator(client, { namespace: jobs, labels: testbedLabels(instance), sharedStay: true });
      await cluster.stop();
      expect((await outside()).toSorted()).toEqual(before.toSorted());
      expect(await client.find(CONFIG_MAPS, { name: 'theirs', namespace: 'default' })).toBeDefined();
      await client.delete(CONFIG_MAPS, { name: 'theirs', namespace: 'default' });
      expect(readFileSync(kind.kubeconfigPath)).toEqual(kubeconfig);
    });

    test('what another process left is removed by its labels', { timeout: TEST_MS }, async () => {
      const { client } = kind;
      const before = await outside();
      const labels = testbedLabels('dead');
      await client.create(NAMESPACES, { metadata: { name: 'wavetank-dead', labels: { ...labels } } });
      await installOperator(client, { namespace: 'wavetank-dead', labels, sharedStay: true });
      const { testbeds } = await removeTestbeds({ client, clock: systemClock });
      expect(testbeds).toEqual(['dead']);
      expect((await outside()).toSorted()).toEqual(before.toSorted());
    });

    test.each([
      ['an image that nobody has', { images: imagesFrom(['node:24=nowhere.invalid/node:0']) }, 'IMAGE_NOT_PULLABLE'],
      ['an address that is not this machine', { advertise: '203.0.113.7' }, 'ADVERTISE_INVALID'],
    ])('%s is told before anything is made', { timeout: TEST_MS }, async (_name, options, code) => {
      const before = await outside();
      await expect(start(options)).rejects.toMatchObject({ code });
      expect((await outside()).toSorted()).toEqual(before.toSorted());
    });

    test('an account that may do nothing is told all that it may not', { timeout: TEST_MS }, async () => {
      const { client, kubeconfigPath } = kind;
      await client.create(SERVICE_ACCOUNTS, { metadata: { name: 'nobody', namespace: 'default' } });
      const account = { name: 'nobody', namespace: 'default' };
      const file = path.join(inject('kindStateRoot'), 'nobody.kubeconfig');
      const { token } = await serviceAccountToken(client, account);
      writeFileSync(file, await accountKubeconfig(kubeconfigPath, account, { token }), { mode: 0o600 });
      try {
        await expect(start({ kubeconfigPath: file })).rejects.toMatchObject({
          code: 'CLUSTER_PERMISSIONS_MISSING',
          message: expect.stringContaining('customresourcedefinitions.apiextensions.k8s.io') as string,
        });
      } finally {
        rmSync(file, { force: true });
        await client.delete(SERVICE_ACCOUNTS, account);
      }
    });
  },
);
