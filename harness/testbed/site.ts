import type { RunningProvider } from '../../provider/server.ts';
import type { KubeClient } from '../../engine/kubernetes/client.ts';
import type { ChainAccount } from '../chain/chain.ts';
import type { RunningOceanChain } from '../chain/ocean-chain.ts';
import type { LabCluster } from '../cluster/lab-cluster.ts';
import type { LabStorage } from '../storage/lab-storage.ts';
import type { LabOperator } from './operator.ts';
import { createOperator, installStage } from './operator.ts';
import type { Restartable } from './restartable.ts';
import { createProviderComponent } from './services.ts';
import type { StartContext } from './start-context.ts';

export interface SiteAccounts {
  readonly provider: ChainAccount;
  /** Consumer of the orders of its environments. */
  readonly environment: ChainAccount;
}

/** A Provider with the operator that it sends jobs to. The first has no number: most testbeds have just one. */
export interface Site {
  /** `provider`, `provider2`, … */
  readonly name: string;
  readonly accounts: SiteAccounts;
  readonly operator: LabOperator;
  readonly provider: Restartable<RunningProvider>;
  readonly admin: KubeClient;
}

export interface Neighbour {
  readonly accounts: SiteAccounts;
  /** '' until it runs. */
  readonly providerUrl: () => string;
}

export interface SiteInputs {
  /** From 1. */
  readonly number: number;
  readonly accounts: SiteAccounts;
  /** The other sites of this testbed: jobs may run over datasets of several. */
  readonly neighbours: readonly Neighbour[];
  readonly ocean: RunningOceanChain;
  readonly metadataCacheUrl: string;
  readonly cluster: LabCluster;
  readonly storage: LabStorage;
}

/** Starts all of one site, in the order in which they need each other. Their stops are registered before. */
export async function startSite(context: StartContext, inputs: SiteInputs): Promise<Site> {
  const { stack, stages } = context;
  const { accounts, ocean, metadataCacheUrl, cluster, storage } = inputs;
  const suffix = inputs.number === 1 ? '' : String(inputs.number);
  const namespace = `${cluster.namespace}${suffix && `-${suffix}`}`;
  const ports = portsOf(context, inputs.number);
  let providerUrl = '';
  const operatorInputs = {
    cluster,
    storage,
    namespace,
    suffix,
    environmentAddress: accounts.environment.address,
    environmentKey: accounts.environment.privateKey,
    inputProviders: Object.fromEntries(
      inputs.neighbours.map(({ accounts: { provider }, providerUrl: url }) => [provider.address, url]),
    ),
    providerAddress: accounts.provider.address,
    providerUrl: () => providerUrl,
    ...(ports.operatorService === undefined ? {} : { port: ports.operatorService }),
  };
  const admin = await installStage(context, operatorInputs);
  const operator = await createOperator(context, operatorInputs);
  const provider = createProviderComponent(context, {
    ocean,
    privateKey: accounts.provider.privateKey,
    metadataCacheUrl,
    operatorServiceUrl: () => operator.service.current.url,
    trustedEnvironments: inputs.neighbours.map(({ accounts: { environment } }) => environment.address),
    listenHosts: cluster.listenHosts,
    suffix,
    ...(ports.provider === undefined ? {} : { port: ports.provider }),
  });
  stack.defer('Provider', () => provider.stop());
  deferStops(context, operator);
  const stage = (name: string): string => (suffix === '' ? name : `${name} ${suffix}`);
  await stages.run(stage('Operator Service'), () => operator.service.start());
  await stages.run(stage('Provider'), () => provider.start());
  providerUrl = provider.current.url;
  await stages.run(stage('Job Broker'), () => operator.broker.start());
  await stages.run(stage('Operator Engine'), () => operator.engine.start());
  return { name: `provider${suffix}`, accounts, operator, provider, admin };
}

/** Registered before any of them starts. The engine goes first: it needs the others to end what it is at. */
function deferStops({ stack }: StartContext, { service, broker, engine }: LabOperator): void {
  stack.defer('Operator Service', () => service.stop());
  stack.defer('Job Broker', () => broker.stop());
  stack.defer('Operator Engine', () => engine.stop());
}

function portsOf({ config }: StartContext, number: number): { provider?: number; operatorService?: number } {
  const { provider, operatorService } = config.ports;
  return {
    ...(provider === undefined ? {} : { provider: provider + number - 1 }),
    // Only the first one's is known to clients.
    ...(operatorService === undefined || number > 1 ? {} : { operatorService }),
  };
}
