import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll } from 'vitest';
import { describeAccess } from './contract/access.contract.ts';
import type { ClusterContractFlags, Connection } from './contract/contract-client.ts';
import { describeCustomResources } from './contract/custom-resources.contract.ts';
import { describeFinePrint } from './contract/fine-print.contract.ts';
import { describeListsAndWatches } from './contract/lists-and-watches.contract.ts';
import { describeObjects } from './contract/objects.contract.ts';
import { describePods } from './contract/pods.contract.ts';
import { describeWatches } from './contract/watches.contract.ts';
import { describeWholeAnswers } from './contract/whole-answers.contract.ts';

export interface ClusterUnderTest {
  /** YAML with an administrator. */
  readonly kubeconfig: string;
  /** A namespace of this suite alone, which it may fill and which the caller removes. */
  readonly namespace: string;
  /** Makes the server forget the changes up to now, where it can be told to. */
  readonly forget?: () => void;
  stop(): Promise<void>;
}

/** What products may rely on of any cluster, driven by the unmodified client library. */
export function describeClusterContract(start: () => Promise<ClusterUnderTest>, flags: ClusterContractFlags): void {
  let cluster: ClusterUnderTest | undefined;
  let connection: Connection | undefined;

  beforeAll(async () => {
    cluster = await start();
    const config = new KubeConfig();
    config.loadFromString(cluster.kubeconfig);
    const { namespace, forget } = cluster;
    connection = { config, core: config.makeApiClient(CoreV1Api), namespace, ...(forget ? { forget } : {}) };
  });
  afterAll(async () => {
    await cluster?.stop();
  });

  const at = (): Connection => {
    if (connection === undefined) throw new Error('the cluster has not started');
    return connection;
  };
  describeObjects(at);
  describeListsAndWatches(at);
  describeCustomResources(at, flags);
  describeAccess(at);
  describeWholeAnswers(at);
  describeFinePrint(at);
  describeWatches(at);
  if (flags.podImage !== undefined) describePods(at, flags.podImage);
}
