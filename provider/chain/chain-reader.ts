import type { JsonRpcProvider } from 'ethers';
import type { TransactionSigner } from '../../contracts/send-transaction.ts';
import type * as signaturesModule from '../../contracts/contract-signature.ts';
import type * as functionsModule from '../../contracts/call-function.ts';
import type { FunctionCall } from '../../contracts/call-function.ts';
import type * as datatokenModule from '../../contracts/datatoken.ts';
import type * as eventsModule from '../../contracts/events.ts';
import type * as metadataModule from '../../contracts/metadata.ts';
import type * as ordersModule from '../../contracts/orders.ts';
import type { MetadataEvent, MetadataStatus } from '../../contracts/metadata.ts';
import type { OrderReceipt } from '../../contracts/orders.ts';
import { WavetankError, isWavetankError, messageOf } from '../../core/errors.ts';
import type { Seams } from '../../core/seams.ts';
import type { ChainConfig } from '../config.ts';
import { refused } from '../refusal.ts';

/** As the datatoken's `orderExecuted` takes it; the data are texts. */
export interface DownloadProof {
  readonly orderTxId: string;
  readonly providerData: string;
  readonly providerSignature: string;
  readonly consumerData: string;
  readonly consumerSignature: string;
  readonly consumerAddress: string;
}

/** What a Provider asks a chain. Every method throws `Refused` CHAIN_UNREACHABLE when the node does not answer. */
export interface ChainReader {
  /** undefined while the chain has no receipt. Only logs of `datatoken` are in it. */
  orderReceipt(transactionHash: string, datatoken: string): Promise<OrderReceipt | undefined>;
  isNftOfFactory(nft: string): Promise<boolean>;
  isDatatokenOfNft(nft: string, datatoken: string): Promise<boolean>;
  /** undefined when it does not say. Means something only of a datatoken of an NFT of the factory. */
  datatokenTemplate(datatoken: string): Promise<number | undefined>;
  metadataStatus(nft: string): Promise<MetadataStatus>;
  owner(nft: string): Promise<string>;
  /** The last MetadataCreated or MetadataUpdated of the NFT, at or after `fromBlock`. */
  lastMetadata(nft: string, fromBlock?: number): Promise<MetadataEvent | undefined>;
  /** The metadata event that this NFT emitted in a transaction: created before updated, as the classic Provider picks. */
  metadataOfTransaction(transactionHash: string, nft: string): Promise<MetadataEvent | undefined>;
  /**
   * A contract's answer as JSON text. Its own failures are those of `callFunction`.
   * @throws WavetankError CONTRACT_PARAMETER_MISSING, CONTRACT_PARAMETER_INVALID, CONTRACT_ABI_INVALID, CONTRACT_CALL_FAILED
   */
  callFunction(call: FunctionCall): Promise<string>;
  /** Unix seconds of the newest block. */
  time(): Promise<number>;
  /** Decimals of an ERC-20. @throws Refused FEE_TOKEN_INVALID */
  decimals(token: string): Promise<number>;
  /** Whether the contract at an address stands by a signature (ERC-1271); undefined when there is no contract. */
  isContractSignature(address: string, digest: Uint8Array, signature: string): Promise<boolean | undefined>;
  /** Writes on chain that an order was served; the one thing that a Provider ever sends. @returns the transaction's hash */
  recordDownload(datatoken: string, proof: DownloadProof, signer: TransactionSigner): Promise<string>;
  close(): void;
}

interface Contracts {
  readonly rpc: JsonRpcProvider;
  readonly orders: typeof ordersModule;
  readonly metadata: typeof metadataModule;
  readonly events: typeof eventsModule;
  readonly signatures: typeof signaturesModule;
  readonly functions: typeof functionsModule;
  readonly datatokens: typeof datatokenModule;
}

/** Answers of a contract, or of who asks one: the node has done its part. */
const CONTRACTS_FAULTS = new Set([
  'CONTRACT_CALL_FAILED',
  'CONTRACT_PARAMETER_MISSING',
  'CONTRACT_PARAMETER_INVALID',
  'CONTRACT_ABI_INVALID',
]);

/** Answers that never change are kept, so many of each kind. */
const KEPT = 100_000;

/** The largest power of ten that fits a uint256. */
const MAX_DECIMALS = 77;

/** ethers takes a tenth of a second to load, so the connection is made with the first question. */
export function createChainReader(config: ChainConfig, seams: Seams, timeoutMs: number): ChainReader {
  let opened: Promise<Contracts> | undefined;
  const decimals = new Map<string, Promise<number>>();
  const factoryNfts = new Set<string>();
  const ownDatatokens = new Set<string>();
  const templates = new Map<string, number>();
  const open = (): Promise<Contracts> => (opened ??= connect(config, seams, timeoutMs));
  const ask = async <T>(question: (contracts: Contracts) => Promise<T>): Promise<T> => {
    const contracts = await open();
    try {
      return await question(contracts);
    } catch (error) {
      if (isWavetankError(error) && CONTRACTS_FAULTS.has(error.code)) throw error;
      seams.log.warn('The chain could not be read.', { chainId: config.chainId, problem: messageOf(error) });
      throw refused('CHAIN_UNREACHABLE', 'chainId', 'chain.answers', 'The chain cannot be read at the moment.');
    }
  };
  // What is no contract of Ocean's answers nothing, and then it is none.
  const orUndefined = async <T>(answer: Promise<T>): Promise<T | undefined> => {
    try {
      return await answer;
    } catch (error) {
      if (isWavetankError(error, 'CONTRACT_CALL_FAILED')) return undefined;
      throw error;
    }
  };
  const orFalse = async (answer: Promise<boolean>): Promise<boolean> => (await orUndefined(answer)) ?? false;

  return {
    orderReceipt: (hash, datatoken) => ask(({ rpc, orders }) => orders.readOrderReceipt(rpc, hash, datatoken)),
    async isNftOfFactory(nft) {
      if (factoryNfts.has(nft)) return true; // the factory never takes one off its list
      const isListed = await orFalse(ask(({ rpc, metadata }) => metadata.isNftOfFactory(rpc, config.factory, nft)));
      if (isListed && factoryNfts.size < KEPT) factoryNfts.add(nft);
      return isListed;
    },
    async isDatatokenOfNft(nft, datatoken) {
      const key = `${nft}:${datatoken}`;
      if (ownDatatokens.has(key)) return true; // an NFT never takes one off its list
      const isOwn = await orFalse(ask(({ rpc, metadata }) => metadata.isDatatokenOfNft(rpc, nft, datatoken)));
      if (isOwn && ownDatatokens.size < KEPT) ownDatatokens.add(key);
      return isOwn;
    },
    async datatokenTemplate(datatoken) {
      const known = templates.get(datatoken);
      if (known !== undefined) return known;
      const template = await orUndefined(
        ask(({ rpc, datatokens }) => datatokens.readDatatokenTemplate(rpc, datatoken)),
      );
      if (template !== undefined && templates.size < KEPT) templates.set(datatoken, template);
      return template;
    },
    metadataStatus: (nft) => ask(({ rpc, metadata }) => metadata.readMetadataStatus(rpc, nft)),
    owner: (nft) => ask(({ rpc, metadata }) => metadata.readNftOwner(rpc, nft)),
    lastMetadata: (nft, knownBlock) =>
      ask(async ({ rpc, metadata }) => {
        const fromBlock = Math.max(config.startBlock, knownBlock ?? 0);
        if (knownBlock === undefined) return metadata.readLastMetadata(rpc, nft, fromBlock);
        try {
          return await metadata.readLastMetadataSince(rpc, nft, fromBlock);
        } catch (error) {
          // The node cannot be reached, or it refuses so many blocks at once.
          if (isWavetankError(error)) throw error;
          return metadata.readLastMetadata(rpc, nft, fromBlock);
        }
      }),
    metadataOfTransaction: (hash, nft) =>
      ask(async ({ rpc, events }) => {
        const logs = (await rpc.getTransactionReceipt(hash))?.logs ?? [];
        return (
          events.eventsFrom(logs, nft, events.MetadataCreated)[0] ??
          events.eventsFrom(logs, nft, events.MetadataUpdated)[0]
        );
      }),
    callFunction: (call) => ask(({ rpc, functions }) => functions.callFunction(rpc, call)),
    time: () =>
      ask(async ({ rpc }) => {
        const newest = await rpc.getBlock('latest');
        if (!newest) throw new WavetankError('CHAIN_UNREACHABLE', 'The chain has no block.');
        return newest.timestamp;
      }),
    async decimals(token) {
      const known = decimals.get(token) ?? ask(({ rpc, metadata }) => metadata.readDecimals(rpc, token));
      decimals.set(token, known);
      known.catch(() => decimals.delete(token));
      const found = await orUndefined(known);
      if (found !== undefined && found <= MAX_DECIMALS) return found;
      throw refused(
        'FEE_TOKEN_INVALID',
        'environment',
        'fee.token',
        'The fee token of this Provider is no ERC-20 token.',
      );
    },
    isContractSignature: (address, digest, signature) =>
      ask(({ rpc, signatures }) => signatures.isContractSignature(rpc, address, digest, signature)),
    recordDownload: (datatoken, proof, signer) =>
      ask(async ({ rpc }) => {
        const [{ erc20Template }, { sendTransaction }] = await Promise.all([
          import('../../contracts/abi.ts'),
          import('../../contracts/send-transaction.ts'),
        ]);
        const data = erc20Template.encodeFunctionData('orderExecuted', [
          proof.orderTxId,
          Buffer.from(proof.providerData),
          proof.providerSignature,
          Buffer.from(proof.consumerData),
          proof.consumerSignature,
          proof.consumerAddress,
        ]);
        return sendTransaction(rpc, { to: datatoken, data }, signer);
      }),
    close() {
      opened?.then(({ rpc }) => rpc.destroy()).catch(() => undefined); // never opened: nothing to close
    },
  };
}

async function connect(config: ChainConfig, seams: Seams, requestTimeoutMs: number): Promise<Contracts> {
  const [{ connectChain }, orders, metadata, events, signatures, functions, datatokens] = await Promise.all([
    import('../../contracts/rpc.ts'),
    import('../../contracts/orders.ts'),
    import('../../contracts/metadata.ts'),
    import('../../contracts/events.ts'),
    import('../../contracts/contract-signature.ts'),
    import('../../contracts/call-function.ts'),
    import('../../contracts/datatoken.ts'),
  ]);
  const rpc = connectChain({
    rpcUrl: config.rpcUrl,
    chainId: config.chainId,
    net: seams.net,
    clock: seams.clock,
    requestTimeoutMs,
  });
  return { rpc, orders, metadata, events, signatures, functions, datatokens };
}
