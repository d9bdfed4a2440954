import path from 'node:path';
import { WavetankError } from '../core/errors.ts';
import type { ListenOptions } from '../core/http-listen.ts';
import type { AnswerObserver } from '../core/observed-answer.ts';
import { checksumAddress, isAddress } from '../core/protocol/address.ts';
import type { Seams } from '../core/seams.ts';
import type { Gateways } from './files/file-request.ts';
import type { DownloadProofs } from './download-proofs.ts';
import type { Quirk } from './quirks.ts';
import type { RbacConfig } from './rbac.ts';
import type { StateSurvives } from './stores/database.ts';
import { LOCAL_CHAINS, isWellKnownKey } from '../core/protocol/well-known-keys.ts';

/** What a Provider needs of Ocean's address file, per chain. */
export interface ProviderAddressBook {
  readonly ERC721Factory: string;
  /** Fee token unless `feeToken` names another. */
  readonly Ocean: string;
  /** No event of Ocean is older. Default 0. */
  readonly startBlock?: number;
}

export interface ProviderChainOptions {
  readonly chainId: number;
  readonly rpcUrl: string;
  readonly addressBook: ProviderAddressBook;
  /** Signs fees and decrypts; 0x and 64 hex digits. Every other key is derived from it. */
  readonly privateKey: string;
  /** ERC-20 in which compute fees are quoted. Default: the address book's Ocean. */
  readonly feeToken?: string;
  /** Blocks that an order needs, its own included. Default 0 on the local chain ids 8996, 1337 and 31337, elsewhere 1. */
  readonly confirmations?: number;
  /** In texts that the classic Provider prefixes. Default: Ganache for 8996, else the chain id. */
  readonly name?: string;
}

export interface Mirror {
  /** Exact prefix of outside URLs. */
  readonly prefix: string;
  /** Local directory that answers for it. */
  readonly dir: string;
}

export interface ProviderLimits {
  /** Of a JSON body. */
  readonly bodyBytes: number;
  /** Largest file that is hashed when a job starts. A larger dataset file goes unverified, a larger algorithm is refused. */
  readonly checksumBytes: number;
  /** Unsigned requests that hash files (for a checksum, or a quote) and are worked on at once, and that wait for it; one more is refused. */
  readonly checksums: number;
  readonly checksumsWaiting: number;
  /** For one answer of metadata cache, Operator Service or chain. */
  readonly upstreamTimeoutMs: number;
  /** Until a file's host sends its headers; also the longest pause between two pieces of its body. */
  readonly fileTimeoutMs: number;
  /** How long this Provider itself reads one file, for its checksum, or one document: a host that drips may not hold a request. */
  readonly readMs: number;
  /** How long a signed request waits for its order's receipt. Unsigned ones never wait. */
  readonly receiptWaitMs: number;
  /** Event streams open at once, in all and per consumer. */
  readonly streams: number;
  readonly streamsPerOwner: number;
  readonly streamMs: number;
  readonly heartbeatMs: number;
  /** How long an answer about a consumer's jobs serves other askers. */
  readonly statusMs: number;
  /** How long compute environments are remembered. */
  readonly environmentsMs: number;
  /** How long a job may fetch its inputs after its start. */
  readonly capabilitySeconds: number;
  readonly authTokenSeconds: number;
  /** Datasets in one job, the main one included. */
  readonly datasets: number;
  readonly redirects: number;
}

export const DEFAULT_LIMITS: ProviderLimits = {
  bodyBytes: 2 * 1024 * 1024,
  checksumBytes: 256 * 1024 * 1024,
  checksums: 4,
  checksumsWaiting: 32,
  upstreamTimeoutMs: 10_000,
  fileTimeoutMs: 10_000,
  readMs: 120_000,
  receiptWaitMs: 5_000,
  streams: 256,
  streamsPerOwner: 16,
  streamMs: 3_600_000,
  heartbeatMs: 15_000,
  statusMs: 25,
  environmentsMs: 1_000,
  capabilitySeconds: 6 * 3600,
  authTokenSeconds: 30 * 24 * 3600,
  datasets: 16,
  redirects: 5,
};

export interface ProviderOptions {
  readonly seams: Seams;
  readonly listen?: ListenOptions;
  readonly chains: readonly ProviderChainOptions[];
  readonly metadataCacheUrl: string;
  /** Without it the compute routes answer 404. */
  readonly operatorServiceUrl?: string;
  /** What clients are told; default: where it listens. */
  readonly advertisedUrl?: string;
  /** Where the Job Broker reaches this Provider; default: `advertisedUrl`. */
  readonly podUrl?: string;
  /** Nonces, usage ledger, revoked tokens: an SQLite file, or ':memory:'. */
  readonly stateFile: string;
  /** What an accepted nonce or a reserved run outlasts. Default `powerCut`; `processEnd` is for testbeds. */
  readonly stateSurvives?: StateSurvives;
  /** A lab's files lie on loopback. Default false. */
  readonly allowNonPublicIp?: boolean;
  /** Answer for outside URLs from local files; they come before the safe-URL rule. */
  readonly mirrors?: readonly Mirror[];
  /** Files of type ipfs are read at `<ipfsGateway>/ipfs/<hash>`; without it they are refused. */
  readonly ipfsGateway?: string;
  /** Files of type arweave are read at `<arweaveGateway>/<transactionId>`; without it they are refused. */
  readonly arweaveGateway?: string;
  /** Who may ask /decrypt; empty or absent: everybody. */
  readonly authorizedDecrypters?: readonly string[];
  /** Ids of the environments that are offered; absent: all that the Operator Service has. */
  readonly allowedEnvironments?: readonly string[];
  /** Addresses of other operators' environments that may download what is for computing only: they check the lists of algorithms. Default: none. */
  readonly trustedEnvironments?: readonly string[];
  /** A server that is asked whether a consumer's role allows a download or a job. Default: none. */
  readonly rbacUrl?: string;
  /** Told to that server. Default false. */
  readonly isPrivate?: boolean;
  /** Told of every download that began: by HTTP, or by a transaction `orderExecuted`. Default: nobody. */
  readonly downloadProofs?: DownloadProofs;
  readonly limits?: Partial<ProviderLimits>;
  /** Ways of the classic Provider that clients rely on. Default: none. */
  readonly quirks?: readonly Quirk[];
  /** Told of every answer, for tests and recordings. */
  readonly onAnswer?: AnswerObserver;
  /** Names to addresses. Default: the system's resolver. */
  readonly resolveHost?: (host: string) => Promise<readonly string[]>;
}

export interface ChainConfig {
  readonly chainId: number;
  readonly name: string;
  readonly rpcUrl: string;
  readonly factory: string;
  readonly feeToken: string;
  readonly startBlock: number;
  readonly privateKey: string;
  readonly confirmations: number;
}

export interface ProviderConfig {
  readonly chains: readonly ChainConfig[];
  readonly metadataCacheUrl: string;
  readonly operatorServiceUrl: string | undefined;
  readonly stateFile: string;
  readonly stateSurvives: StateSurvives;
  readonly allowNonPublicIp: boolean;
  readonly mirrors: readonly Mirror[];
  readonly gateways: Gateways;
  readonly authorizedDecrypters: readonly string[];
  readonly allowedEnvironments: readonly string[] | undefined;
  readonly trustedEnvironments: readonly string[];
  readonly rbac: RbacConfig | undefined;
  readonly downloadProofs: DownloadProofs | undefined;
  readonly limits: ProviderLimits;
  readonly quirks: ReadonlySet<Quirk>;
}

const URL_OPTIONS = [
  'metadataCacheUrl',
  'operatorServiceUrl',
  'advertisedUrl',
  'podUrl',
  'ipfsGateway',
  'arweaveGateway',
  'rbacUrl',
] as const;

/**
 * Checks and completes the options.
 * @throws WavetankError PROVIDER_CONFIG_INVALID (usage) naming every problem at once
 */
export function resolveConfig(options: ProviderOptions): ProviderConfig {
  const problems: string[] = [];
  if (options.chains.length === 0) problems.push('chains: at least one is needed');
  if (new Set(options.chains.map((chain) => chain.chainId)).size !== options.chains.length)
    problems.push('chains: a chain id occurs twice');
  const chains = options.chains.flatMap((chain, i) => resolveChain(chain, `chains[${i}]`, problems));
  for (const key of URL_OPTIONS) checkUrl(options[key], key, problems);
  if (options.downloadProofs !== undefined && options.downloadProofs !== 'chain')
    checkUrl(options.downloadProofs.url, 'downloadProofs.url', problems);
  for (const key of ['authorizedDecrypters', 'trustedEnvironments'] as const) {
    for (const [i, address] of (options[key] ?? []).entries()) {
      if (!isAddress(address)) problems.push(`${key}[${i}]: not an Ethereum address`);
    }
  }
  for (const [i, mirror] of (options.mirrors ?? []).entries()) {
    if (!/^https?:\/\/[^/]+\//.test(mirror.prefix))
      problems.push(`mirrors[${i}].prefix: not the beginning of an http(s) URL with a path`);
  }
  if (problems.length > 0) {
    throw new WavetankError('PROVIDER_CONFIG_INVALID', `The Provider's options are wrong: ${problems.join('; ')}.`, {
      category: 'usage',
      details: { problems },
    });
  }
  return {
    chains,
    metadataCacheUrl: withoutSlash(options.metadataCacheUrl),
    operatorServiceUrl: orWithoutSlash(options.operatorServiceUrl),
    stateFile: options.stateFile,
    stateSurvives: options.stateSurvives ?? 'powerCut',
    allowNonPublicIp: options.allowNonPublicIp ?? false,
    mirrors: (options.mirrors ?? []).map(({ prefix, dir }) => ({ prefix, dir: path.resolve(dir) })),
    gateways: { ipfs: orWithoutSlash(options.ipfsGateway), arweave: orWithoutSlash(options.arweaveGateway) },
    authorizedDecrypters: (options.authorizedDecrypters ?? []).map(checksumAddress),
    allowedEnvironments: options.allowedEnvironments,
    trustedEnvironments: (options.trustedEnvironments ?? []).map(checksumAddress),
    rbac: options.rbacUrl === undefined ? undefined : { url: options.rbacUrl, isPrivate: options.isPrivate ?? false },
    downloadProofs: options.downloadProofs,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    quirks: new Set(options.quirks),
  };
}

function resolveChain(chain: ProviderChainOptions, at: string, problems: string[]): ChainConfig[] {
  const before = problems.length;
  const feeToken = chain.feeToken ?? chain.addressBook.Ocean;
  if (!Number.isSafeInteger(chain.chainId) || chain.chainId <= 0) problems.push(`${at}.chainId: not a chain id`);
  if (!/^0x[0-9a-fA-F]{64}$/.test(chain.privateKey)) problems.push(`${at}.privateKey: not 0x and 64 hex digits`);
  else if (!LOCAL_CHAINS.has(chain.chainId) && isWellKnownKey(chain.privateKey))
    problems.push(`${at}.privateKey: everybody has this key; it is for local chains alone`);
  if (!isAddress(chain.addressBook.ERC721Factory)) problems.push(`${at}.addressBook.ERC721Factory: not an address`);
  // ocean.js asks the fee token for an allowance even when the fee is 0: the zero address makes it throw.
  if (!isAddress(feeToken) || /^0x0{40}$/.test(feeToken)) problems.push(`${at}.feeToken: not the address of an ERC-20`);
  checkUrl(chain.rpcUrl, `${at}.rpcUrl`, problems);
  if (problems.length > before) return [];
  return [
    {
      chainId: chain.chainId,
      name: chain.name ?? (chain.chainId === 8996 ? 'Ganache' : String(chain.chainId)),
      rpcUrl: chain.rpcUrl,
      factory: checksumAddress(chain.addressBook.ERC721Factory),
      feeToken: checksumAddress(feeToken),
      startBlock: chain.addressBook.startBlock ?? 0,
      privateKey: chain.privateKey,
      confirmations: chain.confirmations ?? (LOCAL_CHAINS.has(chain.chainId) ? 0 : 1),
    },
  ];
}

function checkUrl(url: string | undefined, key: string, problems: string[]): void {
  if (url === undefined) return;
  if (!URL.canParse(url) || !/^https?:/.test(url)) problems.push(`${key}: not an http(s) URL`);
}

function orWithoutSlash(url: string | undefined): string | undefined {
  return url === undefined ? undefined : withoutSlash(url);
}

export function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
