import type { OceanAddresses } from '../../contracts/address-book.ts';
import { connectChain } from '../../contracts/rpc.ts';
import type { RunningResource } from '../../core/resource.ts';
import { ResourceStack, runningResource } from '../../core/resource.ts';
import type { Seams } from '../../core/seams.ts';
import { toHex } from '../../core/protocol/hashing.ts';
import { buildMetadataCache } from './app.ts';
import { createDocumentDecoder } from './decode-document.ts';
import { MetadataFollower } from './follower.ts';

export interface MetadataCacheOptions {
  readonly seams: Seams;
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly addresses: OceanAddresses;
  readonly port?: number;
  readonly host?: string;
  /** 0x hex. Default: a key of its own for this run. */
  readonly privateKey?: string;
}

export interface RunningMetadataCache extends RunningResource {
  readonly url: string;
}

/** Starts an Aquarius-compatible metadata cache over one chain. */
export async function startMetadataCache(options: MetadataCacheOptions): Promise<RunningMetadataCache> {
  const { seams, rpcUrl, chainId, addresses, host = '127.0.0.1', port = 0 } = options;
  const privateKey = options.privateKey ?? toHex(seams.entropy.bytes(32));
  const stack = new ResourceStack();
  try {
    const provider = connectChain({ rpcUrl, chainId, net: seams.net, clock: seams.clock });
    stack.defer('chain connection of the metadata cache', () => provider.destroy());
    const decoder = createDocumentDecoder({ net: seams.net, clock: seams.clock, chainId, privateKey });
    const follower = new MetadataFollower({ provider, chainId, addresses, decoder, log: seams.log });
    const app = buildMetadataCache({ follower, privateKey, log: seams.log });
    stack.defer('metadata cache', () => app.close());
    await app.listen({ host, port });
    const address = app.server.address();
    const actualPort = typeof address === 'object' && address ? address.port : port;
    return runningResource({ url: `http://${host}:${actualPort}` }, () => stack.stop());
  } catch (error) {
    await stack.stop();
    throw error;
  }
}
