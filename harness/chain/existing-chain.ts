import { readFile } from 'node:fs/promises';
import type { JsonRpcProvider } from 'ethers';
import { Contract, Mnemonic, Wallet, keccak256, toUtf8Bytes } from 'ethers';
import type { OceanAddresses } from '../../contracts/address-book.ts';
import { readAddressFile, writeAddressFile } from '../../contracts/address-book.ts';
import { deployOcean } from '../../contracts/deploy-ocean.ts';
import { connectChain } from '../../contracts/rpc.ts';
import { WavetankError } from '../../core/errors.ts';
import type { Net } from '../../core/net.ts';
import { runningResource } from '../../core/resource.ts';
import type { ChainAccount } from './chain.ts';
import { CLASSIC_MNEMONIC } from './chain.ts';
import { deriveAccounts } from './derive-accounts.ts';
import type { RunningOceanChain } from './ocean-chain.ts';

export interface ExistingChainOptions {
  readonly net: Net;
  readonly rpcUrl: string;
  /** Where Ocean's contracts are on that chain. Without it they are deployed there, by the first account. */
  readonly oceanAddresses?: string;
  /**
   * Private keys, one per line, or a phrase of words. One key is enough: it pays for the accounts of the case, which follow from it and
   * so are the same ones next time. Without it: the accounts of the classic phrase, as local nodes have them.
   */
  readonly keyFile?: string;
  readonly accountCount: number;
  /** Where `address.json` is written for outside clients. */
  readonly addressFile?: string;
  readonly contractsDir?: string;
}

const WEI = 10n ** 18n;
/** Enough for the case many times over on a test network, little enough to be got from a faucet. */
const LEAST_BALANCE = WEI / 50n;
const TOKENS_EACH = 1000n * WEI;
const TOKEN_ABI = [
  'function balanceOf(address) view returns (uint256)',
  'function transfer(address,uint256) returns (bool)',
];

/**
 * A chain that was there before and stays: nothing of it is stopped. Its time moves only where its node takes `evm_increaseTime`.
 * @throws WavetankError CHAIN_UNREACHABLE, CHAIN_KEYS_INVALID, CHAIN_ACCOUNTS_EMPTY, OCEAN_NOT_DEPLOYED, and those of address files and deployments
 */
export async function connectExistingChain(options: ExistingChainOptions): Promise<RunningOceanChain> {
  const { net, rpcUrl } = options;
  const chainId = await chainIdOf(rpcUrl, net);
  const provider = connectChain({ rpcUrl, chainId, net });
  try {
    const accounts = await accountsOf(options);
    await fund(provider, accounts);
    const addresses = await oceanOn(provider, chainId, accounts, options);
    if (options.oceanAddresses !== undefined) await shareTokens(provider, accounts, addresses.Ocean);
    if (options.addressFile !== undefined) await writeAddressFile(options.addressFile, addresses);
    const isMovable = await movesTime(provider);
    const stop = async (): Promise<void> => provider.destroy();
    const chain = runningResource(
      { rpcUrl, chainId, accounts, timeIsMovable: isMovable, ...timeOf(provider) },
      async () => {},
    );
    return runningResource({ chain, addresses, provider }, stop);
  } catch (error) {
    provider.destroy();
    throw error;
  }
}

async function chainIdOf(rpcUrl: string, net: Net): Promise<number> {
  // Not known yet, and nothing is signed with it.
  const asking = connectChain({ rpcUrl, chainId: 1, net });
  try {
    return Number(await asking.send('eth_chainId', []));
  } finally {
    asking.destroy();
  }
}

async function accountsOf({ keyFile, accountCount }: ExistingChainOptions): Promise<ChainAccount[]> {
  if (keyFile === undefined) return deriveAccounts(CLASSIC_MNEMONIC, accountCount);
  const text = await readKeys(keyFile);
  if (Mnemonic.isValidMnemonic(text)) return deriveAccounts(text, accountCount);
  const keys = text.split(/\s+/).filter((word) => word.length > 0);
  if (keys.length === 0 || !keys.every((key) => /^(0x)?[\da-fA-F]{64}$/.test(key)))
    throw new WavetankError('CHAIN_KEYS_INVALID', `${keyFile} holds no private keys, one per line, and no phrase.`, {
      category: 'usage',
    });
  const given = keys.map((key) => accountOf(key.startsWith('0x') ? key : `0x${key}`));
  const [payer] = given as [ChainAccount];
  const derived = Array.from({ length: Math.max(0, accountCount - given.length) }, (_, index) =>
    accountOf(keccak256(toUtf8Bytes(`wavetank account ${given.length + index} of ${payer.privateKey}`))),
  );
  return [...given, ...derived].slice(0, accountCount);
}

async function readKeys(keyFile: string): Promise<string> {
  try {
    return (await readFile(keyFile, 'utf8')).trim();
  } catch {
    throw new WavetankError('CHAIN_KEYS_INVALID', `The key file ${keyFile} cannot be read.`, { category: 'usage' });
  }
}

function accountOf(privateKey: string): ChainAccount {
  return { address: new Wallet(privateKey).address, privateKey };
}

/** The first account pays for the others. */
async function fund(provider: JsonRpcProvider, accounts: readonly ChainAccount[]): Promise<void> {
  const balances = await Promise.all(accounts.map(({ address }) => provider.getBalance(address)));
  const poor = accounts.filter((_, index) => (balances[index] ?? 0n) < LEAST_BALANCE);
  const [payer] = accounts;
  if (poor.length === 0 || payer === undefined) return;
  const needed = LEAST_BALANCE * 2n * BigInt(poor.length);
  if ((balances[0] ?? 0n) < needed)
    throw new WavetankError(
      'CHAIN_ACCOUNTS_EMPTY',
      `${payer.address} cannot pay for ${poor.length} accounts on this chain.`,
      {
        category: 'environment',
        hint: `It needs ${Number(needed) / 1e18} of the chain's money; or name another account with --key-file.`,
      },
    );
  const wallet = new Wallet(payer.privateKey, provider);
  for (const { address } of poor)
    await (await wallet.sendTransaction({ to: address, value: LEAST_BALANCE * 2n })).wait();
}

async function oceanOn(
  provider: JsonRpcProvider,
  chainId: number,
  accounts: readonly ChainAccount[],
  { oceanAddresses, contractsDir }: ExistingChainOptions,
): Promise<OceanAddresses> {
  if (oceanAddresses === undefined)
    return deployOcean({ provider, chainId, accounts, ...(contractsDir === undefined ? {} : { contractsDir }) });
  const addresses = await readAddressFile(oceanAddresses, chainId);
  const { Ocean, Router, FixedPrice, Dispenser, ERC721Factory } = addresses;
  const contracts = { Ocean, Router, FixedPrice, Dispenser, ERC721Factory };
  const codes = await Promise.all(Object.values(contracts).map((address) => provider.getCode(address)));
  const empty = Object.keys(contracts).filter((_, index) => codes[index] === '0x');
  if (empty.length === 0) return addresses;
  throw new WavetankError(
    'OCEAN_NOT_DEPLOYED',
    `Chain ${chainId} has no contract where ${oceanAddresses} says: ${empty.join(', ')}.`,
    {
      category: 'usage',
      hint: 'Leave out --address-file to have the contracts deployed.',
    },
  );
}

/** Prices of the case are in OCEAN; who deployed it has some, else the first account must. */
async function shareTokens(provider: JsonRpcProvider, accounts: readonly ChainAccount[], ocean: string): Promise<void> {
  const token = new Contract(ocean, TOKEN_ABI, provider);
  const balanceOf = token.getFunction('balanceOf');
  const balances = (await Promise.all(accounts.map(({ address }) => balanceOf.staticCall(address)))) as bigint[];
  const poor = accounts.filter((_, index) => index > 0 && (balances[index] ?? 0n) < TOKENS_EACH / 10n);
  const [payer] = accounts;
  if (poor.length === 0 || payer === undefined) return;
  if ((balances[0] ?? 0n) < TOKENS_EACH * BigInt(poor.length))
    throw new WavetankError(
      'CHAIN_ACCOUNTS_EMPTY',
      `${payer.address} has too few OCEAN (${ocean}) for ${poor.length} accounts.`,
      {
        category: 'environment',
        hint: 'Give it some, or leave out --address-file to have contracts of its own deployed.',
      },
    );
  const transfer = token.connect(new Wallet(payer.privateKey, provider)) as Contract;
  for (const { address } of poor) {
    const sent = (await transfer.getFunction('transfer').send(address, TOKENS_EACH)) as { wait(): Promise<unknown> };
    await sent.wait();
  }
}

/** Asked without moving anything. */
async function movesTime(provider: JsonRpcProvider): Promise<boolean> {
  return provider.send('evm_increaseTime', [0]).then(
    () => true,
    () => false,
  );
}

function timeOf(provider: JsonRpcProvider): Pick<RunningOceanChain['chain'], 'advanceTime' | 'mine'> {
  return {
    async advanceTime(seconds) {
      await provider.send('evm_increaseTime', [seconds]).catch((cause: unknown) => {
        throw new WavetankError(
          'CHAIN_TIME_FIXED',
          'The time of this chain cannot be moved: its node does not take evm_increaseTime.',
          {
            category: 'environment',
            cause,
          },
        );
      });
      await provider.send('evm_mine', []);
    },
    async mine(blocks = 1) {
      for (let block = 0; block < blocks; block++) await provider.send('evm_mine', []);
    },
  };
}
