import type { Draft } from './documents.ts';
import type { OceanJsLab } from './lab.ts';
import type { Signer } from './ocean-js.ts';
import { ethers, oceanJs } from './ocean-js.ts';

export type Asset = Awaited<ReturnType<InstanceType<typeof oceanJs.Aquarius>['resolve']>>;

export interface Published {
  readonly did: string;
  readonly nft: string;
  readonly datatoken: string;
  readonly asset: Asset;
}

/** The library's own way of publishing, from files and a draft to what the metadata cache answers. */
export async function publish(
  lab: OceanJsLab,
  files: unknown,
  draft: Draft,
  options: {
    readonly template?: number;
    readonly owner?: Signer;
    readonly encrypted?: boolean;
    providerUrl?: string;
  } = {},
): Promise<Published> {
  const { aquarius, contracts } = lab;
  const { template = 1, owner = lab.publisher, encrypted = true, providerUrl = lab.providerUrl } = options;
  const did = await oceanJs.createAsset(
    'Lab data',
    'LAB',
    owner,
    files,
    template,
    draft,
    encrypted,
    providerUrl,
    contracts.ocean,
    aquarius,
  );
  const asset = await aquarius.waitForIndexer(did, undefined, undefined, 50, 20);
  if (!asset) throw new Error(`${did} was published and never seen`);
  return { did, nft: asset.nftAddress, datatoken: asset.services[0]?.datatokenAddress ?? '', asset };
}

/** Publishes the changed document again, as the owner of the asset, and waits until the metadata cache has it. */
export async function edit({ publisher, aquarius, providerUrl }: OceanJsLab, asset: Asset): Promise<Asset | null> {
  const owner = await publisher.getAddress();
  const [data, { hash }] = await Promise.all([
    oceanJs.ProviderInstance.encrypt(asset, asset.chainId, providerUrl),
    aquarius.validate(asset),
  ]);
  const sent = await new oceanJs.Nft(publisher, asset.chainId).setMetadata(
    asset.nftAddress,
    owner,
    asset.nft.state,
    providerUrl,
    '',
    ethers.utils.hexlify(2),
    data,
    hash ?? '',
  );
  return aquarius.waitForIndexer(asset.id, sent.hash, undefined, 50, 20);
}
