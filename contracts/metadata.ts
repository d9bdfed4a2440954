import type { JsonRpcProvider, Result } from 'ethers';
import { WavetankError } from '../core/errors.ts';
import { ZERO_ADDRESS, sameAddress } from '../core/protocol/address.ts';
import { erc20Template, erc721Factory, erc721Template } from './abi.ts';
import type { EventOf } from './events.ts';
import { MetadataCreated, MetadataState, MetadataUpdated, NftTransfer, byPlace } from './events.ts';

export type MetadataEvent = EventOf<typeof MetadataCreated>;
export type MetadataStateEvent = EventOf<typeof MetadataState>;
export type NftTransferEvent = EventOf<typeof NftTransfer>;

/** Data NFTs of Ocean have exactly one token. */
const TOKEN_ID = 1n;

export interface MetadataStatus {
  readonly decryptorUrl: string;
  readonly decryptorAddress: string;
  /** 0 to 5 have a meaning; the contract takes any number up to 255. */
  readonly state: number;
  /** false until the first setMetaData; `state` is then 0 and means nothing. */
  readonly hasMetaData: boolean;
}

export async function readMetadataStatus(provider: JsonRpcProvider, nft: string): Promise<MetadataStatus> {
  const [decryptorUrl, decryptorAddress, state, hasMetaData] = await callNft(provider, nft, 'getMetaData');
  return {
    decryptorUrl: decryptorUrl as string,
    decryptorAddress: decryptorAddress as string,
    state: Number(state),
    hasMetaData: hasMetaData === true,
  };
}

/** Whether the factory deployed this NFT: without it, a contract's events and answers are anybody's claims. */
export async function isNftOfFactory(provider: JsonRpcProvider, factory: string, nft: string): Promise<boolean> {
  const [listed] = await call(provider, erc721Factory, factory, 'erc721List', [nft]);
  return listed !== ZERO_ADDRESS && sameAddress(listed as string, nft);
}

/** Whether the factory deployed this datatoken. */
export async function isDatatokenOfFactory(
  provider: JsonRpcProvider,
  factory: string,
  token: string,
): Promise<boolean> {
  const [isListed] = await call(provider, erc721Factory, factory, 'erc20List', [token]);
  return isListed === true;
}

/** Whether a datatoken belongs to an NFT. Ask only about an NFT of the factory. */
export async function isDatatokenOfNft(provider: JsonRpcProvider, nft: string, datatoken: string): Promise<boolean> {
  const [isDeployed] = await callNft(provider, nft, 'isDeployed', [datatoken]);
  return isDeployed === true;
}

export async function readNftOwner(provider: JsonRpcProvider, nft: string): Promise<string> {
  const [owner] = await callNft(provider, nft, 'ownerOf', [TOKEN_ID]);
  return owner as string;
}

export interface NftDescription {
  readonly name: string;
  readonly symbol: string;
  readonly tokenUri: string;
  readonly owner: string;
  readonly datatokens: readonly string[];
}

export async function readNftDescription(provider: JsonRpcProvider, nft: string): Promise<NftDescription> {
  const [[name], [symbol], [tokenUri], owner, [datatokens]] = await Promise.all([
    callNft(provider, nft, 'name'),
    callNft(provider, nft, 'symbol'),
    callNft(provider, nft, 'tokenURI', [TOKEN_ID]),
    readNftOwner(provider, nft),
    callNft(provider, nft, 'getTokensList'),
  ]);
  return {
    name: name as string,
    symbol: symbol as string,
    tokenUri: tokenUri as string,
    owner,
    datatokens: [...(datatokens as string[])],
  };
}

export async function readTokenName(
  provider: JsonRpcProvider,
  token: string,
): Promise<{ name: string; symbol: string }> {
  const [[name], [symbol]] = await Promise.all([
    call(provider, erc20Template, token, 'name'),
    call(provider, erc20Template, token, 'symbol'),
  ]);
  return { name: name as string, symbol: symbol as string };
}

/** Decimals of any ERC-20; what a price in whole tokens is scaled by. */
export async function readDecimals(provider: JsonRpcProvider, token: string): Promise<number> {
  const [decimals] = await call(provider, erc20Template, token, 'decimals');
  return Number(decimals);
}

export interface BlockRange {
  readonly fromBlock: number;
  readonly toBlock: number | 'latest';
}

export interface MetadataEvents {
  /** Both kinds, created and updated, ordered. */
  readonly documents: readonly MetadataEvent[];
  readonly states: readonly MetadataStateEvent[];
  readonly transfers: readonly NftTransferEvent[];
}

/**
 * Metadata events of a range of blocks, of one NFT or of every contract there is. Without `nft` the emitters are
 * unchecked: pass each through `isNftOfFactory` before believing it.
 */
export async function readMetadataEvents(
  provider: JsonRpcProvider,
  range: BlockRange,
  nft?: string,
): Promise<MetadataEvents> {
  const kinds = [MetadataCreated.topic, MetadataUpdated.topic, MetadataState.topic, NftTransfer.topic];
  const logs = await provider.getLogs({ ...range, topics: [kinds], ...(nft === undefined ? {} : { address: nft }) });
  const decoded = <T>(decode: (log: (typeof logs)[number]) => T | undefined): T[] =>
    logs.map(decode).filter((event) => event !== undefined);
  return {
    documents: decoded((log) => MetadataCreated.decode(log) ?? MetadataUpdated.decode(log)).toSorted(byPlace),
    states: decoded((log) => MetadataState.decode(log)).toSorted(byPlace),
    transfers: decoded((log) => NftTransfer.decode(log)).toSorted(byPlace),
  };
}

/** How many blocks one question covers; hosted nodes refuse much wider ones. */
const BLOCKS_PER_QUESTION = 10_000;

/**
 * The document that is valid now: the last MetadataCreated or MetadataUpdated that this NFT emitted, searched
 * backwards from the newest block to `startBlock`. undefined when it never had one.
 */
export async function readLastMetadata(
  provider: JsonRpcProvider,
  nft: string,
  startBlock: number,
): Promise<MetadataEvent | undefined> {
  for (let toBlock = await provider.getBlockNumber(); toBlock >= startBlock; toBlock -= BLOCKS_PER_QUESTION) {
    const fromBlock = Math.max(startBlock, toBlock - BLOCKS_PER_QUESTION + 1);
    const { documents } = await readMetadataEvents(provider, { fromBlock, toBlock }, nft);
    const last = documents.at(-1);
    if (last) return last;
  }
  return undefined;
}

/** The same with one question, for whoever knows the block of a document already. Nodes that refuse wide ranges may refuse it. */
export async function readLastMetadataSince(
  provider: JsonRpcProvider,
  nft: string,
  fromBlock: number,
): Promise<MetadataEvent | undefined> {
  const { documents } = await readMetadataEvents(provider, { fromBlock, toBlock: 'latest' }, nft);
  return documents.at(-1);
}

function callNft(
  provider: JsonRpcProvider,
  nft: string,
  method: string,
  args: readonly unknown[] = [],
): Promise<Result> {
  return call(provider, erc721Template, nft, method, args);
}

/**
 * One read of a contract.
 * @throws WavetankError CONTRACT_CALL_FAILED when there is no such contract, or it is none of Ocean's.
 */
export async function call(
  provider: JsonRpcProvider,
  face: typeof erc721Template,
  to: string,
  method: string,
  args: readonly unknown[] = [],
): Promise<Result> {
  try {
    const answer = await provider.call({ to, data: face.encodeFunctionData(method, args) });
    return face.decodeFunctionResult(method, answer);
  } catch (error) {
    if (!isContractsFault(error)) throw error;
    throw new WavetankError('CONTRACT_CALL_FAILED', `The contract ${to} does not answer ${method}.`, {
      cause: error,
      details: { contract: to, method },
    });
  }
}

/** A node that cannot be reached is another matter than a contract that answers nonsense. */
function isContractsFault(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return code === 'CALL_EXCEPTION' || code === 'BAD_DATA' || code === 'BUFFER_OVERRUN';
}
