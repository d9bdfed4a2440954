import { sameAddress } from '../core/protocol/address.ts';
import type { Seams } from '../core/seams.ts';
import type { OrderReader } from './access/order-reader.ts';
import { createOrderReader } from './access/order-reader.ts';
import type { AssetResolver } from './asset/asset-resolver.ts';
import { createAssetResolver } from './asset/asset-resolver.ts';
import type { AuthTokens } from './auth/auth-tokens.ts';
import { createAuthTokens } from './auth/auth-tokens.ts';
import type { Authenticator } from './auth/authenticator.ts';
import { createAuthenticator } from './auth/authenticator.ts';
import type { Capabilities } from './auth/capability.ts';
import { createCapabilities } from './auth/capability.ts';
import { createContractSignatures } from './auth/contract-signatures.ts';
import type { Chain, Chains } from './chain/chains.ts';
import type { Environments } from './compute/environments.ts';
import { createEnvironments } from './compute/environments.ts';
import type { JobLists } from './compute/job-lists.ts';
import { createJobLists } from './compute/job-lists.ts';
import type { JobPreparer } from './compute/prepare-job.ts';
import { createJobPreparer } from './compute/prepare-job.ts';
import type { RunSettlement } from './compute/run-settlement.ts';
import { createRunSettlement } from './compute/run-settlement.ts';
import type { JobStarter } from './compute/start-job.ts';
import { createJobStarter } from './compute/start-job.ts';
import type { ProviderConfig } from './config.ts';
import type { ContractCaller } from './files/contract-file.ts';
import type { ForeignProviders } from './foreign/foreign-providers.ts';
import { createForeignProviders } from './foreign/foreign-providers.ts';
import type { DownloadProofSender } from './download-proofs.ts';
import { createDownloadProofSender } from './download-proofs.ts';
import type { FileSource, HostResolver } from './files/file-source.ts';
import { createFileSource } from './files/file-source.ts';
import type { OperatorClient } from './operator-client.ts';
import { createOperatorClient } from './operator-client.ts';
import { Places } from './places.ts';
import { refused } from './refusal.ts';
import type { StateDatabase } from './stores/database.ts';
import type { NonceStore } from './stores/nonce-store.ts';
import { createNonceStore } from './stores/nonce-store.ts';
import type { UsageLedger } from './stores/usage-ledger.ts';
import { createUsageLedger } from './stores/usage-ledger.ts';

/** Everything that routes work with. */
export interface ProviderContext {
  readonly seams: Seams;
  readonly config: ProviderConfig;
  readonly chains: Chains;
  readonly resolver: AssetResolver;
  readonly source: FileSource;
  readonly foreign: ForeignProviders;
  readonly nonces: NonceStore;
  readonly tokens: AuthTokens;
  readonly authenticator: Authenticator;
  readonly capabilities: Capabilities;
  readonly orders: OrderReader;
  readonly ledger: UsageLedger;
  readonly proofs: DownloadProofSender;
  /** Where unsigned requests that hash files wait. */
  readonly checksums: Places;
  readonly compute: ComputeParts | undefined;
}

/** What only a Provider with an Operator Service has. */
export interface ComputeParts {
  readonly operator: OperatorClient;
  readonly environments: Environments;
  readonly lists: JobLists;
  readonly preparer: JobPreparer;
  readonly starter: JobStarter;
  readonly settlement: RunSettlement;
}

export interface ContextInputs {
  readonly seams: Seams;
  readonly config: ProviderConfig;
  readonly chains: Chains;
  readonly database: StateDatabase;
  readonly inputUrl: () => string;
  readonly resolveHost?: HostResolver | undefined;
}

export function createContext({
  seams,
  config,
  chains,
  database,
  inputUrl,
  resolveHost,
}: ContextInputs): ProviderContext {
  const { signer } = firstChain(chains);
  const nonces = createNonceStore(database);
  const tokens = createAuthTokens(signer, database, seams.clock);
  const callContract = contractCaller(chains);
  const source = createFileSource(config, seams, { resolveHost, callContract });
  const base = {
    seams,
    config,
    chains,
    source,
    foreign: createForeignProviders(source, seams),
    nonces,
    tokens,
    resolver: createAssetResolver(config, chains, seams, source),
    authenticator: createAuthenticator(nonces, tokens, createContractSignatures(chains)),
    capabilities: createCapabilities(signer, seams.clock),
    orders: createOrderReader(seams, config.quirks),
    ledger: createUsageLedger(database),
    proofs: createDownloadProofSender(config, seams),
    checksums: new Places(config.limits.checksums, config.limits.checksumsWaiting),
  };
  return { ...base, compute: createComputeParts(base, inputUrl) };
}

function createComputeParts(base: Omit<ProviderContext, 'compute'>, inputUrl: () => string): ComputeParts | undefined {
  const { seams, config, chains, resolver, source, foreign, orders, ledger, capabilities } = base;
  if (config.operatorServiceUrl === undefined) return undefined;
  const operator = createOperatorClient(config.operatorServiceUrl, seams, config.limits);
  const environments = createEnvironments(operator, chains, config, seams);
  const preparer = createJobPreparer({
    resolver,
    environments,
    source,
    foreign,
    checksums: base.checksums,
    maxChecksumBytes: config.limits.checksumBytes,
    maxDatasets: config.limits.datasets,
  });
  const settlement = createRunSettlement(ledger, operator, chains, seams.clock);
  const starter = createJobStarter({
    seams,
    preparer,
    orders,
    source,
    foreign,
    ledger,
    settlement,
    operator,
    capabilities,
    limits: config.limits,
    inputUrl,
    metadataCacheUrl: config.metadataCacheUrl,
  });
  const lists = createJobLists(operator, distinctSigners(chains), seams.clock, config.limits.statusMs);
  return { operator, environments, lists, preparer, starter, settlement };
}

/** Whether an address is an environment's: of this Provider's own operator, or of one that the data owner trusts. */
export async function isEnvironment(
  { config, compute }: Pick<ProviderContext, 'config' | 'compute'>,
  address: string,
): Promise<boolean> {
  if (config.trustedEnvironments.some((one) => sameAddress(one, address))) return true;
  return (await compute?.environments.isEnvironmentAddress(address)) ?? false;
}

/** A contract is read on the chain that its file names, if that is one of ours. */
function contractCaller(chains: Chains): ContractCaller {
  return async ({ address, abi, chainId }, parameters) =>
    chains.require(chainId).reader.callFunction({ address, abi, parameters });
}

/** Tokens, capabilities and operator requests without a chain use the first chain's signer. */
export function firstChain(chains: Chains): Chain {
  const [chain] = chains.all;
  if (!chain) throw refused('CHAIN_UNSUPPORTED', 'chainId', 'chain.supported', 'No chain is configured.');
  return chain;
}

/** @throws Refused COMPUTE_DISABLED */
export function requireCompute(context: ProviderContext): ComputeParts {
  if (context.compute) return context.compute;
  throw refused('COMPUTE_DISABLED', 'compute', 'compute.enabled', 'This Provider has no Operator Service.');
}

/** Chains with different signers: each is another identity towards the Operator Service. */
export function distinctSigners(chains: Chains): readonly Chain[] {
  const byAddress = new Map(chains.all.map((chain) => [chain.signer.address, chain]));
  return [...byAddress.values()];
}
