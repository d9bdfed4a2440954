import type { EventFragment, Interface, Result } from 'ethers';
import { sameAddress } from '../core/protocol/address.ts';
import { erc20Template, erc721Factory, erc721Template } from './abi.ts';

/** A log as every Ethereum client gives it. */
export interface EventLog {
  /** The contract that emitted it: the only field that its sender cannot choose. */
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
  readonly transactionHash: string;
  readonly blockNumber: number;
  readonly index: number;
}

/** Where an event stands; events are ordered by block and then by index. */
export interface EventPlace {
  readonly emitter: string;
  readonly transactionHash: string;
  readonly blockNumber: number;
  readonly logIndex: number;
}

/** Converts the values of a decoded log. */
type Reader<Fields> = (values: Result) => Fields;

/** One kind of event: its topic, and how a log of it is read. */
export interface EventKind<Fields> {
  readonly name: string;
  /** topic0, lower case. */
  readonly topic: string;
  /** undefined when the log is another event, or bytes that only share the topic. */
  decode(log: EventLog): (Fields & EventPlace) | undefined;
}

function eventKind<Fields>(face: Interface, name: string, read: Reader<Fields>): EventKind<Fields> {
  const fragment = face.getEvent(name) as EventFragment;
  return {
    name,
    topic: fragment.topicHash,
    decode(log) {
      if (log.topics[0]?.toLowerCase() !== fragment.topicHash) return undefined;
      try {
        return { ...read(face.decodeEventLog(fragment, log.data, log.topics)), ...placeOf(log) };
      } catch {
        return undefined;
      }
    },
  };
}

function placeOf(log: EventLog): EventPlace {
  const { address, transactionHash, blockNumber, index } = log;
  return { emitter: address, transactionHash, blockNumber, logIndex: index };
}

/** Events of the factory. */
export const NFTCreated = eventKind(erc721Factory, 'NFTCreated', (e) => ({
  nft: text(e.newTokenAddress),
  template: text(e.templateAddress),
  owner: text(e.admin),
  name: text(e.tokenName),
  symbol: text(e.symbol),
  tokenUri: text(e.tokenURI),
  isTransferable: e.transferable === true,
  creator: text(e.creator),
}));

export const TokenCreated = eventKind(erc721Factory, 'TokenCreated', (e) => ({
  datatoken: text(e.newTokenAddress),
  template: text(e.templateAddress),
  name: text(e.name),
  symbol: text(e.symbol),
  creator: text(e.creator),
}));

export const NewFixedRate = eventKind(erc721Factory, 'NewFixedRate', (e) => ({
  exchangeId: text(e.exchangeId),
  owner: text(e.owner),
  exchange: text(e.exchangeContract),
  baseToken: text(e.baseToken),
}));

export interface MetadataFields {
  /** Who called setMetaData; EIP-55. */
  readonly by: string;
  readonly state: number;
  readonly decryptorUrl: string;
  /** 0x hex. */
  readonly flags: string;
  /** 0x hex: the document, in the form that the flags say. */
  readonly data: string;
  /** 0x and 64 hex digits: SHA-256 of the plain document. */
  readonly metaDataHash: string;
  /** Unix seconds, of the block. */
  readonly timestamp: number;
}

/** Events of a data NFT. */
export const MetadataCreated = eventKind(erc721Template, 'MetadataCreated', (e) =>
  metadataFields(e, text(e.createdBy)),
);
export const MetadataUpdated = eventKind(erc721Template, 'MetadataUpdated', (e) =>
  metadataFields(e, text(e.updatedBy)),
);
export const MetadataState = eventKind(erc721Template, 'MetadataState', (e) => ({
  by: text(e.updatedBy),
  state: Number(e.state),
  timestamp: seconds(e.timestamp),
}));
export const NftTransfer = eventKind(erc721Template, 'Transfer', (e) => ({
  from: text(e.from),
  to: text(e.to),
  tokenId: e.tokenId as bigint,
}));

/** Events of a datatoken. */
export const OrderStarted = eventKind(erc20Template, 'OrderStarted', (e) => ({
  consumer: text(e.consumer),
  payer: text(e.payer),
  /** In 1e-18 datatokens. */
  amount: e.amount as bigint,
  serviceIndex: e.serviceIndex as bigint,
  timestamp: seconds(e.timestamp),
  publishMarketAddress: text(e.publishMarketAddress),
}));
export const OrderReused = eventKind(erc20Template, 'OrderReused', (e) => ({
  orderTxId: text(e.orderTxId),
  caller: text(e.caller),
  timestamp: seconds(e.timestamp),
}));
export const ProviderFee = eventKind(erc20Template, 'ProviderFee', (e) => ({
  providerFeeAddress: text(e.providerFeeAddress),
  providerFeeToken: text(e.providerFeeToken),
  providerFeeAmount: e.providerFeeAmount as bigint,
  /** 0x hex. */
  providerData: text(e.providerData),
  v: Number(e.v),
  r: text(e.r),
  s: text(e.s),
  validUntil: seconds(e.validUntil),
}));
/** Also of every ERC-20 token. */
export const TokenTransfer = eventKind(erc20Template, 'Transfer', (e) => ({
  from: text(e.from),
  to: text(e.to),
  value: e.value as bigint,
}));

export type EventOf<Kind> = Kind extends EventKind<infer Fields> ? Fields & EventPlace : never;

/**
 * The events of one kind that one contract emitted, in their order. Anybody can deploy a contract that emits any
 * event, and one transaction may call many contracts: a log counts only by who emitted it.
 */
export function eventsFrom<Fields>(
  logs: readonly EventLog[],
  emitter: string,
  kind: EventKind<Fields>,
): (Fields & EventPlace)[] {
  return logs
    .filter((log) => sameAddress(log.address, emitter))
    .map((log) => kind.decode(log))
    .filter((event) => event !== undefined)
    .toSorted(byPlace);
}

export function byPlace(a: EventPlace, b: EventPlace): number {
  return a.blockNumber - b.blockNumber || a.logIndex - b.logIndex;
}

function metadataFields(e: Result, by: string): MetadataFields {
  return {
    by,
    state: Number(e.state),
    decryptorUrl: text(e.decryptorUrl),
    flags: text(e.flags),
    data: text(e.data),
    metaDataHash: text(e.metaDataHash),
    timestamp: seconds(e.timestamp),
  };
}

function text(value: unknown): string {
  return value as string;
}

/** Times beyond what a number holds exactly are as good as the largest; no signature over them will verify. */
function seconds(value: unknown): number {
  return Number(value) > Number.MAX_SAFE_INTEGER ? Number.MAX_SAFE_INTEGER : Number(value);
}
