import type { RunningOceanChain } from '../chain/ocean-chain.ts';
import type { LabCluster } from '../cluster/lab-cluster.ts';
import type { LabStorage } from '../storage/lab-storage.ts';
import { accountCount } from './accounts.ts';
import type { StartContext } from './start-context.ts';

export function startChainStage(context: StartContext, addressFile: string): Promise<RunningOceanChain> {
  const { config, stages, stack, clock, native, net } = context;
  return stages.run('chain and contracts', async () => {
    if (config.rpc !== undefined) return connectChainOf(context, addressFile, config.rpc);
    const { startOceanChain } = await import('../chain/ocean-chain.ts');
    return stack.start('chain', () =>
      startOceanChain({
        clock,
        native,
        net,
        addressFile,
        // A scenario keeps this process busy enough.
        ownProcess: true,
        chainId: config.chainId,
        // Every account costs the chain a millisecond or two of its start.
        accountCount: accountCount(config.providers),
        port: config.ports.chain ?? 0,
        ...(config.contractsDir === undefined ? {} : { contractsDir: config.contractsDir }),
        ...(config.blockTimeSeconds === undefined ? {} : { blockTimeSeconds: config.blockTimeSeconds }),
      }),
    );
  });
}

async function connectChainOf(
  { config, stack, net }: StartContext,
  addressFile: string,
  { url, addressFile: oceanAddresses, keyFile }: NonNullable<StartContext['config']['rpc']>,
): Promise<RunningOceanChain> {
  const { connectExistingChain } = await import('../chain/existing-chain.ts');
  return stack.start('chain', () =>
    connectExistingChain({
      net,
      rpcUrl: url,
      accountCount: accountCount(config.providers),
      addressFile,
      ...(oceanAddresses === undefined ? {} : { oceanAddresses }),
      ...(keyFile === undefined ? {} : { keyFile }),
      ...(config.contractsDir === undefined ? {} : { contractsDir: config.contractsDir }),
    }),
  );
}

export function startStorageStage(context: StartContext): Promise<LabStorage> {
  return context.stages.run('object storage', async () => {
    const { startLabStorage } = await import('../storage/start-lab-storage.ts');
    return startLabStorage(context);
  });
}

export function startClusterStage(context: StartContext): Promise<LabCluster> {
  return context.stages.run('cluster', async () => {
    const { startLabCluster } = await import('../cluster/start-lab-cluster.ts');
    return startLabCluster(context);
  });
}
