import path from 'node:path';
import type { ProviderOptions } from '../../provider/config.ts';
import type { RunningProvider } from '../../provider/server.ts';
import type { RunningOceanChain } from '../chain/ocean-chain.ts';
import type { ResolvedTestbedConfig } from '../config/resolved-config.ts';
import type { RunningMetadataCache } from '../metadata-cache/server.ts';
import type { StartContext } from './start-context.ts';
import { newSeams } from './operator.ts';
import { Restartable } from './restartable.ts';

export function startMetadataCacheStage(
  context: StartContext,
  { chain, addresses }: RunningOceanChain,
): Promise<RunningMetadataCache> {
  const { config, stages, stack } = context;
  return stages.run('metadata cache', async () => {
    const { startMetadataCache } = await import('../metadata-cache/server.ts');
    const seams = newSeams(context, 'metadata-cache')();
    stack.defer('connections of the metadata cache', () => seams.net.close());
    return stack.start('metadata cache', () =>
      startMetadataCache({
        seams,
        rpcUrl: chain.rpcUrl,
        chainId: chain.chainId,
        addresses,
        port: config.ports.metadataCache ?? 0,
      }),
    );
  });
}

export interface ProviderInputs {
  readonly ocean: RunningOceanChain;
  readonly privateKey: string;
  readonly metadataCacheUrl: string;
  readonly operatorServiceUrl: () => string;
  /** Environments of the other sites. */
  readonly trustedEnvironments: readonly string[];
  /** Besides loopback. */
  readonly listenHosts: readonly string[];
  /** Tells it from other Providers; empty for the first. */
  readonly suffix: string;
  /** Default: a free one. */
  readonly port?: number;
}

function gatewaysOf({ ipfs, arweave }: ResolvedTestbedConfig['gateways']): Partial<ProviderOptions> {
  return {
    ...(ipfs === undefined ? {} : { ipfsGateway: ipfs }),
    ...(arweave === undefined ? {} : { arweaveGateway: arweave }),
  };
}

/** Its nonces and its usage ledger lie in a file, so that the next instance goes on where this one was killed. */
export function createProviderComponent(context: StartContext, inputs: ProviderInputs): Restartable<RunningProvider> {
  const { config, folder } = context;
  const { chain, addresses } = inputs.ocean;
  return new Restartable<RunningProvider>(newSeams(context, `provider${inputs.suffix}`), async (seams, last) => {
    const { startProvider } = await import('../../provider/server.ts');
    return startProvider({
      seams,
      chains: [
        {
          chainId: chain.chainId,
          rpcUrl: chain.rpcUrl,
          addressBook: addresses,
          privateKey: inputs.privateKey,
        },
      ],
      metadataCacheUrl: inputs.metadataCacheUrl,
      operatorServiceUrl: inputs.operatorServiceUrl(),
      stateFile: path.join(folder, `provider${inputs.suffix}.sqlite`),
      // It is killed here, but the testbed itself outlasts no power cut: nothing need wait for the disk.
      stateSurvives: 'processEnd',
      // The labs' own servers are on this machine.
      allowNonPublicIp: true,
      mirrors: config.mirrors,
      ...gatewaysOf(config.gateways),
      quirks: config.quirks,
      trustedEnvironments: inputs.trustedEnvironments,
      listen: { port: last ? Number(new URL(last.listenUrl).port) : (inputs.port ?? 0), alsoOn: inputs.listenHosts },
    });
  });
}
