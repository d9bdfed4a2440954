import type { CreatedAsset, OceanContracts } from '../../../contracts/ocean-contracts.ts';
import { oceanContracts } from '../../../contracts/ocean-contracts.ts';
import { createNet } from '../../../core/net.ts';
import { ZERO_ADDRESS } from '../../../core/protocol/address.ts';
import type { ProviderFee } from '../../../core/protocol/provider-fee.ts';
import { encodeProviderFeeData, signProviderFee } from '../../../core/protocol/provider-fee.ts';
import type { RunningResource } from '../../../core/resource.ts';
import { runningResource } from '../../../core/resource.ts';
import type { RunningOceanChain } from '../ocean-chain.ts';
import { CountingWallet } from '../../actors/counting-wallet.ts';
import { startOceanChain } from '../ocean-chain.ts';

/** Someone with an account on the chain of a test. */
export interface LabActor extends OceanContracts {
  readonly address: string;
  readonly privateKey: string;
  readonly wallet: CountingWallet;
}

export interface OceanLab extends RunningOceanChain, RunningResource {
  readonly publisher: LabActor;
  readonly consumer: LabActor;
  readonly stranger: LabActor;
  /** Signs fees; needs no transactions. */
  readonly providerKey: string;
  readonly providerAddress: string;
}

/** A chain with Ocean on it and three people, for tests. */
export async function startOceanLab(options: { blockTimeSeconds?: number } = {}): Promise<OceanLab> {
  const net = createNet();
  // The last of them is the Provider's: each takes its time to derive, and to be given OCEAN.
  const ocean = await startOceanChain({ net, accountCount: 9, ...options });
  const actor = (index: number): LabActor => {
    const account = accountOf(ocean, index);
    const wallet = new CountingWallet(account.privateKey, ocean.provider, ocean.chain.chainId);
    return { ...account, wallet, ...oceanContracts(ocean.addresses, wallet) };
  };
  const provider = accountOf(ocean, 8);
  const facts = {
    ...ocean,
    publisher: actor(0),
    consumer: actor(1),
    stranger: actor(2),
    providerKey: provider.privateKey,
    providerAddress: provider.address,
  };
  return runningResource(facts, async () => {
    await ocean.stop();
    await net.close();
  });
}

function accountOf({ chain }: RunningOceanChain, index: number): { address: string; privateKey: string } {
  const account = chain.accounts[index];
  if (!account) throw new Error(`The lab has no account ${index}.`);
  return account;
}

export interface FeeOptions {
  readonly amount?: bigint;
  readonly token?: string;
  readonly validUntil?: number;
  readonly datatoken?: string;
  readonly serviceId?: string;
}

/** A provider fee as the lab's Provider signs it. */
export function labFee(lab: OceanLab, options: FeeOptions = {}): ProviderFee {
  return signProviderFee(
    {
      providerFeeAddress: lab.providerAddress,
      providerFeeToken: options.token ?? lab.addresses.Ocean,
      providerFeeAmount: options.amount ?? 0n,
      validUntil: options.validUntil ?? 0,
      providerData: encodeProviderFeeData({
        environment: null,
        timestamp: 1_700_000_000.5,
        dt: options.datatoken ?? ZERO_ADDRESS,
        id: options.serviceId ?? 'service-1',
      }),
    },
    lab.providerKey,
  );
}

/** An asset of the publisher's; the consumer holds ten of its datatokens. */
export async function publishForConsumer(lab: OceanLab): Promise<CreatedAsset> {
  const asset = await lab.publisher.createNftWithErc20({ name: 'Recordings', symbol: 'REC' });
  await lab.publisher.mint(asset.datatoken, lab.consumer.address, 10n * 10n ** 18n);
  return asset;
}
