import type { Clock } from '../../core/clock.ts';
import { systemClock } from '../../core/clock.ts';
import { WavetankError } from '../../core/errors.ts';
import type { Native } from '../../core/native.ts';
import { createNative } from '../../core/native.ts';
import { runningResource } from '../../core/resource.ts';
import type { RunningChain } from './chain.ts';
import { CLASSIC_MNEMONIC, LOCAL_CHAIN_ID } from './chain.ts';
import { deriveAccounts } from './derive-accounts.ts';
import type { JsonRpcHandler } from './json-rpc.ts';
import { startNodeProcess } from './node-process.ts';
import type { NodeSettings } from './served-node.ts';
import { startServedNode } from './served-node.ts';

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
  /**
   * Runs the node in a process of its own, for those who have much else to do in this one. Default false: that process
   * loads Hardhat anew. Without effect when a clock is injected, which cannot be reached from there.
   */
  readonly ownProcess?: boolean;
}

/**
 * A local Hardhat 3 network, served as JSON-RPC on 127.0.0.1.
 * @throws WavetankError CHAIN_OPTIONS (usage) for impossible options; the system's EADDRINUSE for a port that is taken.
 */
export async function startHardhatChain(options: HardhatChainOptions = {}): Promise<RunningChain> {
  checkOptions(options);
  const { clock = systemClock, chainId = LOCAL_CHAIN_ID, blockTimeSeconds, native = createNative() } = options;
  // Asked for when the process is on its way: deriving takes this one a while.
  const settings = (): NodeSettings => ({
    chainId,
    accounts: deriveAccounts(options.mnemonic ?? CLASSIC_MNEMONIC, options.accountCount ?? 20),
    port: options.port ?? 0,
    ...(blockTimeSeconds === undefined ? {} : { blockTimeSeconds }),
  });
  const node =
    options.ownProcess && clock === systemClock
      ? await startNodeProcess(settings)
      : await startServedNode(settings(), { clock, native });
  const { url, accounts, handle } = node;
  return runningResource({ rpcUrl: url, chainId, accounts, timeIsMovable: true, ...timeFaces(handle) }, () =>
    node.stop(),
  );
}

function checkOptions({ blockTimeSeconds, accountCount }: HardhatChainOptions): void {
  if (blockTimeSeconds !== undefined && !(blockTimeSeconds > 0))
    throw new WavetankError('CHAIN_OPTIONS', 'The block time must be more than 0 seconds.', { category: 'usage' });
  if (accountCount !== undefined && !(Number.isInteger(accountCount) && accountCount > 0 && accountCount <= 1_000))
    throw new WavetankError('CHAIN_OPTIONS', 'The number of accounts must lie in 1 to 1000.', { category: 'usage' });
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
