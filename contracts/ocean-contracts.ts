import type { ContractTransactionReceipt, Signer } from 'ethers';
import { Contract, parseUnits } from 'ethers';
import { WavetankError } from '../core/errors.ts';
import { ZERO_ADDRESS } from '../core/protocol/address.ts';
import type { ProviderFee } from '../core/protocol/provider-fee.ts';
import { dispenser, erc20Template, erc721Factory, erc721Template, fixedRateExchange } from './abi.ts';
import type { OceanAddresses } from './address-book.ts';
import type { EventKind } from './events.ts';
import { NFTCreated, NewFixedRate, TokenCreated, eventsFrom } from './events.ts';
import { transact } from './transact.ts';

/** One whole datatoken; an order pays exactly that. */
export const ONE_DATATOKEN = 10n ** 18n;

export interface NewAsset {
  readonly name: string;
  readonly symbol: string;
  /** Owner of the NFT and first minter of the datatoken. Default: the signer. */
  readonly owner?: string;
  /** Datatoken template; default 1. */
  readonly templateIndex?: number;
  /** What templates beyond 1 and 2 take besides, behind what all of them take. */
  readonly templateArguments?: { readonly addresses: readonly string[]; readonly bytes: readonly string[] };
  /** Whom the datatokens of orders go to. Default: the NFT's owner. */
  readonly paymentCollector?: string;
  readonly tokenUri?: string;
}

export interface CreatedAsset {
  readonly nft: string;
  readonly datatoken: string;
  readonly transactionHash: string;
  readonly blockNumber: number;
}

export interface FixedRateTerms {
  /** The token that is paid with. */
  readonly baseToken: string;
  readonly baseTokenDecimals: number;
  /** Whole base tokens for one datatoken, as decimal text: "2.5". */
  readonly rate: string;
}

export interface DispenserTerms {
  /** Most datatokens that one account gets at once and may hold, whole tokens. Default "10". */
  readonly maxTokens?: string;
}

export interface MetadataDocument {
  readonly state: number;
  readonly decryptorUrl: string;
  readonly decryptorAddress?: string;
  /** 0x hex. */
  readonly flags: string;
  /** 0x hex. */
  readonly data: string;
  /** 0x and 64 hex digits. */
  readonly hash: string;
}

export interface OrderRequest {
  readonly datatoken: string;
  readonly consumer: string;
  readonly serviceIndex: number;
  readonly providerFee: ProviderFee;
}

export interface MinedTransaction {
  readonly transactionHash: string;
  readonly blockNumber: number;
}

/** What a client of Ocean does on the chain, each call one mined transaction (or one read) of `signer`. */
export type OceanContracts = ReturnType<typeof oceanContracts>;

/** Failures are those of `transact`: CHAIN_TX_REFUSED with the contract's reason. */
export function oceanContracts(addresses: OceanAddresses, signer: Signer) {
  const factory = new Contract(addresses.ERC721Factory, erc721Factory, signer);
  const token = (address: string): Contract => new Contract(address, erc20Template, signer);
  const nftContract = (address: string): Contract => new Contract(address, erc721Template, signer);
  const create = async (method: string, asset: NewAsset, ...terms: readonly unknown[]) =>
    transact(factory, method, [...(await creationTuples(asset, signer)), ...terms]);

  return {
    async createNftWithErc20(asset: NewAsset): Promise<CreatedAsset> {
      return readCreated(await create('createNftWithErc20', asset), addresses);
    },

    /** The datatoken is sold at a fixed rate and minted on demand. */
    async createNftWithErc20WithFixedRate(
      asset: NewAsset,
      terms: FixedRateTerms,
    ): Promise<CreatedAsset & { readonly exchangeId: string }> {
      const owner = asset.owner ?? (await signer.getAddress());
      const receipt = await create('createNftWithErc20WithFixedRate', asset, fixedRateTuple(terms, owner, addresses));
      const { datatoken, ...created } = readCreated(receipt, addresses);
      return { ...created, datatoken, exchangeId: only(receipt, datatoken, NewFixedRate).exchangeId };
    },

    /** The datatoken is given away and minted on demand. */
    async createNftWithErc20WithDispenser(asset: NewAsset, terms: DispenserTerms = {}): Promise<CreatedAsset> {
      const most = parseUnits(terms.maxTokens ?? '10', 18);
      const tuple = [addresses.Dispenser, most, most, true, ZERO_ADDRESS];
      return readCreated(await create('createNftWithErc20WithDispenser', asset, tuple), addresses);
    },

    /** First call: MetadataCreated; later ones: MetadataUpdated. */
    async setMetaData(nft: string, document: MetadataDocument): Promise<MinedTransaction> {
      const { state, decryptorUrl, decryptorAddress = '', flags, data, hash } = document;
      const args = [state, decryptorUrl, decryptorAddress, flags, data, hash, []];
      return mined(await transact(nftContract(nft), 'setMetaData', args));
    },

    async setMetaDataState(nft: string, state: number): Promise<MinedTransaction> {
      return mined(await transact(nftContract(nft), 'setMetaDataState', [state]));
    },

    async transferNft(nft: string, to: string): Promise<MinedTransaction> {
      return mined(await transact(nftContract(nft), 'safeTransferFrom', [await signer.getAddress(), to, 1n]));
    },

    /** `amount` in 1e-18 datatokens. Needs the minter role. */
    async mint(datatoken: string, to: string, amount: bigint = ONE_DATATOKEN): Promise<MinedTransaction> {
      return mined(await transact(token(datatoken), 'mint', [to, amount]));
    },

    /** Pays one datatoken of the signer for `consumer`. The transaction's hash is what a Provider asks for. */
    async startOrder({ datatoken, consumer, serviceIndex, providerFee }: OrderRequest): Promise<MinedTransaction> {
      const args = [consumer, serviceIndex, feeTuple(providerFee), NO_MARKET_FEE];
      return mined(await transact(token(datatoken), 'startOrder', args));
    },

    /** Pays only a new provider fee for an order that exists. The contract checks neither. */
    async reuseOrder(datatoken: string, orderTxId: string, providerFee: ProviderFee): Promise<MinedTransaction> {
      return mined(await transact(token(datatoken), 'reuseOrder', [orderTxId, feeTuple(providerFee)]));
    },

    /** Several orders in one transaction; the payer that the events name is then the factory. */
    async startMultipleTokenOrder(orders: readonly OrderRequest[]): Promise<MinedTransaction> {
      const tuples = orders.map(({ datatoken, consumer, serviceIndex, providerFee }) => [
        datatoken,
        consumer,
        serviceIndex,
        feeTuple(providerFee),
        NO_MARKET_FEE,
      ]);
      return mined(await transact(factory, 'startMultipleTokenOrder', [tuples]));
    },

    /** What `amount` datatokens cost, fees included, in the base token's smallest unit. */
    async fixedRateCost(exchangeId: string, amount: bigint = ONE_DATATOKEN): Promise<bigint> {
      const exchange = new Contract(addresses.FixedPrice, fixedRateExchange, signer);
      const [cost] = (await exchange.getFunction('calcBaseInGivenOutDT')(exchangeId, amount, 0n)) as [bigint];
      return cost;
    },

    /** Buys datatokens at a fixed rate. The exchange needs an allowance for `atMost` of the base token. */
    async buyDatatokens(exchangeId: string, atMost: bigint, amount: bigint = ONE_DATATOKEN): Promise<MinedTransaction> {
      const exchange = new Contract(addresses.FixedPrice, fixedRateExchange, signer);
      return mined(await transact(exchange, 'buyDT', [exchangeId, amount, atMost, ZERO_ADDRESS, 0n]));
    },

    /** Takes datatokens from the dispenser for the signer. */
    async dispense(datatoken: string, amount: bigint = ONE_DATATOKEN): Promise<MinedTransaction> {
      const contract = new Contract(addresses.Dispenser, dispenser, signer);
      return mined(await transact(contract, 'dispense', [datatoken, amount, await signer.getAddress()]));
    },

    /** Lets `spender` take up to `amount` of any ERC-20 token from the signer. */
    async approve(erc20: string, spender: string, amount: bigint): Promise<MinedTransaction> {
      return mined(await transact(token(erc20), 'approve', [spender, amount]));
    },

    async transfer(erc20: string, to: string, amount: bigint): Promise<MinedTransaction> {
      return mined(await transact(token(erc20), 'transfer', [to, amount]));
    },

    async balanceOf(erc20: string, owner: string): Promise<bigint> {
      return (await token(erc20).getFunction('balanceOf')(owner)) as bigint;
    },

    async allowance(erc20: string, owner: string, spender: string): Promise<bigint> {
      return (await token(erc20).getFunction('allowance')(owner, spender)) as bigint;
    },
  };
}

export const NO_MARKET_FEE = [ZERO_ADDRESS, ZERO_ADDRESS, 0n] as const;

/** As ocean.js asks for; template 1 ignores it. */
const CAP = 100_000n * ONE_DATATOKEN;

async function creationTuples(asset: NewAsset, signer: Signer): Promise<readonly [unknown[], unknown[]]> {
  const owner = asset.owner ?? (await signer.getAddress());
  const nft = [asset.name, asset.symbol, 1, asset.tokenUri ?? '', true, owner];
  const further = asset.templateArguments ?? { addresses: [], bytes: [] };
  const addresses = [owner, asset.paymentCollector ?? ZERO_ADDRESS, ZERO_ADDRESS, ZERO_ADDRESS, ...further.addresses];
  return [nft, [asset.templateIndex ?? 1, [asset.name, asset.symbol], addresses, [CAP, 0n], further.bytes]];
}

/** The exchange keeps rates with 18 decimals whatever the base token's are. */
function fixedRateTuple(
  { baseToken, baseTokenDecimals, rate }: FixedRateTerms,
  owner: string,
  at: OceanAddresses,
): unknown[] {
  const swapFee = 0n;
  const withMint = 1n;
  const fields = [baseTokenDecimals, 18, parseUnits(rate, 18), swapFee, withMint];
  return [at.FixedPrice, [baseToken, owner, owner, ZERO_ADDRESS], fields];
}

/** A provider fee as the contracts take it. */
export function feeTuple(fee: ProviderFee): unknown[] {
  const { providerFeeAddress, providerFeeToken, providerFeeAmount, v, r, s, validUntil, providerData } = fee;
  return [providerFeeAddress, providerFeeToken, providerFeeAmount, v, r, s, validUntil, providerData];
}

function readCreated(receipt: ContractTransactionReceipt, { ERC721Factory }: OceanAddresses): CreatedAsset {
  const { nft } = only(receipt, ERC721Factory, NFTCreated);
  const { datatoken } = only(receipt, ERC721Factory, TokenCreated);
  return { nft, datatoken, ...mined(receipt) };
}

function only<Fields>(receipt: ContractTransactionReceipt, emitter: string, kind: EventKind<Fields>): Fields {
  const [event] = eventsFrom(receipt.logs, emitter, kind);
  if (event) return event;
  throw new WavetankError('CHAIN_EVENT_MISSING', `The transaction has no ${kind.name} event of ${emitter}.`);
}

function mined({ hash, blockNumber }: ContractTransactionReceipt): MinedTransaction {
  return { transactionHash: hash, blockNumber };
}
