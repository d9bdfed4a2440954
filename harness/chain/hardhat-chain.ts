import { fileURLToPath } from 'node:url';
import type { HardhatUserConfig } from 'hardhat/config';
import type { Clock, Timer } from '../../core/clock.ts';
import { systemClock } from '../../core/clock.ts';
import { WavetankError } from '../../core/errors.ts';
import type { Native } from '../../core/native.ts';
import { createNative } from '../../core/native.ts';
import { ResourceStack, runningResource } from '../../core/resource.ts';
import type { ChainAccount, RunningChain } from './chain.ts';
import { CLASSIC_MNEMONIC, LOCAL_CHAIN_ID } from './chain.ts';
import { followClock } from './chain-time.ts';
import { deriveAccounts } from './derive-accounts.ts';
import type { JsonRpcHandler } from './json-rpc.ts';
import { startJsonRpcServer } from './json-rpc-server.ts';

export interface HardhatChainOptions {
  /** Default: the system's. Block times follow it. */
  readonly clock?: Clock;
  readonly native?: Native;
  /** Default 0: any free port, on 127.0.0.1. */
  readonly port?: number;
  /** Seconds between blocks; by default every transaction is mined at once. */
  readonly blockTimeSeconds?: number;
  readonly mnemonic?: string;
  /** How many accounts of the phrase get money; default 20. */
  readonly accountCount?: number;
  readonly chainId?: number;
}

/** A million ether each, so that no test suite runs dry. */
const BALANCE_WEI = 10n ** 24n;

const BLOCK_GAS_LIMIT = 60_000_000;

/**
 * A Hardhat 3 network in this process, served as JSON-RPC on 127.0.0.1.
 * @throws WavetankError CHAIN_OPTIONS (usage) for impossible options; the system's EADDRINUSE for a port that is taken.
 */
export async function startHardhatChain(options: HardhatChainOptions = {}): Promise<RunningChain> {
  checkOptions(options);
  const clock = options.clock ?? systemClock;
  const chainId = options.chainId ?? LOCAL_CHAIN_ID;
  const accounts = deriveAccounts(options.mnemonic ?? CLASSIC_MNEMONIC, options.accountCount ?? 20);
  const stack = new ResourceStack();
  try {
    const node = await startNode(stack, { ...options, clock, chainId }, accounts);
    const handle = clock === systemClock ? node : followClock(clock, node);
    if (options.blockTimeSeconds !== undefined) mineEvery(stack, clock, options.blockTimeSeconds, handle);
    const server = await stack.start('JSON-RPC server', () =>
      startJsonRpcServer(handle, options.port === undefined ? {} : { port: options.port }),
    );
    return runningResource({ rpcUrl: server.url, chainId, accounts, ...timeFaces(handle) }, () => stack.stop());
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

function checkOptions({ blockTimeSeconds, accountCount }: HardhatChainOptions): void {
  if (blockTimeSeconds !== undefined && !(blockTimeSeconds > 0))
    throw new WavetankError('CHAIN_OPTIONS', 'The block time must be more than 0 seconds.', { category: 'usage' });
  if (accountCount !== undefined && !(Number.isInteger(accountCount) && accountCount > 0 && accountCount <= 1_000))
    throw new WavetankError('CHAIN_OPTIONS', 'The number of accounts must lie in 1 to 1000.', { category: 'usage' });
}

type NodeOptions = HardhatChainOptions & { readonly clock: Clock; readonly chainId: number };

async function startNode(
  stack: ResourceStack,
  options: NodeOptions,
  accounts: readonly ChainAccount[],
): Promise<JsonRpcHandler> {
  // Loaded here and not at the top: whoever only reads this module's types, or uses another chain, does not pay for it.
  const { createHardhatRuntimeEnvironment } = await import('hardhat/hre');
  const config: HardhatUserConfig = {
    networks: {
      default: {
        type: 'edr-simulated',
        chainType: 'l1',
        chainId: options.chainId,
        accounts: accounts.map(({ privateKey }) => ({ privateKey, balance: BALANCE_WEI })),
        blockGasLimit: BLOCK_GAS_LIMIT,
        // Classic clients send fixed gas limits above the cap that newer mainnet rules put on one transaction.
        transactionGasCap: false,
        // As real nodes do: a transaction that fails is mined and has a receipt, its hash is returned.
        throwOnTransactionFailures: false,
        // Otherwise a burst of n transactions would run n seconds ahead of the clock.
        allowBlocksWithSameTimestamp: true,
        initialDate: new Date(options.clock.now()),
        mining: { auto: options.blockTimeSeconds === undefined, interval: 0 },
      },
    },
  };
  // Hardhat wants a project around it; the folder that somebody happens to work in is none.
  const hre = await createHardhatRuntimeEnvironment(config, {}, fileURLToPath(new URL('../..', import.meta.url)));
  const network = await hre.network.create();
  stack.defer('Hardhat network', () => network.close());
  const native = options.native ?? createNative();
  return ({ method, params }) => native.run(() => network.provider.request({ method, params: [...params] }));
}

function timeFaces(handle: JsonRpcHandler): Pick<RunningChain, 'advanceTime' | 'mine'> {
  return {
    async advanceTime(seconds) {
      await handle({ method: 'evm_increaseTime', params: [seconds] });
      await handle({ method: 'evm_mine', params: [] });
    },
    async mine(blocks = 1) {
      await handle({ method: 'hardhat_mine', params: [`0x${blocks.toString(16)}`] });
    },
  };
}

/** Interval mining on the injected clock; Hardhat's own would use the machine's. */
function mineEvery(stack: ResourceStack, clock: Clock, seconds: number, handle: JsonRpcHandler): void {
  let isStopped = false;
  let mining: Promise<unknown> = Promise.resolve();
  let timer: Timer | undefined;
  const schedule = (): void => {
    timer = clock.after(seconds * 1000, () => {
      // A block that cannot be mined would fail every waiting client by itself; the next one is tried all the same.
      mining = handle({ method: 'evm_mine', params: [] }).catch(() => undefined);
      if (!isStopped) schedule();
    });
  };
  schedule();
  stack.defer('block timer', async () => {
    isStopped = true;
    timer?.cancel();
    await mining;
  });
}
