import type { JsonFragment, JsonRpcProvider, TransactionReceipt } from 'ethers';
import { Interface, Wallet, getCreateAddress, toQuantity } from 'ethers';
import { WavetankError } from '../core/errors.ts';
import type { OceanAddresses } from './address-book.ts';
import type { ArtifactLookup, ContractArtifact, OfficialContract } from './artifacts.ts';
import { artifactLookup } from './artifacts.ts';
import type { CreateStep, DeploymentStep, PlanArgument } from './deployment-plan.ts';
import { deploymentPlan } from './deployment-plan.ts';

export interface DeployOceanOptions {
  readonly provider: JsonRpcProvider;
  readonly chainId: number;
  /** Account 0 deploys and owns everything, as in Ocean's own deployment; the next nine get OCEAN tokens. */
  readonly accounts: readonly { readonly address: string; readonly privateKey: string }[];
  /** A Hardhat project or artifacts directory whose contracts win over the official ones. */
  readonly contractsDir?: string;
}

/**
 * Deploys Ocean's contracts and says where they are.
 * All transactions are prepared first (their addresses follow from the nonces) and travel together, so a local chain
 * needs three round trips. Every receipt is checked.
 * @throws WavetankError DEPLOYMENT_FAILED naming the step, CONTRACT_ARTIFACT_MISSING, CONTRACT_ARTIFACT_INVALID
 */
export async function deployOcean(options: DeployOceanOptions): Promise<OceanAddresses> {
  const [deployer] = options.accounts;
  if (!deployer) throw new WavetankError('DEPLOYMENT_FAILED', 'A deployment needs an account.', { category: 'usage' });
  const plan = deploymentPlan(Math.min(9, options.accounts.length - 1));
  const artifacts = await loadArtifacts(plan, artifactLookup(options));
  const [nonce, fees, unlocked] = await Promise.all([
    options.provider.getTransactionCount(deployer.address),
    feesFor(options.provider),
    unlockedAccounts(options.provider),
  ]);
  const addresses = predictAddresses(plan, deployer.address, nonce);
  const accounts = options.accounts.map(({ address }) => address);
  const encode = encoder({ artifacts, addresses, accounts, plan });
  const transactions = plan.map((step, index) => ({ nonce: nonce + index, ...fees, ...encode(step) }));
  const send = unlocked.has(deployer.address.toLowerCase())
    ? unsignedSender(options.provider, deployer.address)
    : signedSender(options.provider, deployer.privateKey, options.chainId);
  const receipts = await sendAll(options.provider, plan, transactions, send);
  return describe(options.chainId, plan, addresses, receipts);
}

async function loadArtifacts(
  plan: readonly DeploymentStep[],
  lookup: ArtifactLookup,
): Promise<ReadonlyMap<OfficialContract, ContractArtifact>> {
  const names = new Set(plan.filter(isCreate).map((step) => step.contract));
  return new Map(await Promise.all([...names].map(async (name) => [name, await lookup(name)] as const)));
}

/** Twice the base fee: room for the blocks that the deployment itself fills. */
async function feesFor(provider: JsonRpcProvider): Promise<{ maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }> {
  const block = await provider.getBlock('latest');
  const tip = 1_000_000_000n;
  return { maxFeePerGas: (block?.baseFeePerGas ?? 0n) * 2n + tip, maxPriorityFeePerGas: tip };
}

function predictAddresses(plan: readonly DeploymentStep[], from: string, nonce: number): ReadonlyMap<string, string> {
  const addresses = new Map<string, string>();
  plan.forEach((step, index) => {
    if (isCreate(step)) addresses.set(step.as, getCreateAddress({ from, nonce: nonce + index }));
  });
  return addresses;
}

interface PlanContext {
  readonly plan: readonly DeploymentStep[];
  readonly artifacts: ReadonlyMap<OfficialContract, ContractArtifact>;
  readonly addresses: ReadonlyMap<string, string>;
  readonly accounts: readonly string[];
}

/** Fixed limits instead of an estimate per step; the dearest creation (a datatoken template) takes about 5.5 million. */
const CREATE_GAS = 8_000_000n;
const CALL_GAS = 300_000n;

function encoder(context: PlanContext): (step: DeploymentStep) => { to?: string; data: string; gasLimit: bigint } {
  const contractOf = new Map(context.plan.filter(isCreate).map((step) => [step.as, step.contract]));
  const interfaces = interfacesOf(context.artifacts, context.plan);
  const argument = (given: PlanArgument): unknown => {
    if ('ref' in given) return known(context.addresses.get(given.ref), given.ref);
    if ('account' in given) return known(context.accounts[given.account], `account ${given.account}`);
    return given.value;
  };
  return (step) => {
    const contract = isCreate(step) ? step.contract : known(contractOf.get(step.on), step.on);
    const face = known(interfaces.get(contract), contract);
    const args = step.args.map(argument);
    if (!isCreate(step)) {
      const to = known(context.addresses.get(step.on), step.on);
      return { to, data: face.encodeFunctionData(step.method, args), gasLimit: CALL_GAS };
    }
    const { bytecode } = known(context.artifacts.get(contract), contract);
    return { data: bytecode + face.encodeDeploy(args).slice(2), gasLimit: CREATE_GAS };
  };
}

/** Of the constructors and methods that the plan uses: to parse all eight hundred fragments takes twenty times as long. */
function interfacesOf(
  artifacts: PlanContext['artifacts'],
  plan: readonly DeploymentStep[],
): ReadonlyMap<OfficialContract, Interface> {
  const methods = new Set(plan.map((step) => (isCreate(step) ? '' : step.method)));
  const isUsed = ({ type, name = '' }: JsonFragment): boolean => type === 'constructor' || methods.has(name);
  return new Map([...artifacts].map(([name, { abi }]) => [name, new Interface(abi.filter(isUsed))]));
}

interface PlannedTransaction {
  readonly nonce: number;
  readonly to?: string;
  readonly data: string;
  readonly gasLimit: bigint;
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** Hands one transaction to the node; gives its hash. */
type Send = (transaction: PlannedTransaction) => Promise<string>;

/** Public nodes refuse the question or answer with nobody. */
async function unlockedAccounts(provider: JsonRpcProvider): Promise<ReadonlySet<string>> {
  const accounts = (await provider.send('eth_accounts', []).catch(() => [])) as string[];
  return new Set(accounts.map((account) => account.toLowerCase()));
}

/** A node that holds the key signs natively: measured, encoding and signing a megabyte of bytecode in JavaScript takes 0.3 s. */
function unsignedSender(provider: JsonRpcProvider, from: string): Send {
  return ({ nonce, to, data, gasLimit, maxFeePerGas, maxPriorityFeePerGas }) =>
    provider.send('eth_sendTransaction', [
      {
        from,
        ...(to === undefined ? {} : { to }),
        data,
        nonce: toQuantity(nonce),
        gas: toQuantity(gasLimit),
        maxFeePerGas: toQuantity(maxFeePerGas),
        maxPriorityFeePerGas: toQuantity(maxPriorityFeePerGas),
      },
    ]) as Promise<string>;
}

function signedSender(provider: JsonRpcProvider, privateKey: string, chainId: number): Send {
  const signer = new Wallet(privateKey);
  return async (transaction) => {
    const raw = await signer.signTransaction({ type: 2, chainId, ...transaction });
    return (await provider.send('eth_sendRawTransaction', [raw])) as string;
  };
}

/** How many transactions travel in one request, so that a batch stays well under a megabyte. */
const STEPS_PER_REQUEST = 12;

async function sendAll(
  provider: JsonRpcProvider,
  plan: readonly DeploymentStep[],
  transactions: readonly PlannedTransaction[],
  send: Send,
): Promise<TransactionReceipt[]> {
  const hashes: string[] = [];
  for (let start = 0; start < transactions.length; start += STEPS_PER_REQUEST) {
    hashes.push(...(await Promise.all(transactions.slice(start, start + STEPS_PER_REQUEST).map(send))));
  }
  // One by one in their order on a slow chain: once the last is mined, all are.
  const last = hashes.at(-1);
  if (last !== undefined) await provider.waitForTransaction(last, 1, LONGEST_WAIT_MS);
  const receipts = await Promise.all(hashes.map((hash) => provider.getTransactionReceipt(hash)));
  return receipts.map((receipt, index) => {
    if (receipt?.status === 1) return receipt;
    const step = nameOf(plan[index]);
    throw new WavetankError('DEPLOYMENT_FAILED', `The deployment step ${step} failed on the chain.`, {
      details: { step, transaction: hashes[index], gasUsed: receipt?.gasUsed.toString() },
    });
  });
}

const LONGEST_WAIT_MS = 300_000;

function describe(
  chainId: number,
  plan: readonly DeploymentStep[],
  addresses: ReadonlyMap<string, string>,
  receipts: readonly TransactionReceipt[],
): OceanAddresses {
  const at = (name: string): string => known(addresses.get(name), name);
  const routerStep = plan.findIndex((step) => isCreate(step) && step.as === 'Router');
  return {
    chainId,
    Ocean: at('Ocean'),
    MockDAI: at('MockDAI'),
    MockUSDC: at('MockUSDC'),
    OPFCommunityFeeCollector: at('OPFCommunityFeeCollector'),
    EnterpriseFeeCollector: at('EnterpriseFeeCollector'),
    startBlock: receipts[routerStep]?.blockNumber ?? 0,
    Router: at('Router'),
    FixedPrice: at('FixedPrice'),
    FixedPriceEnterprise: at('FixedPriceEnterprise'),
    ERC20Template: {
      1: at('ERC20Template'),
      2: at('ERC20TemplateEnterprise'),
      3: at('ERC20Template3'),
      4: at('ERC20Template4'),
    },
    ERC721Template: { 1: at('ERC721Template') },
    Dispenser: at('Dispenser'),
    ERC721Factory: at('ERC721Factory'),
    AccessListFactory: at('AccessListFactory'),
    OPFCommunityFeeCollectorCompute: at('OPFCommunityFeeCollectorCompute'),
    Escrow: at('Escrow'),
    EnterpriseEscrow: at('EnterpriseEscrow'),
  };
}

function isCreate(step: DeploymentStep): step is CreateStep {
  return step.kind === 'create';
}

function nameOf(step: DeploymentStep | undefined): string {
  if (!step) return 'unknown';
  return isCreate(step) ? `create ${step.as}` : `${step.on}.${step.method}`;
}

function known<T>(found: T | undefined, name: string): T {
  if (found === undefined)
    throw new WavetankError('INVARIANT', `The deployment plan names ${name}, which it does not have.`);
  return found;
}
