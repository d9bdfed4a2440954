import { readFileSync } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';
import { describe } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { describeClusterContract } from './cluster.contract.ts';
import type { ClusterUnderTest } from './cluster.contract.ts';
import { RawApi } from './contract/raw-api.ts';

/** Set to the kubeconfig of a cluster that may be filled with objects of a namespace of its own. */
const KUBECONFIG = process.env['WAVETANK_TEST_KUBECONFIG'];
/** An image with a shell that its nodes have. */
const IMAGE = process.env['WAVETANK_TEST_IMAGE'];

async function start(): Promise<ClusterUnderTest> {
  const kubeconfig = readFileSync(KUBECONFIG ?? '', 'utf8');
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const api = new RawApi(config);
  const namespace = `contract-${systemClock.now().toString(36)}`;
  await api.send('/api/v1/namespaces', { method: 'POST', body: { metadata: { name: namespace } } });
  const isReady = async (): Promise<boolean> =>
    (await api.send(`/api/v1/namespaces/${namespace}/serviceaccounts/default`)).code === 200;
  for (let tries = 0; tries < 100 && !(await isReady()); tries++) await systemClock.sleep(50);
  return {
    kubeconfig,
    namespace,
    async stop() {
      await api.send(`/api/v1/namespaces/${namespace}`, { method: 'DELETE' });
      await api.close();
    },
  };
}

describe.skipIf(KUBECONFIG === undefined)(
  'the cluster of WAVETANK_TEST_KUBECONFIG (skipped when that is not set)',
  () => {
    describeClusterContract(start, { refusesCel: false, ...(IMAGE === undefined ? {} : { podImage: IMAGE }) });
  },
);
