import { rmSync } from 'node:fs';
import path from 'node:path';
import type { RunningProvider } from '../../provider/server.ts';
import type { KubeClient } from '../../engine/kubernetes/client.ts';
import { runningResource } from '../../core/resource.ts';
import type { Actors, LabServers } from '../actors/actor.ts';
import type { RunningOceanChain } from '../chain/ocean-chain.ts';
import type { LabCluster } from '../cluster/lab-cluster.ts';
import type { RunningMetadataCache } from '../metadata-cache/server.ts';
import type { AnswerLog } from '../observe/answer-log.ts';
import type { StrayConnections } from '../observe/stray-connections.ts';
import type { Component, Endpoints, RunningTestbed } from '../running-testbed.ts';
import type { NamedAccounts } from './accounts.ts';
import { writeEndpoints } from './endpoints.ts';
import type { LabStorage } from '../storage/lab-storage.ts';
import type { StartContext } from './start-context.ts';
import { observeCluster } from './kube-observer.ts';
import { createObserver } from './observer.ts';
import type { LabOperator } from './operator.ts';
import { ENVIRONMENTS } from './operator.ts';
import type { Restartable } from './restartable.ts';
import type { Site } from './site.ts';
import type { TestbedRuntime } from './runtime.ts';

export interface TestbedParts {
  readonly ocean: RunningOceanChain;
  readonly accounts: NamedAccounts;
  readonly cache: RunningMetadataCache;
  readonly storage: LabStorage;
  readonly cluster: LabCluster;
  readonly servers: LabServers;
  readonly admin: KubeClient;
  readonly operator: LabOperator;
  readonly provider: Restartable<RunningProvider>;
  /** The first is the one above. */
  readonly sites: readonly Site[];
  readonly actors: Actors;
  readonly answers: AnswerLog;
  readonly strays: StrayConnections;
  readonly addressFile: string;
  readonly runtime: TestbedRuntime;
}

/** The image that lab algorithms run in; every tag of it is the machine's own Node. */
const NODE_IMAGE = { image: 'node', tag: '24' } as const;

/** The public face over the running parts. */
export async function assembleTestbed(context: StartContext, parts: TestbedParts): Promise<RunningTestbed> {
  const { stack, stages, folder } = context;
  const { cluster, ocean, operator, provider } = parts;
  const endpoints = endpointsOf(context, parts);
  const observe = await observerOf(context, parts);
  const node = cluster.images.node ?? NODE_IMAGE;
  const endpointsFile = path.join(folder, 'endpoints.json');
  stack.defer('endpoints file', () => rmSync(endpointsFile, { force: true }));
  writeEndpoints(endpointsFile, endpoints);
  const components: Readonly<Record<Component, { kill(): Promise<void>; restart(): Promise<void> }>> = {
    provider: provider,
    'operator-service': operator.service,
    broker: operator.broker,
    engine: operator.engine,
  };
  const facts: Omit<RunningTestbed, 'stop' | typeof Symbol.asyncDispose> = {
    endpoints,
    endpointsFile,
    capabilities: cluster.capabilities,
    actors: parts.actors,
    servers: parts.servers,
    observe,
    images: { node: { ...node, checksum: cluster.images.digestOf(node.image) } },
    environments: ENVIRONMENTS,
    timings: stages.timings,
    chain: {
      timeIsMovable: ocean.chain.timeIsMovable,
      advanceTime: ocean.chain.advanceTime,
      mine: ocean.chain.mine,
      now: async () => (await ocean.provider.getBlock('latest'))?.timestamp ?? 0,
    },
    get standIns() {
      return cluster.images.standIns;
    },
    kill: (component) => components[component].kill(),
    restart: (component) => components[component].restart(),
  };
  return runningResource(facts, () => stack.stop());
}

async function observerOf(context: StartContext, parts: TestbedParts): Promise<RunningTestbed['observe']> {
  const { clock, entropy, log, stack } = context;
  const { cluster, admin, answers, strays, storage } = parts;
  const kube = await observeCluster(cluster, admin);
  stack.defer('observer of the cluster', () => kube.stop());
  return createObserver({
    instanceFolder: context.folder,
    stack,
    clock,
    entropy,
    kube,
    storage,
    answers,
    strays,
    log,
    marks: () => cluster.marks(),
    serverUrls: () => serverUrls(parts),
    hostAddressFromPods: cluster.hostAddressFromPods,
    listenHosts: cluster.listenHosts,
    unwatchedServers: new Set([
      ...(context.config.rpc === undefined ? [] : ['chain']),
      ...(storage.s3.backend === 'embedded' ? [] : ['s3']),
      ...(cluster.backend === 'embedded' ? [] : ['kubernetes-api']),
    ]),
    traceLines: parts.runtime.traceLines ?? (() => []),
    exportLogs: cluster.exportLogs,
  });
}

function serverUrls(parts: TestbedParts): Record<string, string> {
  const { operator, provider, servers } = parts;
  return {
    provider: provider.current.listenUrl,
    'operator-service': operator.service.current.url,
    broker: operator.broker.current.url,
    'kubernetes-api': parts.cluster.apiUrl,
    s3: parts.storage.s3.endpoint,
    chain: parts.ocean.chain.rpcUrl,
    'metadata-cache': parts.cache.url,
    [`files of ${servers.euLab.name}`]: servers.euLab.url,
    [`files of ${servers.usLab.name}`]: servers.usLab.url,
  };
}

function endpointsOf({ config }: StartContext, parts: TestbedParts): Endpoints {
  const { ocean, accounts, operator, cluster, storage, sites } = parts;
  const { endpoint, accessKey, secretKey, region } = storage.s3;
  return {
    version: 1,
    chainId: ocean.chain.chainId,
    rpcUrl: ocean.chain.rpcUrl,
    addressFile: parts.addressFile,
    accounts: [
      ...Object.entries(accounts).map(([name, account]) => ({ name, ...account })),
      ...sites.slice(1).flatMap((site) => [
        { name: site.name, ...site.accounts.provider },
        { name: site.name.replace('provider', 'environment'), ...site.accounts.environment },
      ]),
    ],
    providers: sites.map(({ name, provider: { current }, operator: own }) => ({
      name,
      url: current.url,
      address: current.address,
      operatorServiceUrl: own.service.current.url,
    })),
    metadataCacheUrl: parts.cache.url,
    operatorServiceUrl: operator.service.current.url,
    kubeconfig: cluster.kubeconfigPath,
    s3: { endpoint, accessKey, secretKey, region, buckets: storage.buckets },
    standIns: cluster.images.standIns,
    quirks: config.quirks,
  };
}
