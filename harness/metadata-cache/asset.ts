import type { MetadataEvent, NftDescription } from '../../contracts/metadata.ts';
import type { Price } from '../../contracts/price.ts';
import type { Ddo } from '../../core/protocol/ddo.ts';

/** A DDO as Aquarius answers it: the published document with what the cache knows from the chain beside it. */
export interface Asset {
  readonly id: string;
  readonly nft: { readonly state: number; readonly [fact: string]: unknown };
  readonly [field: string]: unknown;
}

export interface AssetFacts {
  readonly ddo: Ddo;
  readonly event: MetadataEvent;
  readonly created: MetadataEvent;
  readonly state: number;
  readonly nft: NftDescription;
  readonly datatokens: readonly { readonly address: string; readonly name: string; readonly symbol: string }[];
  readonly orders: number;
  readonly price: Price;
}

/** States in which only the asset's existence is told: deprecated and revoked. */
export const SHORT_FORM_STATES: ReadonlySet<number> = new Set([2, 3]);

/** Fields that the cache adds replace those that a client re-published with an edited asset. */
export function buildAsset(facts: AssetFacts): Asset {
  const { ddo, event, created, state, nft, datatokens, orders, price } = facts;
  if (SHORT_FORM_STATES.has(state)) return shortForm(ddo, state);
  const serviceOf = (address: string): string | undefined =>
    ddo.services.find((service) => service.datatokenAddress.toLowerCase() === address.toLowerCase())?.id;
  return {
    ...ddo,
    nft: {
      address: ddo.nftAddress,
      name: nft.name,
      symbol: nft.symbol,
      owner: nft.owner,
      state,
      created: dateOf(created.timestamp),
      tokenURI: nft.tokenUri,
    },
    datatokens: datatokens.map((token) => ({ ...token, serviceId: serviceOf(token.address) })),
    event: {
      tx: event.transactionHash,
      txid: event.transactionHash,
      block: event.blockNumber,
      from: event.by,
      contract: event.emitter,
      datetime: dateOf(event.timestamp),
    },
    stats: { orders, price },
    purgatory: { state: false, reason: '' },
  };
}

export function shortForm(
  { id, chainId, nftAddress }: Pick<Ddo, 'id' | 'chainId' | 'nftAddress'>,
  state: number,
): Asset {
  return { id, chainId, nftAddress, nft: { state } };
}

/** Seconds since the epoch as Aquarius writes a time: UTC without a zone. */
function dateOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19);
}
