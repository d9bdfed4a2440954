import type { JsonRpcProvider } from 'ethers';
import type { OceanAddresses } from '../../contracts/address-book.ts';
import { writeAddressFile } from '../../contracts/address-book.ts';
import { deployOcean } from '../../contracts/deploy-ocean.ts';
import { connectChain } from '../../contracts/rpc.ts';
import type { Net } from '../../core/net.ts';
import type { RunningResource } from '../../core/resource.ts';
import { ResourceStack, runningResource } from '../../core/resource.ts';
import type { RunningChain } from './chain.ts';
import type { HardhatChainOptions } from './hardhat-chain.ts';
import { startHardhatChain } from './hardhat-chain.ts';

export interface OceanChainOptions extends HardhatChainOptions {
  readonly net: Net;
  /** Where `address.json` is written for outside clients; nowhere by default. */
  readonly addressFile?: string;
  /** A protocol developer's own Hardhat artifacts, looked at before the official ones. */
  readonly contractsDir?: string;
}

export interface RunningOceanChain extends RunningResource {
  readonly chain: RunningChain;
  readonly addresses: OceanAddresses;
  /** A connection for reading; it ends with the chain. */
  readonly provider: JsonRpcProvider;
}

/** A local chain with Ocean's contracts on it. */
export async function startOceanChain(options: OceanChainOptions): Promise<RunningOceanChain> {
  const stack = new ResourceStack();
  try {
    const chain = await stack.start('chain', () => startHardhatChain(options));
    const provider = connectChain({ rpcUrl: chain.rpcUrl, chainId: chain.chainId, net: options.net });
    stack.defer('chain connection', () => provider.destroy());
    const { chainId, accounts } = chain;
    const addresses = await deployOcean({
      provider,
      chainId,
      accounts,
      ...(options.contractsDir === undefined ? {} : { contractsDir: options.contractsDir }),
    });
    if (options.addressFile !== undefined) await writeAddressFile(options.addressFile, addresses);
    return runningResource({ chain, addresses, provider }, () => stack.stop());
  } catch (error) {
    await stack.stop();
    throw error;
  }
}
